"""The process that writes the journal: `python -m gateway.journal.sqlite.process OWNER LISTENER PATH`.

OWNER is its end of a pair of sockets to the gateway that started it (`process_line`); LISTENER is a listening Unix
socket, where command line tools connect. Each client gets a `Hello`, sends a `Job` a frame and gets `Answers`. The
process imports little, as its memory adds to that of the gateway.
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

from gateway.journal.sqlite.commits import GROUP_BYTES, Done, Writing, group
from gateway.journal.sqlite.frames import Frames, framed
from gateway.journal.sqlite.messages import LARGEST, OWNER, PROTOCOL, Answers, Discarded, Hello, Job, SetPause, newest

MOST_CLIENTS: Final = 32
"""The most clients at once beside the gateway. With LARGEST it bounds the memory that their jobs take here."""

_OWNER_BUFFER, _CLIENT_BUFFER = 1 << 20, 1 << 16
"""Bytes of the buffers in which jobs arrive; a longer job gets a larger one for as long as it arrives."""

_FULL: Final = 100_000
"""Bytes of one read from which more data is likely: the socket's buffer filled up while a commit ran."""
_MORE_MILLISECONDS: Final = 1

_SPACING_EACH: Final = 0.0005
_SPACING: Final = 0.002
"""Seconds between two commits, for each job of the first and at most: a commit writes whole pages, which the jobs of a
larger group share. After a commit of one job there is no wait.
"""

_LAST_ANSWERS: Final = 5.0
"""Seconds that the gateway has to read the last answers."""


class Client:
    """A connection, with a number that is never used again.

    `unsent` is bytes that the client has not read yet. Until they are sent it is `blocked`: nothing is read from it, so
    that `unsent` stays small. `newest` is the number of the newest delivery to send to it afterwards.
    """

    def __init__(self, number: int, line: socket.socket, frames: Frames) -> None:
        self.number = number
        self.line = line
        self.frames = frames
        self.unsent = b""
        self.blocked = False
        self.newest = 0


class Server:
    """Does the jobs of all clients, in common commits."""

    def __init__(self, path: Path, owner: socket.socket, listener: socket.socket) -> None:
        self._listener = listener
        self._listener.setblocking(False)
        self._poll = select.poll()  # select() accepts no descriptor above 1023, and gateways have many
        self._poll.register(listener, select.POLLIN)
        self._jobs: deque[Job] = deque()
        self._decode = msgspec.msgpack.Decoder(Job).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._writing = Writing(path, self._send_answers)
        self._next = 0.0
        self._number = OWNER
        self._alone = True  # whether all jobs are the owner's: then answers need no sorting by client
        self._owner_gone = False
        self._owner = Client(OWNER, owner, Frames(_OWNER_BUFFER))
        self._clients: dict[int, Client] = {}
        self._admit(self._owner)

    def run(self) -> None:
        """Write until a Stop, or until the gateway closes its socket; all jobs before that are written."""
        with suppress(EOFError):
            while self._writing.turn(self._gather()):
                pass
        self._writing.close()
        if self._owner.unsent:
            with suppress(OSError):
                self._owner.line.settimeout(_LAST_ANSWERS)
                self._owner.line.sendall(self._owner.unsent)

    def _gather(self) -> Sequence[Job]:
        """Wait for jobs, and for the spacing after the last commit; returns at most a group."""
        if (early := self._next - time.monotonic()) > 0:
            time.sleep(early)
        if not self._jobs:
            self._receive()
        jobs = group(self._jobs)
        spacing = min(len(jobs) * _SPACING_EACH, _SPACING) if len(jobs) > 1 else 0.0
        self._next = time.monotonic() + spacing
        return jobs

    def _receive(self) -> None:
        """Read jobs from the sockets. Raises EOFError when the gateway is gone and all its jobs are done."""
        self._alone = len(self._clients) == 1 and not self._owner_gone
        timeout = 0 if self._writing.restless else None
        size = 0
        while not self._owner_gone:
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
        """Send unsent bytes, or read jobs; returns how many bytes were read."""
        if client.blocked:
            if events & (select.POLLOUT | select.POLLHUP | select.POLLERR):
                self._flush(client)
            return 0
        try:
            size = client.line.recv_into(client.frames.space(), 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError:  # the client closed without reading all answers
            size = 0
        if not size:
            self._disconnect(client)
            return 0
        try:
            jobs = map(self._decode, client.frames.received(size))
            if client is self._owner:
                self._jobs.extend(jobs)
            else:
                for job in jobs:
                    job.client = client.number
                    self._jobs.append(job)
        except (ValueError, msgspec.MsgspecError):  # not a client of this release
            self._disconnect(client)
        return size

    def _accept(self) -> None:
        try:
            line, _ = self._listener.accept()
        except OSError:  # the client is gone again, or there are no more descriptors
            return
        if len(self._clients) > MOST_CLIENTS:
            line.close()
            return
        self._alone = False
        self._number += 1
        self._admit(Client(self._number, line, Frames(_CLIENT_BUFFER, LARGEST)))

    def _admit(self, client: Client) -> None:
        self._clients[client.line.fileno()] = client
        self._poll.register(client.line, select.POLLIN)
        self._send(client, self._encode(Hello(PROTOCOL, self._writing.newest())))

    def _disconnect(self, client: Client) -> None:
        """Close a connection; without the one to the gateway, `run` ends."""
        if client is self._owner:
            self._owner_gone = True
        if self._clients.pop(client.line.fileno(), None) is not None:
            self._poll.unregister(client.line)
            client.line.close()

    def _send_answers(self, done: Done) -> None:
        """Answer each client's jobs, and send every other client the number of the newest delivery that they added.

        The owner is also sent what others, and pruning, did to dead deliveries, and that others paused or resumed a
        destination.
        """
        if self._alone:
            self._send(self._owner, self._encode(done.answers()))
            return
        answered = done.answered
        foreign = [answer for job, answer in answered if job.client != OWNER and isinstance(answer, Discarded)]
        gone = (*done.pruned, *(one for answer in foreign for one in answer.discards))
        paused = any(job.client != OWNER and isinstance(job.work, SetPause) for job, _ in answered)
        for client in list(self._clients.values()):
            answers = [(job.number, answer) for job, answer in answered if job.client == client.number]
            others = [newest(job.work, answer) for job, answer in answered if job.client != client.number]
            latest = max(others, default=0)
            if client is self._owner and (gone or paused or not client.blocked or answers):
                self._send(client, self._encode(Answers(answers, done.seconds, done.logged, latest, gone, paused)))
            elif client.blocked and not answers:
                client.newest = max(client.newest, latest)
            elif answers or latest:
                self._send(client, self._encode(Answers(answers, newest=latest)))

    def _send(self, client: Client, packed: bytes) -> None:
        """Send as much as the socket accepts now, and the rest when it accepts more."""
        client.unsent += framed(packed)
        if not client.blocked:
            self._flush(client)

    def _flush(self, client: Client) -> None:
        """Send unsent bytes as far as possible; a client that has read them all then gets its `newest`."""
        try:
            sent = client.line.send(client.unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:  # the client is gone; its jobs are done all the same
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
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # meant for the gateway, which then stops this
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # the objects of the imports are permanent
    owner, listener = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    Server(Path(sys.argv[3]), owner, listener).run()


if __name__ == "__main__":
    main()
