"""The process that writes the journal: `python -m gateway.journal.sqlite.process OWNER LISTENER PATH`.

OWNER is its end of a pair of sockets to the gateway that started it, which `process_line` did; LISTENER is a listening
Unix socket, where command line tools connect. All of them send a `Job` a frame and get `Answers`, after a `Hello`. It
imports little, for its memory counts beside that of the gateway.
"""

import gc
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from gateway.journal.sqlite.commits import GROUP_BYTES, Answered, Writing, group
from gateway.journal.sqlite.frames import LONGEST, Frames, framed
from gateway.journal.sqlite.messages import LARGEST, OWNER, PROTOCOL, Answers, Hello, Job, newest

MOST_CLIENTS: Final = 32
"""Clients at once beside the gateway. With LARGEST it bounds what they make this process hold in memory."""

_READ: Final = 1 << 20
_FULL: Final = 100_000
"""Bytes at once from which more is likely to come: the socket was as full as it gets while a commit ran."""
_MORE_MILLISECONDS: Final = 1

_SPACING_EACH: Final = 0.0005
_SPACING: Final = 0.002
"""Seconds from one commit to the next, for each job of the last and at most: a commit writes whole pages, which larger
groups share. Whoever asks for one thing at a time never waits for this.
"""

_LAST_WORD: Final = 5.0
"""Seconds that the gateway has to take the last answers."""


class Client:
    """A connection, under a number that no other ever has.

    `unsent` is what it has not taken yet. Until it has, it is `blocked`: it is not read from, so that this stays small.
    `newest` is what it is to be told then.
    """

    def __init__(self, number: int, line: socket.socket, limit: int) -> None:
        self.number = number
        self.line = line
        self.frames = Frames(limit)
        self.unsent = b""
        self.blocked = False
        self.newest = 0


class Server:
    """Does what comes over the sockets, whoever sends it, in common commits."""

    def __init__(self, path: Path, owner: socket.socket, listener: socket.socket) -> None:
        self._listener = listener
        self._listener.setblocking(False)
        self._poll = select.poll()  # select() takes no descriptor above 1023, and gateways have many
        self._poll.register(listener, select.POLLIN)
        self._jobs: deque[Job] = deque()
        self._decode = msgspec.msgpack.Decoder(Job).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._writing = Writing(path, self._send_answers)
        self._next = 0.0
        self._number = OWNER
        self._alone = True  # whether all jobs are the owner's: then nothing has to be sorted
        self._ended = False
        self._owner = Client(OWNER, owner, LONGEST)
        self._clients: dict[int, Client] = {}
        self._admit(self._owner)

    def run(self) -> None:
        """Write until told to stop, or until the gateway is gone; what came before that is written."""
        with suppress(EOFError):
            while self._writing.turn(self._gather()):
                pass
        self._writing.close()
        if self._owner.unsent:
            with suppress(OSError):
                self._owner.line.settimeout(_LAST_WORD)
                self._owner.line.sendall(self._owner.unsent)

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
        """Take in what came; raises EOFError when the gateway is gone, and all that it asked for is done."""
        self._alone = len(self._clients) == 1 and not self._ended
        timeout = 0 if self._writing.restless else None
        size = 0
        while not self._ended:
            most = 0
            for descriptor, events in self._poll.poll(timeout):
                if client := self._clients.get(descriptor):
                    came = self._serve(client, events)
                    size, most = size + came, max(most, came)
                else:
                    self._accept()
            if self._jobs:
                if most < _FULL or size >= GROUP_BYTES:
                    return
                timeout = _MORE_MILLISECONDS
            elif timeout == 0:
                return
        if not self._jobs:
            raise EOFError

    def _serve(self, client: Client, events: int) -> int:
        """Send what was unsent, take in what came; how many bytes that were."""
        if client.blocked:
            if events & (select.POLLOUT | select.POLLHUP | select.POLLERR):
                self._flush(client)
            return 0
        try:
            data = client.line.recv(_READ, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError:  # it has gone without taking all answers
            data = b""
        if not data:
            self._forget(client)
            return 0
        try:
            client.frames.feed(data)
            if client is self._owner:
                self._jobs.extend(map(self._decode, client.frames))
            else:
                for job in map(self._decode, client.frames):
                    job.client = client.number
                    self._jobs.append(job)
        except (ValueError, msgspec.MsgspecError):  # nothing that this release sends
            self._forget(client)
        return len(data)

    def _accept(self) -> None:
        try:
            line, _ = self._listener.accept()
        except OSError:  # it has gone again, or there are no more descriptors
            return
        if len(self._clients) > MOST_CLIENTS:
            line.close()
            return
        self._alone = False
        self._number += 1
        self._admit(Client(self._number, line, LARGEST))

    def _admit(self, client: Client) -> None:
        self._clients[client.line.fileno()] = client
        self._poll.register(client.line, select.POLLIN)
        self._send(client, self._encode(Hello(PROTOCOL, self._writing.newest())))

    def _forget(self, client: Client) -> None:
        """Let go of a connection whose other end has; without the gateway there is no reason to go on."""
        if client is self._owner:
            self._ended = True
        if self._clients.pop(client.line.fileno(), None) is not None:
            self._poll.unregister(client.line)
            client.line.close()

    def _send_answers(self, answered: Answered, seconds: float | None = None, logged: int = 0) -> None:
        """Answer each client's jobs, and tell every other of the deliveries that these have added."""
        if self._alone:
            answers = [(job.number, answer) for job, answer in answered]
            self._send(self._owner, self._encode(Answers(answers, seconds, logged)))
            return
        for client in list(self._clients.values()):
            answers = [(job.number, answer) for job, answer in answered if job.client == client.number]
            others = [newest(job.work, answer) for job, answer in answered if job.client != client.number]
            latest = max(others, default=0)
            if client.blocked and not answers:
                client.newest = max(client.newest, latest)
            elif client is self._owner:
                self._send(client, self._encode(Answers(answers, seconds, logged, latest)))
            elif answers or latest:
                self._send(client, self._encode(Answers(answers, newest=latest)))

    def _send(self, client: Client, packed: bytes) -> None:
        """Send as much as the client takes now; the rest when it takes more."""
        client.unsent += framed(packed)
        if not client.blocked:
            self._flush(client)

    def _flush(self, client: Client) -> None:
        """Send what is unsent, as far as possible; a client that has taken all is told what came meanwhile."""
        try:
            sent = client.line.send(client.unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:  # it has gone; what it had asked for is read, and done
            sent, client.newest = len(client.unsent), 0
        client.unsent = client.unsent[sent:]
        if not client.unsent and client.newest:
            client.unsent = framed(self._encode(Answers((), newest=client.newest)))
            client.newest = 0
        if client.blocked is not bool(client.unsent) and client.line.fileno() in self._clients:
            client.blocked = not client.blocked
            self._poll.modify(client.line, select.POLLOUT if client.blocked else select.POLLIN)


def main() -> None:
    """Write on behalf of the process that holds the other end of the first socket."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # meant for the gateway, which ends this in its time
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # what is there now stays
    owner, listener = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    Server(Path(sys.argv[3]), owner, listener).run()


if __name__ == "__main__":
    main()
