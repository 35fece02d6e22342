"""What was said while nobody listened, over REST: the channels of an account, and their posts from a time on.

    GET channels/ID/posts?since=     what changed, at most MOST: one request for each channel with news
    before= ... a post of before     where that is too much: back to a post from which to go on,
    after= ...                       and forward from there, page by page

`since` is exclusive, so it asks for one millisecond more. `before` and `after` leave out whatever has the very time of
their post: so each page begins at a post behind which something of the former page comes again.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.mattermost.session import Me, Session, decoded
from gateway.model import Later
from gateway.outbound.exchange import Reply, Unsent
from gateway.sources.hearing import EVERYBODY, Memory, names_in
from gateway.sources.posts import Post, decode, while_member

MOST: Final = 1000
"""The most posts that `since` tells, and nobody knows which."""

PAGE: Final = 200
LIST_LIMIT: Final = 32_000_000
"""Bytes of one answer; a longer page is requested in smaller ones."""

MARGIN: Final = 60_000
"""Milliseconds by which the time of a channel's last post may be behind."""

THREAD_PAGES: Final = 10
_GONE: Final = (403, 404)
"""The statuses for a channel that was left, or is gone."""


class Channel(Struct, frozen=True):
    """A channel as REST lists it: `type` is O, P, D (direct) or G (a group)."""

    id: str
    name: str = ""
    display_name: str = ""
    type: str = ""
    team_id: str = ""
    last_post_at: int | None = None

    def has_news(self, since: float) -> bool:
        """Whether something may have been said there since a time."""
        return self.last_post_at is None or self.last_post_at >= since - MARGIN


class Said(Struct, frozen=True):
    """A post with the data of its `posted` event."""

    post: Post
    data: dict[str, Any]


class _Listed(Struct):
    """A page of posts: `order` is newest first."""

    order: list[str] | None = None
    posts: dict[str, msgspec.Raw] | None = None


class _Name(Struct):
    username: str = ""


class _Thread(Struct):
    order: list[str] | None = None
    posts: dict[str, Post] | None = None
    has_next: bool = False


_Page = list[tuple[Post, str]]
"""Posts with their JSON, oldest first."""


class _TooLarge(Exception):  # noqa: N818 - states a condition
    """The answer has more than LIST_LIMIT bytes."""


