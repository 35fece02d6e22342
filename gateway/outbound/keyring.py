"""Public keys that requests are verified with: fetched before the proof, so for strangers, and therefore sparingly.

    request -> verify.wanted -> KeyRequest -> Keyring.of -> the document at its URL -> verify.verify

- A document is used for FRESH seconds. Then the next request that needs it has it fetched again, and goes on with the
  old one, for OLDEST seconds at the most.
- A key id that the document lacks has it fetched again: keys rotate. If it is not in what comes, it is remembered as
  unknown for UNKNOWN_FOR seconds.
- One fetch at a time from a host. A URL that has given keys before is asked once in INTERVAL seconds; for all others of
  a host that holds together, and for all others of all hosts there are MOST_NEW fetches in that time. So whoever
  forges requests makes the gateway ask no more than a few senders do.
- Whoever waits gives up together with the caller, after `wait` seconds; the fetch goes on, for the sender's next try.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.model import FetchOutcome
from gateway.outbound.fetch import NotFetched
from gateway.verify import hosts
from gateway.verify.keys import KeyRequest, Keys, holds

FRESH: Final = 3600.0
OLDEST: Final = 86_400.0
UNKNOWN_FOR: Final = 600.0
INTERVAL: Final = 60.0
MOST_NEW: Final = 10

DOCUMENTS: Final = 64
"""The most documents that are kept, the most recently used ones."""

UNKNOWN: Final = 1000
"""The most unknown key ids that are remembered."""

LONGEST: Final = 300
"""Characters of the longest key id that is remembered; those of issuers have up to 100."""

WAITING: Final = 200
"""The most requests that wait for keys at once; those beyond do without."""

WAIT: Final = 3.0
"""Seconds for which a request waits: its sender waits, too."""


class _Document(Struct):
    """A document that was fetched at `since`, and the requests whose key is known to be in it."""

    body: bytes
    since: float
    found: set[KeyRequest]


class Keyring:
    """Keeps the documents of keys. `get` fetches the one of a request or raises NotFetched.

    `report` is called with the host and the outcome of each fetch, and why it failed, "" if it did not.
    """

    def __init__(
        self,
        get: Callable[[KeyRequest], Awaitable[bytes]],
        report: Callable[[str, FetchOutcome, str], None] = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._get = get
        self._report = report
        self._clock = clock
        self._documents: OrderedDict[str, _Document] = OrderedDict()
        self._unknown: OrderedDict[KeyRequest, float] = OrderedDict()
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}  # by host: the URL that is being fetched
        self._not_before: dict[str, float] = {}  # by URL that is known, and by host
        self._new: deque[float] = deque(maxlen=MOST_NEW)
        self._waiting = 0

    async def of(self, requests: Sequence[KeyRequest], wait: float = WAIT) -> Keys:
        """The documents that these need, by URL; one that cannot be had now is absent.

        A document without the key that was asked for is given where it was fetched since: then there is no such key.
        """
        asked = self._clock()
        pending = {one: task for one in requests if (task := self._begin(one)) is not None}
        if pending and self._waiting < WAITING:
            self._waiting += 1
            try:
                await asyncio.wait(set(pending.values()), timeout=wait)
            finally:
                self._waiting -= 1
        return {one.url: body for one in requests if (body := self._settled(one, asked)) is not None}

    async def close(self) -> None:
        """Give up what is being fetched."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, request: KeyRequest) -> "asyncio.Task[None] | None":
        """The fetch for which a request must wait; None where nothing needs to be fetched, or nothing may be now."""
        document = self._usable(request.url)
        if document is not None and (self._has(document, request) or self._is_unknown(request)):
            if self._clock() - document.since >= FRESH:
                self._start(request)
            return None
        return self._start(request)

    def _settled(self, request: KeyRequest, asked: float) -> bytes | None:
        """The document for a request that came at `asked`, None where it is not known whether there is such a key."""
        document = self._usable(request.url)
        if document is None:
            return None
        if not self._has(document, request) and not self._is_unknown(request):
            if document.since < asked:
                return None
            self._remember(request)
        return document.body

    def _remember(self, request: KeyRequest) -> None:
        """Remember that there is no such key."""
        self._unknown.pop(request, None)
        if len(request.kid) <= LONGEST:
            self._unknown[request] = self._clock() + UNKNOWN_FOR
        if len(self._unknown) > UNKNOWN:
            self._unknown.popitem(last=False)

    def _usable(self, url: str) -> _Document | None:
        document = self._documents.get(url)
        if document is None or self._clock() - document.since >= OLDEST:
            return None
        self._documents.move_to_end(url)
        return document

    def _has(self, document: _Document, request: KeyRequest) -> bool:
        """Whether the key is in the document; a document has few keys, so what is found may be remembered."""
        if request in document.found:
            return True
        if not holds(request, document.body):
            return False
        document.found.add(request)
        return True

    def _is_unknown(self, request: KeyRequest) -> bool:
        until = self._unknown.get(request)
        return until is not None and self._clock() < until

    def _start(self, request: KeyRequest) -> "asyncio.Task[None] | None":
        """Begin to fetch a document, or join who does; None where the host or the URL was asked just now."""
        host = hosts.host_of(request.url)
        if host in self._running:
            url, task = self._running[host]
            return task if url == request.url else None
        now, known = self._clock(), request.url in self._documents
        slot = request.url if known else host
        if now < self._not_before.get(slot, now) or not (known or self._admits_new(now)):
            return None
        self._not_before = {name: until for name, until in self._not_before.items() if now < until}
        self._not_before[slot] = self._not_before[request.url] = now + INTERVAL
        task = asyncio.get_running_loop().create_task(self._fetch(request, host), name="keys")
        self._running[host] = request.url, task
        return task

    def _admits_new(self, now: float) -> bool:
        """Whether one more of the URLs that have given nothing yet may be asked, and count it."""
        if len(self._new) == MOST_NEW and now - self._new[0] < INTERVAL:
            return False
        self._new.append(now)
        return True

    async def _fetch(self, request: KeyRequest, host: str) -> None:
        outcome, why = FetchOutcome.UNREACHABLE, "given up"  # of one that is cancelled
        try:
            self._keep(request.url, await self._get_usable(request, host))
            outcome, why = FetchOutcome.FETCHED, ""
        except NotFetched as error:
            outcome, why = error.outcome, str(error)
        finally:
            del self._running[host]
            self._report(host, outcome, why)

    async def _get_usable(self, request: KeyRequest, host: str) -> bytes:
        body = await self._get(request)
        if not holds(replace(request, kid=""), body):
            raise NotFetched(FetchOutcome.UNUSABLE, f"the answer of {host} has no key that can be used")
        return body

    def _keep(self, url: str, body: bytes) -> None:
        self._documents[url] = _Document(body, self._clock(), set())
        self._documents.move_to_end(url)
        if len(self._documents) > DOCUMENTS:
            self._documents.popitem(last=False)
