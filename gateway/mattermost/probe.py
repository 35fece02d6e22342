"""The check of a destination before messages go there: one finding a line, each with its remedy.

A channel over REST is proven without a post: the probe requests a reply to a post that does not exist, which the server
refuses for lack of permission first, and else for lack of the post. A webhook can only be proven by posting.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from time import time
from typing import Any

import msgspec
from msgspec import Struct
from yarl import URL

from gateway.mattermost.answers import Revealing
from gateway.mattermost.channel import Channels
from gateway.mattermost.history import PAGE_LIMIT
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.rest_answers import Case, posted
from gateway.mattermost.session import Session, decoded
from gateway.outbound.exchange import Unsent, exchange
from gateway.outbound.sessions import HttpSession

NO_POST = "a" * 26
"""A well-formed id that no post has."""

_NO_OVERRIDES = {
    "EnablePostUsernameOverride": "names of services are not shown: turn on EnablePostUsernameOverride in Mattermost",
    "EnablePostIconOverride": "icons of services are not shown: turn on EnablePostIconOverride in Mattermost",
}
_OUTSIDE = "the account is not a member of the channel"
_ADD = "add it to the channel"
_SETTINGS = "/config/client?format=old"


class Level(StrEnum):
    """The severity of a finding: `fault` means that messages do not arrive."""

    FINE = "ok"
    WARNING = "warning"
    FAULT = "fault"


class Finding(Struct, frozen=True):
    """One line about a destination, without a secret."""

    level: Level
    text: str


UNPROVEN = Finding(Level.WARNING, "a webhook can only be proven by posting: run again with --post")


async def probe_channel(session: Session, channels: Channels) -> list[Finding]:
    """Check a channel over REST without posting. Ends at the first fault."""
    found: list[Finding] = []
    try:
        settings = decoded(await session.call("GET", _SETTINGS), dict[str, Any])
        found += _of_server(settings)
        me = await session.me()
        kind = "bot" if me.is_bot else "user"
        found.append(Finding(Level.FINE, f"speaks as the {kind} {me.username}"))
        found.extend(_of_settings(settings))
        channel_id = await channels.id_of("")
        found.append(await _permission(session, channels, channel_id))
        if found[-1].level is Level.FINE:
            found += await _membership(session, channel_id)
    except Unsent as unsent:
        found.append(Finding(Level.FAULT, unsent.result.reason))
    return found


async def probe_hook(hook: Revealing, http: HttpSession, timeout: float) -> list[Finding]:  # noqa: ASYNC109
    """Check the server of a webhook without posting; the webhook itself stays UNPROVEN."""
    base = hook.reveal().rpartition("/hooks/")[0]
    try:
        url = URL(f"{base}/api/v4{_SETTINGS}", encoded=True)
        settings = decoded(await exchange(http, "GET", url, None, None, timeout), dict[str, Any])
    except Unsent as unsent:
        return [Finding(Level.FAULT, unsent.result.reason)]
    return _of_server(settings)


def _of_server(settings: Mapping[str, Any]) -> list[Finding]:
    version = settings.get("Version")
    if not isinstance(version, str) or len(version) > 20 or not version.replace(".", "").isdigit():
        return [Finding(Level.WARNING, "the server does not tell its version: check that it is Mattermost")]
    return [Finding(Level.FINE, f"Mattermost {version} answers")]


def _of_settings(settings: Mapping[str, Any]) -> Iterator[Finding]:
    for key, text in _NO_OVERRIDES.items():
        if settings.get(key) == "false":
            yield Finding(Level.WARNING, text)
    if settings.get("PostPriority") == "false":
        yield Finding(Level.WARNING, "priority labels are not shown: turn on PostPriority in Mattermost")
    limit, longest = _number(settings, "PostEditTimeLimit"), _number(settings, "MaxPostSize")
    if limit is not None:
        text = f"posts can be edited for {limit} s only, so that later changes of a card make new posts"
        yield Finding(Level.WARNING, f"{text}: set PostEditTimeLimit of Mattermost to -1")
    if longest is not None and longest < DEFAULT.message:
        text = f"posts hold {longest} characters, and messages have up to {DEFAULT.message}: longer ones are refused"
        yield Finding(Level.WARNING, f"{text}; migrate the Posts table of Mattermost's database")
    elif longest is not None:
        yield Finding(Level.FINE, f"posts hold {longest} characters")


def _number(settings: Mapping[str, Any], key: str) -> int | None:
    """The number that the server tells as a text; None for -1, which is no limit, and for what is no number."""
    text = settings.get(key)
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 9:
        return int(text)
    return None


async def _membership(session: Session, channel_id: str) -> list[Finding]:
    """What the account lacks in a channel that it may post in. Raises Unsent."""
    if (await session.call("GET", f"/channels/{channel_id}/members/me")).status == 200:
        return []
    if (await session.call("GET", f"/channels/{channel_id}/posts?per_page=1", limit=PAGE_LIMIT)).status == 200:
        return [Finding(Level.WARNING, f"{_OUTSIDE}: it joins by itself before it edits its first card")]
    return [
        Finding(Level.WARNING, f"{_OUTSIDE}, so that it cannot edit its cards: {_ADD}"),
        Finding(
            Level.WARNING,
            "the account may not read the channel, so that a crash of Mattermost, or an answer that gets lost, may "
            f"repeat a post: {_ADD}",
        ),
    ]


async def _permission(session: Session, channels: Channels, channel_id: str) -> Finding:
    """Whether the account may post, by the server's answer to a reply to a post that does not exist. Raises Unsent."""
    body = msgspec.json.encode({"channel_id": channel_id, "message": "mattergate check", "root_id": NO_POST})
    reply = await session.call("POST", "/posts", body)
    answer = posted(*reply, time())
    if answer.case is Case.ROOT:
        return Finding(Level.FINE, "may post in the channel")
    if answer.case is Case.PLACE:
        await channels.moved("", channel_id)
    reason = getattr(answer.result, "reason", "the server took a reply to a post that does not exist")
    return Finding(Level.FAULT, reason)