class Past:
    """Reads what one account may read. Every call may raise Unsent."""

    def __init__(self, session: Session, me: Me, page: int = PAGE) -> None:
        self._session = session
        self._me = me
        self._size = page
        self._names = Memory()

    async def channels(self) -> Sequence[Channel]:
        """The channels of all teams that the account is in, direct ones too."""
        reply = await self._session.call("GET", "/users/me/channels", limit=LIST_LIMIT)
        return decoded(reply, list[Channel])

    async def said(self, channel: Channel, start: float) -> AsyncIterator[Said]:
        """What was said in a channel from a time on, oldest first, some of it perhaps twice."""
        async for page in self._pages(channel.id, int(start)):
            texts = {post.id: text for post, text in page}
            for post in while_member((post for post, _ in page), self._me.id):
                if post.said and post.create_at >= start:
                    yield Said(post, await self._data(channel, post, texts[post.id]))

    async def takes_part(self, root_id: str) -> bool:
        """Whether the account has posted in a thread, as far as its first few pages tell."""
        path, more = f"/posts/{root_id}/thread?perPage={self._size}&direction=down", ""
        for _ in range(THREAD_PAGES):
            reply = await self._session.call("GET", path + more, limit=LIST_LIMIT)
            if reply.status in _GONE:
                return False
            found = decoded(reply, _Thread)
            posts = found.posts or {}
            if any(post.user_id == self._me.id for post in posts.values()):
                return True
            if not found.has_next or not found.order:
                return False
            last = posts[found.order[-1]]
            more = f"&fromPost={last.id}&fromCreateAt={last.create_at}"
        return False

    async def _pages(self, channel_id: str, start: int) -> AsyncIterator[_Page]:
        try:
            listed = await self._listed(channel_id, f"since={max(start - 1, 1)}")
        except _TooLarge:
            listed = None
        if listed is not None and len(listed) < MOST:
            yield listed
            return
        anchor, first = await self._begin(channel_id, start)
        yield first
        if anchor:
            async for page in self._walk(channel_id, "after", anchor):
                yield page

    async def _begin(self, channel_id: str, start: int) -> tuple[str, _Page]:
        """A post of before a time; where there is none, the oldest one, and all of its very time."""
        oldest: _Page = []
        async for page in self._walk(channel_id, "before"):
            if early := [post for post, _ in page if post.create_at < start]:
                return early[-1].id, []
            moment = page[0][0].create_at
            oldest = [entry for entry in page + oldest if entry[0].create_at == moment]
        return (oldest[0][0].id if oldest else ""), oldest

    async def _walk(self, channel_id: str, way: str, anchor: str = "") -> AsyncIterator[_Page]:
        """All pages before or after a post; each has something of the former, so that nothing is between them."""
        known: set[str] = set()
        number = 0
        while True:
            page, number = await self._page(channel_id, f"{way}={anchor}" if anchor else "", number)
            if known.issuperset(post.id for post, _ in page):
                return
            yield page
            known = {post.id for post, _ in page}
            edge = page[-1 if way == "after" else 0][0].create_at
            inner = [post.id for post, _ in page if post.create_at != edge]
            if inner:
                anchor, number = inner[-1 if way == "after" else 0], 0
            else:
                number += 1

    async def _page(self, channel_id: str, place: str, number: int) -> tuple[_Page, int]:
        """The page of a number, and the number; smaller ones from now on where an answer is too large."""
        while True:
            try:
                return await self._listed(channel_id, f"{place}&per_page={self._size}&page={number}"), number
            except _TooLarge:
                if self._size == 1:
                    raise Unsent(Later(f"a post has more than {LIST_LIMIT:,} bytes")) from None
                smaller = max(1, self._size // 5)
                self._size, number = smaller, number * (self._size // smaller)

    async def _listed(self, channel_id: str, query: str) -> _Page:
        path = f"/channels/{channel_id}/posts?{query}&skipFetchThreads=true"
        reply: Reply = await self._session.call("GET", path, limit=LIST_LIMIT)
        if reply.status in _GONE:
            return []
        if len(reply.body) >= LIST_LIMIT:
            raise _TooLarge
        listed = decoded(reply, _Listed)
        raw = listed.posts or {}
        page: _Page = []
        for text in (bytes(raw[one]).decode() for one in reversed(listed.order or ()) if one in raw):
            with suppress(msgspec.DecodeError):  # what is no post is nothing that was said
                page.append((decode(text), text))
        return sorted(page, key=lambda entry: entry[0].create_at)

    async def _data(self, channel: Channel, post: Post, text: str) -> dict[str, Any]:
        """What a `posted` event would have told."""
        author = f"@{await self._name(post.user_id)}"
        props = post.props or {}
        shown = str(props.get("override_username") or "webhook") if props.get("from_webhook") == "true" else author
        data = {
            "channel_display_name": author if channel.type == "D" else channel.display_name,
            "channel_name": channel.name,
            "channel_type": channel.type,
            "post": text,
            "sender_name": shown,
            "set_online": True,
            "team_id": channel.team_id,
        }
        meant = EVERYBODY | {self._me.username}
        if channel.type == "D" or not meant.isdisjoint(names_in(post.message)):
            data["mentions"] = msgspec.json.encode([self._me.id]).decode()
        return data

    async def _name(self, user_id: str) -> str:
        known = self._names.get(user_id)
        if known is None:
            reply = await self._session.call("GET", f"/users/{user_id}")
            known = "" if reply.status in _GONE else decoded(reply, _Name).username
            self._names.put(user_id, known)
        return str(known)
