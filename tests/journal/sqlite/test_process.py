"""The process that writes, driven over its sockets without anything of the gateway in between."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from gateway.journal import Entry, Query, Settlement
from gateway.journal.sqlite.file import connect, prepare
from gateway.journal.sqlite.frames import Frames, framed
from gateway.journal.sqlite.messages import (
    LARGEST,
    PROTOCOL,
    Answers,
    Checkpoint,
    DiscardDead,
    Discarded,
    Doomed,
    Hello,
    Job,
    JobFailed,
    Prune,
    Requeue,
    Requeued,
    SetPause,
    Settle,
    Stop,
    Stored,
)
from gateway.journal.sqlite.process import MOST_CLIENTS
from gateway.journal.sqlite.search_sql import find
from gateway.model import DeliveryState, Event, Outcome, Parcel, Pause, Request

_ids = count(1)
PATIENCE = 30.0
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


def entry(body: bytes = b"{}") -> Entry:
    """An entry with an event of its own and a parcel."""
    event = Event(f"event-{next(_ids)}", 1.8e9, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request(body=body))
    return Entry(event, (Parcel("ops", "a", b"{}"),))


class Peer:
    """One end of a connection to the process."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.line.settimeout(PATIENCE)
        self._frames = Frames(1 << 20)
        self._ready: list[bytes] = []

    def send(self, *jobs: Job) -> None:
        """Send jobs."""
        self.line.sendall(b"".join(framed(msgspec.msgpack.encode(job)) for job in jobs))

    def frame(self) -> bytes:
        """The next frame. Raises EOFError when there is none any more."""
        while not self._ready:
            count = self.line.recv_into(self._frames.space())
            if not count:
                raise EOFError
            self._ready += map(bytes, self._frames.received(count))
        return self._ready.pop(0)

    def hello(self) -> Hello:
        """The first word."""
        return msgspec.msgpack.decode(self.frame(), type=Hello)

    def answers(self) -> Answers:
        """The next answers."""
        return msgspec.msgpack.decode(self.frame(), type=Answers)

    def answer(self, job: Job) -> Any:
        """Send a job, and wait for its answer; others are passed over."""
        self.send(job)
        while True:
            for number, answer in self.answers().answers:
                if number == job.number:
                    return answer

    def collect(self, count: int) -> list[int]:
        """The numbers of the jobs that are answered next, that many of them."""
        numbers: list[int] = []
        while len(numbers) < count:
            numbers += [number for number, _ in self.answers().answers]
        return numbers

    def see_the_end(self) -> None:
        """Read until the other end has closed; fail when it does not."""
        with suppress(EOFError):
            while self.frame():
                pass


class Bed:
    """The process, its owner, and a place where others connect."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.path = folder / "journal.db"
        prepare(self.path)
        self.address = str(folder / "socket")
        self._stack = stack
        ours, theirs = socket.socketpair()
        with theirs, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen()
            numbers = [theirs.fileno(), listener.fileno()]
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway.journal.sqlite.process", *map(str, numbers), self.path],
                pass_fds=numbers,
            )
        self.owner = Peer(ours)

    def client(self) -> Peer:
        """Connect."""
        line = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        line.connect(self.address)
        return Peer(line)

    def resident(self) -> int:
        """Bytes of memory that the process takes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE_SIZE

    def events(self) -> int:
        """How many events are stored."""
        connection = connect(self.path)
        [number] = connection.execute("SELECT count(*) FROM event").fetchone()
        connection.close()
        return int(number)

    def bodies(self) -> list[bytes]:
        """The bodies of all events."""
        connection = connect(self.path)
        records = find(connection, Query()).records
        connection.close()
        return [record.event.request.body for record in records]


@contextmanager
def running() -> Iterator[Bed]:
    """A process that is there until the end of the block."""
    with TemporaryDirectory(prefix="mg-", dir="/tmp") as folder, ExitStack() as stack:
        bed = Bed(Path(folder), stack)
        try:
            assert bed.owner.hello() == Hello(PROTOCOL, 0)
            yield bed
        finally:
            bed.owner.line.close()
            with suppress(subprocess.TimeoutExpired):
                bed.process.wait(PATIENCE)
            bed.process.kill()
            bed.process.wait()


@pytest.fixture
def bed() -> Iterator[Bed]:
    """A running process."""
    with running() as made:
        yield made


