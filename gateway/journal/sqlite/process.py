"""The process that writes the journal: `python -m gateway.journal.sqlite.process FD PATH`, started by `process_line`.

It imports little, for its memory counts beside that of the gateway.
"""

import gc
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from gateway.journal.sqlite.commits import GROUP_BYTES, Writing, group
from gateway.journal.sqlite.frames import Frames, framed
from gateway.journal.sqlite.messages import Answers, Job

_READ: Final = 1 << 20
_FULL: Final = 100_000
"""Bytes at once from which more is likely to come: the socket was as full as it gets while a commit ran."""
_MORE_MILLISECONDS: Final = 1

_SPACING_EACH: Final = 0.0005
_SPACING: Final = 0.002
"""Seconds from one commit to the next, for each job of the last and at most: a commit writes whole pages, which larger
groups share. Whoever asks for one thing at a time never waits for this.
"""


class Scribe:
    """Does what comes over a socket."""

    def __init__(self, path: Path, line: socket.socket) -> None:
        self._line = line
        self._more = select.poll()  # select() takes no descriptor above 1023, and gateways have many
        self._more.register(line, select.POLLIN)
        self._frames = Frames()
        self._jobs: deque[Job] = deque()
        self._decode = msgspec.msgpack.Decoder(Job).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._writing = Writing(path, self._send_answers)
        self._next = 0.0

    def run(self) -> None:
        """Write until told to stop, or until nobody is there to be answered; what came before that is written."""
        try:
            self._send_answers(Answers([]))  # that it is there
            while self._writing.turn(self._gather()):
                pass
        except (EOFError, ConnectionError):
            self._writing.close()

    def _gather(self) -> Sequence[Job]:
        """What has come, at most a group; waits for something to do, and for company where there is some."""
        if (early := self._next - time.monotonic()) > 0:
            time.sleep(early)
        if not self._jobs:
            self._receive()
        jobs = group(self._jobs)
        spacing = min(len(jobs) * _SPACING_EACH, _SPACING) if len(jobs) > 1 else 0.0
        self._next = time.monotonic() + spacing
        return jobs

    def _receive(self) -> None:
        """Take in what came; raises EOFError at the end."""
        wait = not self._writing.restless
        size = 0
        while True:
            try:
                data = self._line.recv(_READ, 0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            if not data:
                if self._jobs:
                    return  # these first
                raise EOFError
            size += len(data)
            self._frames.feed(data)
            self._jobs.extend(map(self._decode, self._frames))
            full = len(data) >= _FULL and size < GROUP_BYTES
            if self._jobs and not (full and self._more.poll(_MORE_MILLISECONDS)):
                return

    def _send_answers(self, answers: Answers) -> None:
        self._line.sendall(framed(self._encode(answers)))


def main() -> None:
    """Write on behalf of the process that holds the other end of the socket."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # meant for the gateway, which ends this in its time
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # what is there now stays
    Scribe(Path(sys.argv[2]), socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
