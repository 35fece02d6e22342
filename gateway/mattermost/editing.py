"""Why a card cannot be edited, and what helps: the account joins the channel by itself, or the operator is told.

    edit refused --> not a member --> joins (public channel of its team)  --> edit once more
                                  `-> may not join                        --> barred: warning
                 `-> a member     --> its own post is there               --> barred: warning
                                  `-> the post is gone, or another's      --> gone

Mattermost answers 403 to all of these. A bot with a role that posts anywhere need not be a member to post, but must be
one to edit, whatever its role.
"""

from collections.abc import Callable
from enum import StrEnum
from time import monotonic, time

import structlog
from msgspec import Struct
from msgspec.json import encode

from gateway.mattermost.answers import error_id
from gateway.mattermost.rest_answers import failed, put_off
from gateway.mattermost.session import Session, decoded
from gateway.outbound.exchange import Reply, Unsent

JOIN_AGAIN = 6 * 3600.0
"""Seconds between two attempts to join a channel."""

CHANNELS = 100
"""How many channels are remembered."""

_OUTSIDE = "the account is not a member of the channel: add it to the channel"
_NO_RIGHT = "the account lacks the permission to edit its own posts: give it edit_post"
_INSTEAD = "cards cannot be edited, so that every change makes a new post"

log = structlog.get_logger("gateway.mattermost")


class Verdict(StrEnum):
    """What a refused edit means."""

    GONE = "gone"
    """The post is gone, or was another account's."""
    JOINED = "joined"
    """The account has just become a member: the edit may succeed now."""
    BARRED = "barred"
    """The post is there, but the account may not edit it."""


class _Post(Struct):
    user_id: str


class Editing:
    """The channels in which one destination's account may not edit. `name` is the destination's name."""

    def __init__(self, session: Session, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._session = session
        self._name = name
        self._clock = clock
        self._barred: dict[str, str] = {}
        self._join_at: dict[str, float] = {}

    @property
    def warning(self) -> str:
        """Why cards cannot be edited, with the remedy; empty when they can, as far as is known."""
        return next((f"{_INSTEAD}: {why}" for why in self._barred.values()), "")

    def succeeded(self, channel_id: str) -> None:
        """An edit in this channel succeeded."""
        if self._barred and self._barred.pop(channel_id, ""):
            log.info("cards can be edited again", destination=self._name, channel=channel_id)

    async def refused(self, post_id: str, channel_id: str) -> Verdict:
        """What the refusal to edit a post in this channel means. Raises Unsent when the server does not tell."""
        if not _granted(await self._session.call("GET", f"/channels/{channel_id}/members/me")):
            if await self._join(channel_id):
                return Verdict.JOINED
            return self._bar(channel_id, _OUTSIDE)
        reply = await self._session.call("GET", f"/posts/{post_id}")
        if not _granted(reply) or decoded(reply, _Post).user_id != (await self._session.me()).id:
            return Verdict.GONE
        return self._bar(channel_id, _NO_RIGHT)

    async def _join(self, channel_id: str) -> bool:
        """Join the channel, unless that was tried lately; returns whether it succeeded. Raises Unsent."""
        if self._join_at.get(channel_id, 0.0) > self._clock():
            return False
        me = await self._session.me()
        joined = _granted(
            await self._session.call("POST", f"/channels/{channel_id}/members", encode({"user_id": me.id}))
        )
        if len(self._join_at) >= CHANNELS:
            self._join_at.clear()
        self._join_at[channel_id] = self._clock() + JOIN_AGAIN
        if joined:
            log.info("joined a channel to edit cards there", destination=self._name, channel=channel_id)
        return joined

    def _bar(self, channel_id: str, why: str) -> Verdict:
        if self._barred.get(channel_id) != why:
            log.warning(_INSTEAD, destination=self._name, channel=channel_id, why=why)
            if len(self._barred) >= CHANNELS:
                self._barred.clear()
            self._barred[channel_id] = why
        return Verdict.BARRED


def _granted(reply: Reply) -> bool:
    """Whether Mattermost did what was asked, or else refused it. Raises Unsent when neither is certain."""
    if 200 <= reply.status < 300:
        return True
    if reply.status in (400, 403, 404) and error_id(reply.body):
        return False
    raise Unsent(put_off(failed(*reply, time()), "looking why a card cannot be edited"))