def test_each_client_gets_its_own_answers(bed: Bed) -> None:
    """Numbers are those of the client, whatever others number alike; others hear of what was added."""
    client = bed.client()
    assert client.hello() == Hello(PROTOCOL, 0)
    stored = client.answer(Job(1, entry()))
    assert (type(stored), stored.before) == (Stored, 0)
    told = bed.owner.answers()
    assert (list(told.answers), told.newest) == ([], 1)
    assert told.seconds is not None
    stored = bed.owner.answer(Job(1, entry()))
    assert (type(stored), stored.before) == (Stored, 1)
    told = client.answers()
    assert (list(told.answers), told.newest) == ([], 2)
    assert bed.client().hello() == Hello(PROTOCOL, 2)


def test_a_number_that_pretends_to_be_anothers_is_not_believed(bed: Bed) -> None:
    """Whatever a client says about itself, the answer goes to it."""
    client = bed.client()
    client.hello()
    assert isinstance(client.answer(Job(5, entry(), client=0)), Stored)
    assert list(bed.owner.answers().answers) == []


def test_a_replay_is_told_to_all_others(bed: Bed) -> None:
    """Its own answer holds the number; whoever has nothing to do with it is told."""
    client, idle = bed.client(), bed.client()
    client.hello()
    idle.hello()
    bed.owner.answer(Job(1, entry()))
    assert (client.answers().newest, idle.answers().newest) == (1, 1)
    bed.owner.answer(Job(2, Settle([Settlement(1, DeliveryState.DEAD, 1)])))
    assert client.answer(Job(1, Requeue([1], 1.8e9))) == Requeued(1, 2)
    assert (bed.owner.answers().newest, idle.answers().newest) == (2, 2)


def test_a_discard_is_told_to_the_gateway(bed: Bed) -> None:
    """It counts what went, whoever asked for it; other clients need not know."""
    client, idle = bed.client(), bed.client()
    client.hello()
    idle.hello()
    bed.owner.answer(Job(1, entry()))
    bed.owner.answer(Job(2, Settle([Settlement(1, DeliveryState.DEAD, 1)])))
    answer = client.answer(Job(1, DiscardDead([1], "sold", 1.8e9)))
    assert isinstance(answer, Discarded)
    assert [(one.destination, one.count, one.reason) for one in answer.discards] == [("ops", 1, "sold")]
    assert list(bed.owner.answers().discards) == list(answer.discards)
    assert idle.answers().newest == 1, "which was told of the delivery, and of nothing else since"
    bed.owner.answer(Job(3, entry()))
    assert idle.answers().newest == 2


def test_a_pause_is_told_to_the_gateway(bed: Bed) -> None:
    """It takes up what others decided; its own needs no telling, and other clients need not know."""
    client = bed.client()
    client.hello()
    assert client.answer(Job(1, SetPause("ops", Pause(1.5, "ada", "it moves")))) is None
    assert bed.owner.answers().paused
    assert client.answer(Job(2, SetPause("ops", None))) is None
    assert bed.owner.answers().paused
    bed.owner.send(Job(1, SetPause("ops", None)))
    assert not bed.owner.answers().paused


def test_upkeep_and_the_end_are_the_owners(bed: Bed) -> None:
    """A tool neither prunes nor ends the writing; its Stop is answered when what it asked for is done."""
    client = bed.client()
    client.hello()
    for number, work in enumerate((Prune([Doomed([1])], 0.0, 0.0, 0.0, 0.0), Checkpoint()), 1):
        assert isinstance(client.answer(Job(number, work)), JobFailed)
    client.send(Job(3, entry()), Job(4, Stop()))
    assert client.collect(2) == [3, 4]
    assert isinstance(bed.owner.answer(Job(1, entry())), Stored)
    assert bed.process.poll() is None


def test_the_owners_stop_ends_it(bed: Bed) -> None:
    """What was asked for before is done and answered; clients see the end."""
    client = bed.client()
    client.hello()
    bed.owner.send(Job(1, entry()), Job(2, Stop()))
    assert bed.owner.collect(2) == [1, 2]
    assert bed.process.wait(PATIENCE) == 0
    client.see_the_end()


def test_it_ends_with_its_owner_and_writes_what_it_was_asked(bed: Bed) -> None:
    """A gateway that is killed takes no answers, and clients do not keep the process alive."""
    client = bed.client()
    client.hello()
    bed.owner.send(*(Job(number, entry(bytes(100_000))) for number in range(200)))
    bed.owner.line.close()
    assert bed.process.wait(PATIENCE) == 0
    assert bed.events() == 200
    client.see_the_end()


