"""The steps that one push takes through the gateway, each driven alone: processor time, and calls of Python functions.

    accept   [ verify, decode, validate, translate, fit: judge ] entry, answer
    append   the event to the writing process and back; store: what that process does for it
    deliver  claimed, concluded, settled, with a sender that does nothing; post: what the sender does for it
    settle   what the writing process does for its outcome

Times are the least of many repetitions, with some events under way at once: whatever else the machine does can only add
to them. Calls are counted for one event by itself, several times: the usual number counts, for a timer may go off.
"""

import asyncio
import itertools
import json
import random
import socket
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import servers
from aiohttp import HttpVersion11
from calls import Calls
from push import SECRET, Pushes
from scenarios import LANES, ONE

from gateway import settings
from gateway.app import ingress
from gateway.app.senders import Senders
from gateway.catalog import catalog, files
from gateway.catalog.translator import context
from gateway.decode.content import Content
from gateway.decode.decode import decode
from gateway.delivery.destinations import Destination
from gateway.delivery.dispatcher import Dispatcher
from gateway.ingress.acceptance import Acceptance
from gateway.ingress.doors import Accepted
from gateway.ingress.http import Ingress
from gateway.ingress.listener import Listener
from gateway.journal import Appended, Entry, Settlement, deliveries
from gateway.journal.sqlite.bodies import pack_light
from gateway.journal.sqlite.channel import Channel
from gateway.journal.sqlite.file import prepare
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.journal.sqlite.messages import Answers, Job, JobFailed, Settle
from gateway.journal.sqlite.process import Server
from gateway.mattermost.fit import Limits, fitted
from gateway.model import Delivered, Delivery, DeliveryState, Request
from gateway.observe.metrics import Metrics
from gateway.outbound.sessions import Sessions
from gateway.pipeline.entry import entry, new_id
from gateway.pipeline.judge import Judgement, judge, light
from gateway.verify import verify

GATEWAY: Final = ("accept", "append", "deliver", "post")
WRITER: Final = ("store", "settle")
"""The steps that make up what the two processes do for an event to an incoming webhook."""

KEPT: Final = Path(__file__).with_name("calls.json")
"""The calls of each step that a test allows."""

_AT_ONCE: Final = 32
_WARM, _TRIES = 3, 9
_MOMENT: Final = 0.004


class Step(NamedTuple):
    """What happens to one event: `run` takes it from `inputs`. `clock` is that of the thread in which it happens."""

    run: Callable[[Any], Awaitable[object]]
    inputs: Iterator[Any]
    clock: Callable[[], float]
    calls: Calls


async def times(folder: Path, repeats: int, number: int) -> Mapping[str, float]:
    """Step -> microseconds of processor for one event: the least of `repeats` times `number` events."""
    async with _every(folder, count=False) as steps:
        return {name: await _time(step, repeats, number) for name, step in steps.items()}


async def calls(folder: Path) -> Mapping[str, Counter[str]]:
    """Step -> the calls that it makes for one event, by function."""
    async with _every(folder, count=True) as steps:
        # A task of its own: whatever awaits this function would go on with each await in it, and count.
        return {name: await asyncio.create_task(_count(step)) for name, step in steps.items()}


def kept() -> Mapping[str, int]:
    """Step -> the number of calls that a test allows."""
    return json.loads(KEPT.read_bytes())


def keep(made: Mapping[str, int]) -> None:
    """Allow so many calls of each step from now on, and no more."""
    KEPT.write_text(json.dumps(made, indent=2) + "\n", "utf-8")


async def _time(step: Step, repeats: int, number: int) -> float:
    least = float("inf")
    for _ in range(repeats):
        inputs = iter(list(itertools.islice(step.inputs, number)))

        async def worker(inputs: Iterator[Any] = inputs) -> None:
            for one in inputs:
                await step.run(one)

        before = step.clock()
        await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
        least = min(least, step.clock() - before)
    return least / number * 1e6


async def _count(step: Step) -> Counter[str]:
    found = []
    for one in itertools.islice(step.inputs, _WARM + _TRIES):
        step.calls.made = Counter()
        step.calls.on = True
        await step.run(one)
        await _end(step.calls)
        step.calls.on = False
        found.append(step.calls.made)
    usual = statistics.mode(made.total() for made in found[_WARM:])
    return next(made for made in found[_WARM:] if made.total() == usual)


async def _end(calls: Calls) -> None:
    """Wait until the step makes no more calls: it goes on after its answer."""
    before = -1
    while calls.made.total() != before:
        before = calls.made.total()
        await asyncio.sleep(_MOMENT)


@asynccontextmanager
async def _every(where: Path, *, count: bool) -> AsyncIterator[Mapping[str, Step]]:
    """Every step, ready to run; with `count`, the threads in which they happen are watched."""
    here = Calls()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(servers.scratch(where))
        way = await Way.open(stack)
        steps = {
            **way.judging(),
            "accept": way.accept(stack),
            "append": await _append(stack, folder / "append.db", way),
            "deliver": await _deliver(stack, way),
            "post": await way.post(stack, rest=False),
            "post over REST": await way.post(stack, rest=True),
        }
        found = {name: Step(_awaited(run), inputs, time.thread_time, here) for name, (run, inputs) in steps.items()}
        found |= await _writer(stack, folder / "store.db", way, count=count)
        if count:
            stack.callback(sys.setprofile, sys.getprofile())
            here.listen()
        yield found


