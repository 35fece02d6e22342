"""Programs that a step runs. They hold the lock of the run too, so that none of them outlives it unnoticed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lifecycle.report import Failure

_held: list[int] = []


@dataclass(frozen=True)
class Account:
    """Who owns an installation, and runs its programs."""

    uid: int
    gid: int

    @property
    def switch(self) -> dict[str, object]:
        """What makes a subprocess run as this account; nothing where it is our own."""
        if os.geteuid() or not self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def hold(descriptor: int) -> None:
    """Hand the lock to every program started from now on: after a `kill -9` it is free when the last of them ends."""
    _held[:] = [descriptor]


def find(name: str) -> str | None:
    """The path of a program, also where PATH leaves out the folders of the administrator."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))


def run(
    command: Sequence[str | Path],
    do: str,
    *,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    folder: Path | None = None,
    stdin: BinaryIO | None = None,
    timeout: float | None = None,
) -> str:
    """The output of a program that ended well.

    Arguments are visible to every user of the machine, so secrets go into the environment. The program has a session of
    its own: Ctrl-C on the terminal reaches this process alone, which then ends the program.

    Raises:
        Failure: it could not be started, took longer than `timeout` seconds, or ended with another code than 0.
    """
    name = Path(command[0]).name
    where = " ".join(map(str, command[:2]))
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and each argument is our own
            [str(part) for part in command],
            env=None if environment is None else dict(environment),
            cwd=folder,
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            pass_fds=_held,
            start_new_session=True,
            check=False,
            **(account.switch if account else {}),  # type: ignore[call-overload]
        )
    except OSError as error:
        raise Failure(f"{name} cannot be run: {error.strerror}", where, do) from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{name} did not end within {timeout:.0f} s", where, do) from error
    if done.returncode < 0:
        raise Failure(f"{name} was ended by {signal.Signals(-done.returncode).name}", where, do)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise Failure(f"{name} ended with code {done.returncode}: {_without_secrets(last, environment)}", where, do)
    return str(done.stdout)


def _without_secrets(line: str, environment: Mapping[str, str] | None) -> str:
    """A line without the values that were handed over secretly."""
    for key, value in (environment or {}).items():
        if value and ("PASSWORD" in key or "DATASOURCE" in key or key == "MM_CONFIG"):
            line = line.replace(value, "<secret>")
    return line
