"""The event loop's end of a connection, with the test at the other one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop

from gateway.errors import JournalError
from gateway.journal import Settlement
from gateway.journal.sqlite.channel import Channel
from gateway.journal.sqlite.frames import framed
from gateway.journal.sqlite.messages import PROTOCOL, Answers, Checkpoint, Hello, Job, JobFailed, Remember, Settle
from gateway.model import DeliveryState


class Bed:
    """A channel, and what it was told."""

    def __init__(self, largest: int = 1000) -> None:
        self.got: list[Answers] = []
        self.ends = 0
        self.channel = Channel(Path("journal.db"), self.got.append, self.end, largest)

    def end(self) -> None:
        """Count the end."""
        self.ends += 1

    async def connect(self) -> None:
        """Connect it to `reader` and `writer`."""
        ours, theirs = socket.socketpair()
        await asyncio.get_running_loop().create_unix_connection(lambda: self.channel, sock=ours)
        self.reader, self.writer = await asyncio.open_unix_connection(sock=theirs)

    def say(self, word: Hello | Answers) -> None:
        """Send a frame to it."""
        self.writer.write(framed(msgspec.msgpack.encode(word)))

    async def hear(self) -> Job:
        """The next job that it sends."""
        async with asyncio.timeout(20):
            size = int.from_bytes(await self.reader.readexactly(4))
            return msgspec.msgpack.decode(await self.reader.readexactly(size), type=Job)


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    """A channel that is connected, and not greeted yet."""
    made = Bed()
    await made.connect()
    yield made
    made.writer.close()


async def test_jobs_wait_for_the_greeting(bed: Bed) -> None:
    """Then they are sent in their order; the newest number comes with the greeting."""
    bed.channel.send(Job(1, Checkpoint()))
    bed.channel.send(Job(2, Checkpoint()))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(bed.reader.read(1), 0.1)
    bed.say(Hello(PROTOCOL, 7))
    await bed.channel.ready
    bed.channel.send(Job(3, Checkpoint()))
    assert [(await bed.hear()).number for _ in range(3)] == [1, 2, 3]
    assert [answers.newest for answers in bed.got] == [7]
    bed.say(Answers([(1, None)]))
    async with asyncio.timeout(20):
        while len(bed.got) < 2:
            await asyncio.sleep(0.005)
    assert bed.got[1] == Answers([(1, None)])


async def test_another_release_is_not_spoken_to(bed: Bed) -> None:
    """Nothing is sent to it, and what is told says what to do."""
    bed.channel.send(Job(1, Checkpoint()))
    bed.say(Hello(PROTOCOL + 1, 0))
    with pytest.raises(EOFError, match="belongs to another release: restart the gateway"):
        await bed.channel.ready
    assert await bed.reader.read() == b""
    assert (bed.got, bed.ends) == ([], 0)


async def test_a_first_word_that_is_none(bed: Bed) -> None:
    """Whatever it is, it is not of this release."""
    bed.writer.write(framed(b"\xc1"))
    with pytest.raises(EOFError, match="another release"):
        await bed.channel.ready


async def test_the_end_is_told(bed: Bed) -> None:
    """Before the greeting to whoever waits for that, afterwards to `on_end`."""
    early = Bed()
    await early.connect()
    early.writer.close()
    with pytest.raises(EOFError, match="before its greeting"):
        await early.channel.ready
    bed.say(Hello(PROTOCOL, 0))
    await bed.channel.ready
    bed.writer.close()
    async with asyncio.timeout(20):
        while not bed.ends:
            await asyncio.sleep(0.005)
    assert (bed.ends, early.ends) == (1, 0)


async def test_what_cannot_travel_is_refused(bed: Bed) -> None:
    """Values that are no text, and more bytes than the other end takes."""
    with pytest.raises(JournalError, match=r"journal journal\.db: "):
        bed.channel.send(Job(1, Remember("r", "\ud800")))
    with pytest.raises(JournalError, match=r"1,0\d\d bytes at once are above 1,000"):
        bed.channel.send(Job(1, Remember("r", "x" * 1000)))


async def test_a_job_that_cannot_be_encoded_leaves_the_others_whole(bed: Bed) -> None:
    """Wherever in it the fault is, before and after the greeting; they are sent in one turn of the loop."""
    faulty = Settle([Settlement(1, DeliveryState.DEAD, 1, reason="first"), Settlement(2, DeliveryState.DEAD, 1 << 64)])

    def send(*numbers: int) -> None:
        for number in numbers:
            bed.channel.send(Job(number, Remember("r", "x" * number)))
            with pytest.raises(JournalError):
                bed.channel.send(Job(99, faulty))

    send(1, 2)
    bed.say(Hello(PROTOCOL, 0))
    await bed.channel.ready
    send(3, 500, 4)
    heard = [await bed.hear() for _ in range(5)]
    assert heard == [Job(number, Remember("r", "x" * number)) for number in (1, 2, 3, 500, 4)]


async def test_answers_arrive_in_any_pieces(bed: Bed) -> None:
    """Byte by byte with the greeting, or more at once than the usual buffer holds."""
    words: list[Hello | Answers] = [Hello(PROTOCOL, 7), Answers([(1, None)]), Answers([], newest=9)]
    for byte in b"".join(framed(msgspec.msgpack.encode(word)) for word in words):
        bed.writer.write(bytes([byte]))
        await bed.writer.drain()
        await asyncio.sleep(0)
    long = Answers([(number, JobFailed("x" * 1000)) for number in range(300)])
    for _ in range(3):
        bed.say(long)
    async with asyncio.timeout(20):
        while len(bed.got) < 6:
            await asyncio.sleep(0.005)
    assert bed.got == [Answers((), newest=7), Answers([(1, None)]), Answers([], newest=9), long, long, long]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_more_than_the_socket_takes_arrives_whole(
    run: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    """While the other end does not read, and more jobs are sent. Gateways run on uvloop, which keeps what is unsent."""
    jobs = [Job(number, Remember("r", chr(97 + number) * 200_000)) for number in range(20)]
    answers = Answers([(number, JobFailed("x" * 10_000)) for number in range(20)])

    async def send_and_answer() -> None:
        bed = Bed(1 << 20)
        await bed.connect()
        bed.say(Hello(PROTOCOL, 0))
        await bed.channel.ready
        for job in jobs:
            bed.channel.send(job)
            await asyncio.sleep(0)
        assert [await bed.hear() for _ in jobs] == jobs
        bed.say(answers)
        bed.writer.close()
        async with asyncio.timeout(20):
            while not bed.ends:
                await asyncio.sleep(0.005)
        assert bed.got[1:] == [answers]

    run(send_and_answer())
