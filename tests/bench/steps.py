"""Microseconds of each step that one push takes through the gateway, in this process and without any socket.

The least of many repetitions, for whatever else the machine does can only add to it.
"""

import asyncio
import timeit
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import thread_time, time
from typing import Any, Final

from push import SECRET, Pushes

from gateway.catalog import catalog, files
from gateway.catalog.translator import context
from gateway.decode.content import Content
from gateway.decode.decode import decode
from gateway.journal import DuplicateKey, Entry
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.mattermost.fit import Limits, fitted
from gateway.model import Event, Outcome, Parcel, Request
from gateway.pipeline.interpret import Wishes, interpret
from gateway.verify import verify

SUM: Final = "decode to encode, as the gateway runs it"
_AT_ONCE: Final = 32


def pure(repeats: int, number: int) -> dict[str, float]:
    """Step -> microseconds, for all steps that need no journal; `SUM` is the whole way at once."""
    service = catalog.load([files.builtin_folder()], {"github"}).services["github"]
    request = a_request()
    wishes, limits = Wishes(), Limits()
    value = decode(request, request.body).value
    seen = context(value, request, "push")
    translator = next(one for one in service.index.candidates("push") if one.speaks(seen))
    message = translator.draft(context(value, request, "push")).message
    assert message is not None

    def whole() -> list[bytes]:
        reading = interpret(service, Content(request), wishes, limits)
        return [one.payload for piece in reading.pieces for one in piece.fitted]

    steps: dict[str, Callable[[], Any]] = {
        "verify": lambda: verify.verify(service.verify, (SECRET,), Content(request), 0.0),
        "decode": lambda: decode(request, request.body),
        "validate": lambda: translator.schema.matches(value),
        "translate": lambda: translator.draft(context(value, request, "push")),
        "fit": lambda: fitted(message, limits),
        SUM: whole,
    }
    return {
        name: min(timeit.repeat(step, repeat=repeats, number=number)) / number * 1e6 for name, step in steps.items()
    }


async def append(folder: Path, count: int) -> float:
    """Microseconds of the event loop's thread for one append to the journal, of which `_AT_ONCE` are under way."""
    with TemporaryDirectory(prefix="mattergate-bench-", dir=folder) as inside:
        journal = await SqliteJournal.open(Path(inside) / "bench.db", retention=1e6, max_size=10**12, deliver=True)
        request = a_request()
        entries = iter([_entry(request, number) for number in range(count)])

        async def worker() -> None:
            for entry in entries:
                await journal.append(entry)

        started = thread_time()
        await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
        spent = thread_time() - started
        await journal.close()
        return spent / count * 1e6


def a_request() -> Request:
    """One push as it reaches the gateway."""
    head, _, content = next(Pushes(["github"]).requests()).partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    return Request("POST", {name.lower(): value for name, _, value in lines}, {}, content)


def _entry(like: Request, number: int) -> Entry:
    request = Request("POST", like.headers, {}, like.body[:-42] + b'%040x"}' % number)
    event = Event(
        f"{number:027x}", time(), "github", "github", Outcome.MESSAGE, "push", "github/push", "acme/x@main", "", request
    )
    keys = (DuplicateKey(f"github id {number:032x}", 86400.0), DuplicateKey(f"github body {number:032x}", 86400.0))
    return Entry(event, (Parcel("ops", f"ops github:acme/x{number % 192}@main", b"." * 900),), keys)
