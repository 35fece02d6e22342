"""What samples cost from the body of a request to the JSON of its messages: decode, translate, fit, encode.

One checkout beside another one, in processes of their own that take turns. Both read the same requests, each with its
own catalog. Times are of the processor; the least of all counts, for whatever else the machine does adds to it. Each
turn has new processes, because where a process happens to have its objects in memory makes a difference of 3 %.
"""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from typing import Any, Final, NamedTuple

import push
import servers

SAMPLES: Final = (
    "github/push.commits",
    "github/push.branch_deleted",
    "github/issues_opened.bug",
    "gitlab/push.usual",
    "gitlab/issue.opened",
    "gitlab/merge_request.opened",
    "gitlab/pipeline.failed",
    "alertmanager/alerts.firing",
    "alertmanager/alerts.group",
    "grafana/alerts.firing",
    "jira/issue_created.bug",
    "sentry/issue.created",
)
"""The samples of usual events that are compared, each `service/name of its file`."""

PUSH: Final = "the push"
"""The push of 8 kB that the other parts of the bench send."""


_SLICE: Final = 0.02
"""Seconds of processor for which a request is read again and again."""
_SLICES: Final = 10
"""How often that is done in one process."""


class Pair(NamedTuple):
    """Microseconds of processor for one request, in this checkout and in the other one."""

    here: float
    there: float


def requests(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The requests by name: the service, the headers and the text of the body. Raises CatalogError for a lost one."""
    from gateway.pipeline.sample import as_request
    from gateway.pipeline.samplefile import load

    body = push.body("service-001", "0" * 40)
    found = {PUSH: {"service": "github", "headers": push.headers(body, "1"), "body": body.decode()}}
    for name in SAMPLES:
        service, _, file = name.partition("/")
        one = as_request(load(folder / service / "samples" / f"{file}.yaml").request)
        found[name] = {"service": service, "headers": dict(one.headers), "body": one.body.decode()}
    return found


async def compared(here: Path, there: Path, turns: int) -> Mapping[str, Pair]:
    """Name -> the least of so many turns in two checkouts."""
    asked = requests(here / "schemas")
    sent = json.dumps(asked).encode() + b"\n"
    least = dict.fromkeys(asked, Pair(inf, inf))
    for _ in range(turns):
        async with _reading(here, sent) as ours, _reading(there, sent) as theirs:
            for name in list(least) * _SLICES:
                pair = Pair(await _turn(ours, name), await _turn(theirs, name))
                least[name] = Pair(*map(min, pair, least[name]))
    return least


@asynccontextmanager
async def _reading(tree: Path, sent: bytes) -> AsyncIterator[Process]:
    command = [str(servers.python_of(tree)), __file__]
    environment = {"PYTHONPATH": str(tree), "PATH": ""}
    child = await asyncio.create_subprocess_exec(*command, cwd=tree, env=environment, stdin=PIPE, stdout=PIPE)
    assert child.stdin is not None
    child.stdin.write(sent)
    try:
        yield child
    finally:
        child.stdin.close()
        await child.wait()


async def _turn(child: Process, name: str) -> float:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(name.encode() + b"\n")
    return float(await child.stdout.readline())


def _reader(service: Any, headers: Mapping[str, str], body: bytes) -> Callable[[], Any]:
    """What reads one request, in the checkout that is imported."""
    from gateway.decode.content import Content
    from gateway.mattermost.fit import Limits
    from gateway.model import Request
    from gateway.pipeline.interpret import interpret
    from gateway.pipeline.route import wishes_of
    from gateway.settings.routes import RouteSettings

    lower = {name.lower(): value for name, value in headers.items()}
    route = RouteSettings(name="bench", service=service.key, destinations=("ops",))
    request, wishes, limits = Request("POST", lower, {}, body), wishes_of(route, 64), Limits()

    def read() -> Any:
        return interpret(service, Content.of(request, 5_000_000), wishes, limits)

    return read


def _serve() -> None:
    """Read each request that the other side names again and again for a slice, and answer with the time of one."""
    from gateway.catalog import catalog, files

    given = json.loads(sys.stdin.readline())
    known = catalog.load([files.builtin_folder()], {one["service"] for one in given.values()}).services
    readers = {
        name: _reader(known[one["service"]], one["headers"], one["body"].encode()) for name, one in given.items()
    }
    for line in sys.stdin:
        read = readers[line.strip()]
        began = time.process_time()
        read()
        number = max(1, int(_SLICE / max(time.process_time() - began, 1e-6)))
        began = time.process_time()
        for _ in range(number):
            read()
        print((time.process_time() - began) / number * 1e6, flush=True)


if __name__ == "__main__":
    _serve()
