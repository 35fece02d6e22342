"""The ring of fetched keys: what is kept and for how long, and how seldom anybody is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from msgspec.structs import replace

from gateway.model import FetchOutcome
from gateway.outbound import keyring
from gateway.outbound.fetch import NotFetched
from gateway.outbound.keyring import FRESH, INTERVAL, MOST_NEW, OLDEST, UNKNOWN_FOR, Keyring
from gateway.verify.keys import KeyRequest
from tests.outbound.authority import jwks

URL = "https://login.example.com/keys"
ALLOWED = ("login.example.com", "*.keys.example.com")


def asks(kid: str = "", url: str = URL) -> KeyRequest:
    """What a request needs."""
    return KeyRequest("jwks", url, ALLOWED, kid)


class Bed:
    """A keyring whose clock and servers a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.kids: Sequence[str] = ("a",)
        self.asked: list[str] = []
        self.counted: list[str] = []
        self.fault: NotFetched | None = None
        self.raw: bytes | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.ring = Keyring(self.get, self.report, lambda: self.now)

    def report(self, host: str, outcome: FetchOutcome, why: str) -> None:
        """Note what is told of a fetch."""
        assert host in URL or host.endswith(".keys.example.com")
        assert bool(why) is (outcome is not FetchOutcome.FETCHED)
        self.counted.append(outcome.value)

    async def get(self, request: KeyRequest) -> bytes:
        """Answer as the servers would."""
        self.asked.append(request.url)
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        return jwks(*self.kids) if self.raw is None else self.raw

    async def kids_for(self, *requests: KeyRequest, wait: float = 3.0) -> list[str] | None:
        """The ids in the document that one request gets; None without one."""
        given = await self.ring.of(requests, wait)
        if not given:
            return None
        (document,) = given.values()
        return [key["kid"] for key in json.loads(document)["keys"]]


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    """A ring without keys."""
    made = Bed()
    yield made
    await made.ring.close()


async def settle() -> None:
    """Let the tasks that run come to where they wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_document_is_fetched_once(bed):
    """Requests that come at the same time share it, and those of the next hour."""
    first = await asyncio.gather(*(bed.kids_for(asks("a")) for _ in range(20)))
    bed.now += FRESH - 1
    assert [*first, await bed.kids_for(asks("a"))] == [["a"]] * 21
    assert await bed.ring.of([]) == {}
    assert (bed.asked, bed.counted) == ([URL], ["fetched"])


async def test_an_old_document_is_fetched_beside_the_request(bed):
    """Nobody waits for that, and while the host is down the old one is used, for a day."""
    await bed.kids_for(asks("a"))
    bed.fault, bed.now = NotFetched(FetchOutcome.UNREACHABLE, "no answer"), bed.now + FRESH
    assert await bed.kids_for(asks("a")) == ["a"]
    await settle()
    assert bed.counted == ["fetched", "unreachable"]
    bed.now += OLDEST - FRESH - 1
    assert await bed.kids_for(asks("a")) == ["a"]
    await settle()
    bed.now += INTERVAL
    assert await bed.kids_for(asks("a")) is None


async def test_rotated_keys(bed):
    """A key id that is new has the document fetched again, at most once a minute."""
    await bed.kids_for(asks("a"))
    bed.kids, bed.now = ("a", "b"), bed.now + INTERVAL - 1
    assert await bed.kids_for(asks("b")) is None  # whether there is such a key is not known yet
    assert await bed.kids_for(asks("a")) == ["a"]
    bed.now += 1
    assert await bed.kids_for(asks("b")) == ["a", "b"]
    assert len(bed.asked) == 2


async def test_an_unknown_key_id(bed):
    """It is remembered, so that it has nothing fetched for a while; then it is asked for again."""
    assert await bed.kids_for(asks("x")) == ["a"]  # a document without it: there is no such key
    bed.now += INTERVAL
    assert await bed.kids_for(asks("x")) == ["a"]
    assert len(bed.asked) == 1
    bed.now += UNKNOWN_FOR
    bed.kids = ("x",)
    assert await bed.kids_for(asks("x")) == ["x"]
    assert len(bed.asked) == 2


async def test_a_thousand_forged_key_ids(bed):
    """They cause one fetch, also when they wait for it together; what is remembered of them is bounded."""
    await bed.kids_for(asks("a"))
    bed.now += INTERVAL
    bed.open.clear()
    some = [asyncio.ensure_future(bed.kids_for(asks(f"forged {number}"))) for number in range(500)]
    await settle()
    bed.open.set()
    await asyncio.gather(*some)
    for number in range(500, 2500):
        await bed.kids_for(asks(f"forged {number}"))
        bed.now += 0.01
    assert len(bed.asked) == 2  # a second time for the first of them
    bed.now += INTERVAL
    assert await bed.kids_for(asks("x" * 10_000)) == ["a"]
    assert len(bed.ring._unknown) <= keyring.UNKNOWN
    assert max(len(one.kid) for one in bed.ring._unknown) < 100
    assert await bed.kids_for(asks("a")) == ["a"]


@pytest.mark.parametrize("outcome", [FetchOutcome.UNREACHABLE, FetchOutcome.STATUS, FetchOutcome.TOO_LARGE])
async def test_a_host_that_gives_nothing(bed, outcome):
    """It is asked again after a minute."""
    bed.fault = NotFetched(outcome, "no")
    assert [await bed.kids_for(asks("a")) for _ in range(10)] == [None] * 10
    assert (len(bed.asked), bed.counted) == (1, [outcome])
    bed.fault, bed.now = None, bed.now + INTERVAL
    assert await bed.kids_for(asks("a")) == ["a"]


@pytest.mark.parametrize("raw", [b"<html>", b"{}", b'{"keys": []}', b'{"keys": [{"kid": "a"}]}', b"\xff"])
async def test_what_is_no_key(bed, raw):
    """It is as good as nothing, and does not replace what was good."""
    await bed.kids_for(asks("a"))
    bed.raw, bed.now = raw, bed.now + FRESH
    await bed.kids_for(asks("a"))
    await settle()
    assert bed.counted == ["fetched", "unusable"]
    assert await bed.kids_for(asks("a")) == ["a"]


async def test_whoever_waits_gives_up_and_the_fetch_goes_on(bed):
    """The sender's next try finds the key."""
    bed.open.clear()
    assert await bed.kids_for(asks("a"), wait=0.01) is None
    bed.open.set()
    await settle()
    assert await bed.kids_for(asks("a")) == ["a"]
    assert len(bed.asked) == 1