def test_a_client_that_goes_away_takes_nothing_along(bed: Bed) -> None:
    """What it sent whole is done; half a job is nothing."""
    client = bed.client()
    client.hello()
    half = framed(msgspec.msgpack.encode(Job(2, entry())))
    client.send(Job(1, entry()))
    client.line.sendall(half[: len(half) // 2])
    client.line.close()
    assert bed.owner.answers().newest == 1
    assert isinstance(bed.owner.answer(Job(1, entry())), Stored)
    assert bed.events() == 2


def test_jobs_longer_than_a_buffer_are_done(bed: Bed) -> None:
    """The owner's and another client's, between short ones, in whatever pieces they arrive."""
    client = bed.client()
    client.hello()
    bodies = [bytes([65 + number]) * size for number, size in enumerate((10, 3_000_000, 70_000, 10, 1 << 20, 9))]
    for peer in (bed.owner, client):
        peer.send(*(Job(number, entry(body)) for number, body in enumerate(bodies)))
        assert sorted(peer.collect(len(bodies))) == list(range(len(bodies)))
    assert sorted(bed.bodies()) == sorted(bodies * 2)


def test_a_job_may_arrive_byte_by_byte(bed: Bed) -> None:
    """Another client's are done meanwhile."""
    client = bed.client()
    client.hello()
    for number, byte in enumerate(framed(msgspec.msgpack.encode(Job(7, Settle([]))))):
        client.line.sendall(bytes([byte]))
        assert bed.owner.answer(Job(number, Settle([]))) is None
    assert client.collect(1) == [7]


def test_a_client_that_reads_nothing_holds_up_nobody(bed: Bed) -> None:
    """It is not read from while it does not take its answers, and hears of the newest number when it does."""
    deaf = bed.client()
    deaf.hello()
    deaf.line.setblocking(False)
    frame = framed(msgspec.msgpack.encode(Job(1, Settle([]))))
    rest, until = b"", time.monotonic() + PATIENCE
    with suppress(BlockingIOError):
        while time.monotonic() < until:
            rest = rest or frame * 1000
            rest = rest[deaf.line.send(rest) :]
            time.sleep(0.001)
    for number in range(1, 20):
        assert isinstance(bed.owner.answer(Job(number, entry())), Stored)
    assert bed.resident() < 150_000_000
    deaf.line.settimeout(PATIENCE)
    seen = 0
    while seen < 19:
        seen = max(seen, deaf.answers().newest)
    assert seen == 19


@pytest.mark.parametrize("data", [(LARGEST + 1).to_bytes(4), framed(b"\xc1"), framed(msgspec.msgpack.encode([1, "x"]))])
def test_what_no_release_sends_ends_that_connection_alone(bed: Bed, data: bytes) -> None:
    """Too large a frame, or no job."""
    client = bed.client()
    client.hello()
    client.line.sendall(data)
    with pytest.raises(EOFError):
        client.frame()
    assert isinstance(bed.owner.answer(Job(1, entry())), Stored)


def test_a_length_alone_takes_no_memory(bed: Bed) -> None:
    """Clients that announce the largest job, and send nothing of it; one that sends it is served."""
    before = bed.resident()
    clients = [bed.client() for _ in range(MOST_CLIENTS)]
    for client in clients:
        client.hello()
        client.line.sendall(LARGEST.to_bytes(4) + b"x")
    assert bed.owner.answer(Job(1, Settle([]))) is None
    assert bed.resident() - before < LARGEST
    clients[0].line.sendall(bytes(LARGEST - 1))
    with pytest.raises(EOFError):  # no job, but read as a whole
        clients[0].frame()
    assert bed.owner.answer(Job(2, Settle([]))) is None


def test_there_are_only_so_many_clients(bed: Bed) -> None:
    """The next one is turned away, and admitted when another has gone."""
    clients = [bed.client() for _ in range(MOST_CLIENTS)]
    for client in clients:
        client.hello()
    with pytest.raises(EOFError):
        bed.client().hello()
    clients[3].line.close()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(EOFError):
            bed.client().hello()
            break
    assert isinstance(bed.owner.answer(Job(1, entry())), Stored)
