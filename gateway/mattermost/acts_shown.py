"""What was done at a post, shown on it: who did what and when, in place of the buttons that did it. Pure.

    | Disk full on db1                          | Disk full on db1
    | [Acknowledge] [Silence v]         -->     | [Silence v]
                                                | Acknowledged by @ann, 2026-11-30 12:05 UTC

It works on the attachments as JSON: those of a message in the journal, and those in the `props` of a post.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec
from msgspec import Raw

from gateway.model import JSON

ROOM: Final = 30_000
"""Bytes that the lines of acts take at most, as many of them as the journal tells."""

_USER: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""A user name at Mattermost, which is Markdown as it is."""

_NAMELESS: Final = "somebody"

_decode = msgspec.json.Decoder(list[JSON]).decode
_encode = msgspec.json.Encoder().encode


class DoneAct(Protocol):
    """An action that was done at a post, at a time; `done` is what is said of it ("": its name)."""

    @property
    def at(self) -> float:
        """When, in seconds since the epoch."""

    @property
    def action(self) -> str:
        """The name of the action, which is that of its button."""

    @property
    def done(self) -> str:
        """What was done, as Markdown: "Acknowledged"."""

    @property
    def user_name(self) -> str:
        """Who did it, without the @."""

    @property
    def unknown(self) -> bool:
        """Whether nobody knows what became of it: it may be done again."""


def with_acts(attachments: Sequence[JSON], acts: Sequence[DoneAct], since: float = 0.0) -> list[JSON]:
    """The attachments with a line for each act in one more at the end, without the buttons of those done `since` then.

    Menus stay: what else they offer is still to be had. `since` is the time of the event that the attachments show: it
    offers anew what was done before, as far as that is still to be done.
    """
    if not acts:
        return list(attachments)
    gone = {act.action for act in acts if act.at >= since and not act.unknown}
    shown = [_without(one, gone) for one in attachments]
    lines = "\n".join(map(_line, acts))
    return [*(one for one in shown if one != {}), {"fallback": _told(acts[-1]), "text": lines}]


def raw_with_acts(attachments: Raw, acts: Sequence[DoneAct], since: float = 0.0) -> Raw:
    """The same for attachments that are encoded, empty for none."""
    return Raw(_encode(with_acts(_decode(attachments) if attachments else [], acts, since)))


def _without(attachment: JSON, gone: set[str]) -> JSON:
    """An attachment without these buttons; empty where it had nothing else."""
    actions = attachment.get("actions") if isinstance(attachment, Mapping) else None
    if not isinstance(actions, list):
        return attachment
    kept = [one for one in actions if not (one.get("type") == "button" and one.get("name") in gone)]
    rest = {key: value for key, value in attachment.items() if key != "actions"}
    return {**rest, "actions": kept} if kept else rest


def _line(act: DoneAct) -> str:
    name = f"@{act.user_name}" if _USER.fullmatch(act.user_name) else _NAMELESS
    when = datetime.fromtimestamp(act.at, UTC).strftime("%Y-%m-%d %H:%M")
    return f"{_told(act)} by {name}, {when} UTC"


def _told(act: DoneAct) -> str:
    return f"{act.action}: outcome unknown, clicked" if act.unknown else act.done or act.action
