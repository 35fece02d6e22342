"""What the operator reads: progress lines, and failures that say what, where, what to do, and how things stand."""

import os
import signal
import sys
import time
from enum import IntEnum
from typing import TextIO


class Exit(IntEnum):
    """The exit codes of both commands."""

    DONE = 0
    REFUSED = 1  # before anything was touched
    USAGE = 2  # argparse's own
    ROLLED_BACK = 3  # it failed, and everything is as it was
    BUSY = 4  # another run is at work
    BROKEN = 5  # the roll-back failed as well: a person is needed


class Failure(Exception):  # noqa: N818 - it is the operator's word for it
    """Something went wrong: what, where, and what to do about it. None of them ever holds a secret."""

    def __init__(self, what: str, where: object, do: str, code: Exit = Exit.REFUSED) -> None:
        super().__init__(what)
        self.what = what
        self.where = str(where)
        self.do = do
        self.code = code


class Interrupted(Failure):
    """A signal asked the run to end."""


def as_failure(error: Exception, where: object) -> Failure:
    """An error in the operator's words, whatever it was."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, OSError):
        return Failure(error.strerror or str(error), error.filename or where, "see rights and free space there")
    return Failure(f"unexpected {type(error).__name__}", where, "report this, with what was shown before")


def show(stream: TextIO, text: str) -> None:
    """Write a line. When nobody reads any more (`| head`, a closed terminal), the work goes on all the same."""
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(text: str) -> None:
    """One line of progress."""
    show(sys.stdout, f"[{time.strftime('%H:%M:%S')}] {text}")


def explain(failure: Failure, state: str) -> None:
    """The last words of a failed run."""
    show(sys.stderr, f"FAILED   {failure.what}\n  where  {failure.where}\n  to do  {failure.do}\n  state  {state}")


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def watch_signals() -> None:
    """From here on a stop signal is a failure like any other, so that it rolls back."""

    def interrupt(number: int, _frame: object) -> None:
        name = signal.Signals(number).name
        shield_signals()
        raise Interrupted(f"stopped by {name}", "this run", "run the command again when the time is right")

    for number in STOPPING:
        signal.signal(number, interrupt)


def shield_signals() -> None:
    """From here on stop signals are answered and passed over: half a roll-back would be worse than a late one."""

    def decline(number: int, _frame: object) -> None:
        say(f"{signal.Signals(number).name} is ignored until this is finished")

    for number in STOPPING:
        signal.signal(number, decline)