async def test_few_requests_wait(bed, monkeypatch):
    """Those beyond do without: each holds a connection, and its body."""
    monkeypatch.setattr(keyring, "WAITING", 2)
    bed.open.clear()
    waiting = [asyncio.ensure_future(bed.kids_for(asks("a"))) for _ in range(2)]
    await settle()
    assert await bed.kids_for(asks("a"), wait=3600) is None
    bed.open.set()
    assert await asyncio.gather(*waiting) == [["a"], ["a"]]


async def test_urls_that_requests_name(bed):
    """Of those that have given nothing, a host is asked for one a minute, and all hosts for few."""
    for number in range(5):
        await bed.kids_for(asks("a", f"https://one.keys.example.com/{number}"))
    assert bed.asked == ["https://one.keys.example.com/0"]
    for number in range(100):
        await bed.kids_for(asks("a", f"https://host{number}.keys.example.com/"))
    assert len(bed.asked) == MOST_NEW
    assert len(bed.ring._not_before) <= 2 * MOST_NEW


async def test_a_known_url_does_not_wait_for_strangers(bed):
    """Whoever has the gateway ask a host for what is not there keeps nobody's keys from being fetched again."""
    await bed.kids_for(asks("a"))
    bed.now += OLDEST
    for number in range(MOST_NEW):
        await bed.kids_for(asks("a", f"https://host{number}.keys.example.com/"))
    await bed.kids_for(asks("a", f"{URL}/no"))
    assert await bed.kids_for(asks("a")) == ["a"]
    assert bed.asked[-1] == URL


async def test_one_fetch_of_a_host_at_a_time(bed):
    """Another URL of it does without."""
    await bed.kids_for(asks("a"))
    bed.now += OLDEST
    bed.open.clear()
    slow = asyncio.ensure_future(bed.kids_for(asks("a", f"{URL}/more")))
    await settle()
    assert await bed.kids_for(asks("a")) is None
    bed.open.set()
    assert await slow == ["a"]


async def test_documents_are_few(bed, monkeypatch):
    """The least recently used one goes."""
    monkeypatch.setattr(keyring, "DOCUMENTS", 2)
    for name in ("one", "two", "one", "three"):
        await bed.kids_for(asks("a", f"https://{name}.keys.example.com/"))
    assert [url.split(".")[0] for url in bed.ring._documents] == ["https://one", "https://three"]


async def test_the_end(bed):
    """What is being fetched is given up, and counted."""
    bed.open.clear()
    waiting = asyncio.ensure_future(bed.kids_for(asks("a")))
    await settle()
    await bed.ring.close()
    assert (await waiting, bed.counted) == (None, ["unreachable"])


def test_requests_are_told_apart():
    """The id of a key belongs to the document that it was sought in."""
    one: Callable[[], KeyRequest] = asks
    assert one() == asks()
    assert replace(one(), url=f"{URL}2") != one()
