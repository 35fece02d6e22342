"""Who may do what: asked of the Mattermost server by the bot of a table; and what a person is asked first.

An action is confirmed by a second click of the same person: nothing of it is shown to others, and no post changes.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from gateway.callbacks.ticket import Ticket
from gateway.settings.callbacks import CallbackSettings

CONFIRM: Final = 60.0
"""Seconds within which the second click confirms the first."""

_MOST: Final = 10_000
"""First clicks that are remembered; the oldest go."""

_NO_BOT: Final = "Nobody may do this now: who may is asked of the server by a bot, and [callbacks.{}] names none."


class Members(Protocol):
    """The members of a server; see `mattermost.members`."""

    async def allowed(self, allow: Sequence[str], user_id: str, channel_id: str) -> str:
        """Who may, in words; nothing where one of `allow` is this user."""


class Permits:
    """`members` gives those of the server of a bot; None for a bot that is not there."""

    def __init__(self, members: Callable[[str], Members | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._members = members
        self._clock = clock
        self._asked: OrderedDict[tuple[str, str, str], tuple[float, str]] = OrderedDict()

    async def denied(self, table: CallbackSettings, said: Mapping[str, Any], allow: Sequence[str] = ()) -> str:
        """Why a person may not, in words for them; "" when they may. `allow` is what the document says.

        What the settings say holds instead.
        """
        who = table.allow or allow
        if not who:
            return ""
        members = self._members(table.bot) if table.bot else None
        if members is None:
            return _NO_BOT.format(table.name)
        user, channel = said.get("user", {}).get("id", ""), said.get("channel", {}).get("id", "")
        return await members.allowed(who, user, channel)

    def confirmed(self, ticket: Ticket, option: str, user: str, click: str) -> bool:
        """Whether this is the second click of a person on a button; the first one is remembered.

        `click` is the id of a click ("": unknown): one that is sent twice confirms nothing.
        """
        key, now = (ticket.id, option, user), self._clock()
        until, first = self._asked.pop(key, (0.0, ""))
        if now < until and (not click or click != first):
            return True
        self._asked[key] = now + CONFIRM, click
        while len(self._asked) > _MOST:
            self._asked.popitem(last=False)
        return False