Driven = tuple[Callable[[Any], Any], Iterator[Any]]
"""A function or coroutine function that takes one event, and the events."""


def _awaited(run: Callable[[Any], Any]) -> Callable[[Any], Awaitable[object]]:
    if asyncio.iscoroutinefunction(run):
        return run

    async def at_once(one: Any) -> object:
        return run(one)

    return at_once


class Way:
    """A gateway with one route and one destination, in parts: what is in front of the journal, and the sender."""

    def __init__(self, sink: int) -> None:
        self.sink = sink
        self.settings = _settings(sink)
        self.metrics = Metrics()
        known = catalog.load([files.builtin_folder()], {"github"})
        self.rules = ingress.rules(self.settings, known, self.metrics)
        self.service = known.services["github"]
        match = self.rules.table.find("/in/github")
        assert match is not None
        self.route, self.door = match.route, match.door
        self.limits = Limits()
        self.pushes = Pushes(ONE, LANES).requests()  # of one lane each
        self.alike = Pushes(ONE, 1).requests()  # with the same text: what a step does depends on it

    @classmethod
    async def open(cls, stack: AsyncExitStack) -> "Way":
        """With a sink behind it, in a process of its own."""
        return cls((await stack.enter_async_context(servers.bare("trivial"))).port)

    def judging(self) -> Mapping[str, Driven]:
        """The steps of judging a request, from its bytes to its entry and answer."""
        service, limits = self.service, self.limits
        request = _request(next(self.alike))
        value = decode(request, request.body).value
        seen = context(value, request, "push")
        translator = service.speaker("push", seen)
        assert translator is not None
        message = translator.draft(seen).message
        assert message is not None
        judged = self.judge(request)
        accepted = Accepted(new_id(time.time(), random.getrandbits), "message", "github/push", pending=True)
        runs: Mapping[str, Callable[[Any], Any]] = {
            "verify": lambda one: verify.verify(service.verify, (SECRET,), Content(one), time.time()),
            "decode": lambda one: decode(one, one.body),
            "validate": lambda _: translator.schema.matches(value),
            "translate": lambda one: translator.draft(context(value, one, "push")),
            "fit": lambda _: fitted(message, limits),
            "judge": self.judge,
            "entry": lambda _: self.entry(judged),
            "answer": lambda _: self.door.answer(accepted).encoded(HttpVersion11),
        }
        return {name: (run, itertools.repeat(request)) for name, run in runs.items()}

    def accept(self, stack: AsyncExitStack) -> Driven:
        """The whole of it: from the bytes of a request to those of the answer, with a journal that stores at once."""
        acceptance = Acceptance(_Journal(), lambda _: None)
        taking = Ingress(self.rules, acceptance.store, self.metrics, _compiled)
        listener = Listener(taking, header_limit=self.settings.server.header_limit, connections=2 * _AT_ONCE)
        idle: list[_Sender] = []

        def connect() -> _Sender:
            sender = _Sender(listener)
            stack.callback(sender.leave)
            return sender

        async def run(request: bytes) -> None:
            sender = idle.pop() if idle else connect()
            answer = await sender.ask(request)
            idle.append(sender)
            if not answer.startswith(b"HTTP/1.1 202 "):
                raise RuntimeError(f"not accepted: {answer!r}")

        return run, self.alike

    async def post(self, stack: AsyncExitStack, *, rest: bool) -> Driven:
        """A post to an incoming webhook, or over REST to a channel."""
        table = _settings(self.sink, rest=rest).destinations["hook0"]
        sender = await Senders(Sessions(stack)).of(table, _no_card)

        async def run(delivery: Delivery) -> None:
            result = await sender.send(delivery)
            if not isinstance(result, Delivered):
                raise RuntimeError(f"not delivered: {result}")  # noqa: TRY004

        return run, self.deliveries()

    def judge(self, request: Request) -> Judgement:
        """Judge it as ingress does."""
        content = light(request, self.route.body_limit, self.route.wishes.depth)
        assert content is not None
        return judge(self.route, self.service, content, [SECRET], [time.time()], self.limits, time.perf_counter)

    def entry(self, judged: Judgement) -> Entry:
        """What the journal stores of it."""
        now = time.time()
        assert judged.reading is not None
        return entry(
            new_id(now, random.getrandbits), now, self.route, self.service, judged.content, judged.reading,
            judged.proof, self.rules.traits, kept=judged.kept,
        )  # fmt: skip

    def entries(self) -> Iterator[Entry]:
        """Entries of distinct events."""
        while True:
            yield self.entry(self.judge(_request(next(self.pushes))))

    def deliveries(self) -> Iterator[Delivery]:
        """Deliveries in the order of their numbers, as the journal returns them."""
        for seq, one in enumerate(self.entries()):
            yield from deliveries(one, seq)


