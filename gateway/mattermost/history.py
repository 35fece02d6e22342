"""The newest posts of channels, read back to a moment, to find the post that has a marker.

    page 0 (newest) -- page 1 -- ... -- until the marker is found, or the page holds posts from before the moment

`GET /channels/{id}/posts?since=` would be one request, but above 1,000 posts the server leaves out whichever it likes;
pages are complete. What is read of a channel serves all look-ups that it is new and deep enough for: after an outage
many messages are looked for at once.
"""

import asyncio
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from math import inf
from time import monotonic, time
from typing import Any

import structlog
from msgspec import Struct

from gateway.mattermost.answers import error_id
from gateway.mattermost.rest_answers import put_off
from gateway.mattermost.session import Session, decoded
from gateway.model import Later, Never
from gateway.outbound.exchange import Reply, Unsent

PAGE = 200
"""Posts of a page: the most that the server gives. Smaller pages it may answer from a cache."""

PAGES = 50
"""Pages after which a look-up ends without a finding."""

PAGE_LIMIT = 32_000_000
"""Bytes of an answer: a page of posts of usual size has 2 MB at most."""

MARGIN = 60.0
"""Seconds by which the clocks that date posts and answers may differ, and the roundings of both."""

CHANNELS = 32
"""How many channels are remembered."""

log = structlog.get_logger("gateway.mattermost")


class _Props(Struct):
    mattergate: Any = ""  # another account may have put anything there


class _Post(Struct):
    create_at: int
    props: _Props | None = None


class _Page(Struct):
    order: list[str]
    posts: dict[str, _Post]


class _Reading:
    """What was read of a channel: `taken` is when its newest page was asked for, `reached` when its oldest was made.

    Both are times of the monotonic clock; nothing more can be read when `reached` is minus infinity. `found` maps
    markers to ids of posts.
    """

    def __init__(self, taken: float) -> None:
        self.taken = taken
        self.reached = inf
        self.pages = 0
        self.found: dict[str, str] = {}


class History:
    """Finds posts of one account's channels by their markers. `name` is the destination's name."""

    def __init__(
        self, session: Session, name: str, clock: Callable[[], float] = monotonic, wall: Callable[[], float] = time
    ) -> None:
        self._session = session
        self._name = name
        self._clock = clock
        self._wall = wall
        self._readings: dict[str, _Reading] = {}
        self._told: set[tuple[str, str]] = set()
        self._reading = asyncio.Lock()
        self._failed: Later | Never | None = None
        self._failed_at = 0.0

    async def find(self, channel_id: str, marker: str, since: float, ended: float) -> str:
        """The id of the post with the marker, made after `since`; empty when there is none or nobody can tell.

        `ended` is when the last attempt that may have made it was over; both are times of the monotonic clock. Raises
        Unsent with a Later when the server does not answer.
        """
        asked = self._clock()
        async with self._reading:  # those that wait find what the first one read, or fail as it did
            if self._failed is not None and self._failed_at > asked:
                raise Unsent(self._failed)
            reading = self._reading_of(channel_id, ended)
            while marker not in reading.found and reading.reached > since - MARGIN:
                try:
                    await self._read(channel_id, reading)
                except Unsent as unsent:
                    self._failed, self._failed_at = unsent.result, self._clock()
                    raise
            return reading.found.get(marker, "")

    def _reading_of(self, channel_id: str, ended: float) -> _Reading:
        """What was read after `ended`, or else a new reading."""
        known = self._readings.pop(channel_id, None)
        reading = known if known is not None and known.taken > ended else _Reading(self._clock())
        self._readings[channel_id] = reading
        if len(self._readings) > CHANNELS:
            del self._readings[next(iter(self._readings))]
        return reading

    async def _read(self, channel_id: str, reading: _Reading) -> None:
        """Read one page more, or find that there is no more to be read. Raises Unsent."""
        query = f"page={reading.pages}&per_page={PAGE}&skipFetchThreads=true"
        try:
            reply = await self._session.call("GET", f"/channels/{channel_id}/posts?{query}", limit=PAGE_LIMIT)
            if why := _unreadable(reply):
                self._give_up(channel_id, reading, why)
                return
            page = decoded(reply, _Page)
        except Unsent as unsent:  # the message waits until the server tells: this is no leave to post twice
            raise Unsent(put_off(unsent.result, "looking whether an earlier attempt arrived")) from None
        reading.pages += 1
        reading.found |= {marker: post_id for post_id, post in page.posts.items() if (marker := _marker(post))}
        made = [page.posts[post_id].create_at / 1000 for post_id in page.order if post_id in page.posts]
        if len(made) < PAGE:
            reading.reached = -inf
        elif reading.pages == PAGES:
            self._give_up(channel_id, reading, f"its {PAGES * PAGE} newest posts do not reach back to that attempt")
        else:
            reading.reached = min(made) - self._server_time(reply.headers) + self._clock()

    def _server_time(self, headers: Mapping[str, str]) -> float:
        """The server's time in epoch seconds, by which it dates posts: that of its answer, to the second."""
        try:
            return parsedate_to_datetime(headers.get("Date", "")).timestamp()
        except (ValueError, OverflowError):
            return self._wall()

    def _give_up(self, channel_id: str, reading: _Reading, why: str) -> None:
        """Read no further; the first time for this cause, say so."""
        reading.reached = -inf
        if (channel_id, why) in self._told:
            return
        if len(self._told) >= CHANNELS:
            self._told.clear()
        self._told.add((channel_id, why))
        log.warning(
            "cannot tell whether earlier attempts arrived: messages may be posted twice",
            destination=self._name,
            channel=channel_id,
            why=why,
        )


def _marker(post: _Post) -> str:
    return post.props.mattergate if post.props is not None and isinstance(post.props.mattergate, str) else ""


def _unreadable(reply: Reply) -> str:
    """Why the answer has no posts of the channel, if there is no use in asking again."""
    if reply.status in (400, 403, 404) and error_id(reply.body):
        return "the account may not read it: add the account to the channel"
    if len(reply.body) >= PAGE_LIMIT:
        return f"{PAGE} of its posts are larger than {PAGE_LIMIT // 1_000_000} MB"
    return ""