def _request(sent: bytes) -> Request:
    """A push as it reaches the gateway."""
    head, _, content = sent.partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    headers = {name.lower(): value for name, _, value in lines}
    return Request("POST", headers, {}, content, url=f"https://{headers['host']}/in/github")


def _settings(sink: int, *, rest: bool = False) -> settings.Settings:
    text = servers.settings(sink, ONE, 1, rest=rest)
    return settings.parse(text, "bench.toml", {}, lambda file: file.read_text("utf-8"))


class _Sender(asyncio.Transport):
    """A sender with a connection to the listener, without a socket."""

    def __init__(self, listener: Listener) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self._loop = asyncio.get_running_loop()
        self._connection = listener()
        self._connection.connection_made(self)

    def ask(self, request: bytes) -> "asyncio.Future[bytes]":
        """Send a request; its answer."""
        self._answer = self._loop.create_future()
        self._connection.data_received(request)
        return self._answer

    def write(self, data: bytes) -> None:
        self._answer.set_result(data)

    def is_closing(self) -> bool:
        return False

    def leave(self) -> None:
        """Close the connection."""
        self._connection.connection_lost(None)

    def close(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class _Journal:
    """A journal that keeps nothing: what it is given is stored at once. `settled` gets the number of each outcome."""

    def __init__(self, settled: Callable[[int], None] = lambda _: None) -> None:
        self._settled = settled

    async def append(self, one: Entry) -> Appended:
        return Appended(one.event.id, False, ())

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        for one in settlements:
            self._settled(one.seq)

    async def pending(self, after: int, limit: int) -> list[Delivery]:
        return []

    async def census(self) -> Mapping[str, Any]:
        return {}

    async def tried(self) -> Mapping[str, Any]:
        return {}

    async def pauses(self) -> Mapping[str, Any]:
        return {}

    def listen(self, added: Callable[[int], None]) -> None:
        pass


class _NoSender:
    """Takes every message."""

    warning = ""

    async def send(self, delivery: Delivery) -> Delivered:
        return Delivered(status=200)

    async def answers(self) -> bool:
        return True

    def target(self, delivery: Delivery) -> str:
        return ""


async def _compiled(key: str) -> Any:
    raise RuntimeError(f"the service {key} is not compiled")


async def _no_card(_: str) -> None:
    return None


async def _append(stack: AsyncExitStack, path: Path, way: Way) -> Driven:
    """The event loop's side of storing an event: the other side is a process."""
    journal = await SqliteJournal.open(path, retention=1e6, max_size=10**12, deliver=True)
    stack.push_async_callback(journal.close)

    async def run(one: Entry) -> None:
        await journal.append(one)

    return run, way.entries()


async def _deliver(stack: AsyncExitStack, way: Way) -> Driven:
    """The way of a delivery through the dispatcher, from when it is offered until its outcome is durable."""
    waiting: dict[int, asyncio.Future[None]] = {}
    journal = _Journal(lambda seq: waiting.pop(seq).set_result(None))
    dispatcher = Dispatcher(journal, [Destination("hook0", _NoSender())], way.metrics)
    await dispatcher.start()
    stack.push_async_callback(dispatcher.stop, 1.0)

    async def run(delivery: Delivery) -> None:
        waiting[delivery.seq] = asyncio.get_running_loop().create_future()
        dispatcher.offer([delivery])
        await waiting[delivery.seq]

    return run, way.deliveries()


async def _writer(stack: AsyncExitStack, path: Path, way: Way, *, count: bool) -> Mapping[str, Step]:
    """The steps of the writing process, in a thread of this one."""
    prepare(path)
    waiting: dict[int, asyncio.Future[Any]] = {}
    numbers = itertools.count(1)
    made = Calls()

    def on_answers(answers: Answers) -> None:
        for number, answer in answers.answers:
            waiting.pop(number).set_result(answer)

    async def run(work: Entry | Settle) -> None:
        number = next(numbers)
        waiting[number] = future = asyncio.get_running_loop().create_future()
        sent, size = pack_light(work) if isinstance(work, Entry) else (work, 0)
        channel.send(Job(number, sent, body_size=size))
        if isinstance(answer := await future, JobFailed):
            raise RuntimeError(answer.reason)  # noqa: TRY004

    ours, theirs = socket.socketpair()
    channel = Channel(path, on_answers, lambda: None)

    def serve() -> None:
        if count:
            made.listen()
        with theirs, socket.create_server(("127.0.0.1", 0)) as listener:
            Server(path, theirs, listener).run()

    thread = threading.Thread(target=serve, name="writing process")
    thread.start()
    stack.push_async_callback(asyncio.to_thread, thread.join)
    await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=ours)
    stack.callback(channel.close)
    await channel.ready
    clock = time.pthread_getcpuclockid(thread.ident)
    settles = (Settle([Settlement(seq, DeliveryState.DELIVERED, 1)]) for seq in itertools.count(1))
    return {
        name: Step(run, inputs, lambda: time.clock_gettime(clock), made)
        for name, inputs in (("store", way.entries()), ("settle", settles))
    }
