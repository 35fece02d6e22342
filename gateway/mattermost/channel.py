"""The lookup of channel ids by name: one request for each name, and another when a post finds the channel closed.

A name is the name of a channel of the team (with or without `#`), `@user` for a direct message, or any channel's id.
"""

import re
from urllib.parse import quote

from msgspec import Struct
from msgspec.json import encode

from gateway.mattermost.answers import error_id
from gateway.mattermost.session import Me, Session, decoded
from gateway.model import Blame, Later
from gateway.outbound.exchange import Reply, Unsent

KNOWN = 1000
"""How many channel ids are cached: a translator may take the names of channels from payloads."""

_ID = re.compile(r"[a-z0-9]{26}")
_INVITE = "invite the account to it"
_NO_TEAM = "app.team.get_by_name.missing.app_error"


class _Channel(Struct):
    id: str
    delete_at: int = 0


class Channels:
    """The channels of one destination. `team` is the name of a team, empty when `channel` needs none."""

    def __init__(self, session: Session, team: str, channel: str) -> None:
        self._session = session
        self._team = team
        self._channel = channel
        self._known: dict[str, str] = {}

    async def id_of(self, name: str) -> str:
        """The id of the channel `name` that a message gives; empty: the destination's channel. Raises Unsent."""
        key = name or self._channel
        known = self._known.get(key)
        return known if known is not None else await self._learn(key)

    async def moved(self, name: str, stale: str) -> str:
        """The new id of a channel after the server refused a post to its id `stale`.

        Raises Unsent, with a reason, when the channel has no other id.
        """
        key = name or self._channel
        self._known.pop(key, None)
        if _ID.fullmatch(key):
            await self._check(key)
        else:
            fresh = await self._learn(key)
            if fresh != stale:
                return fresh
        raise Unsent(
            _refused(
                f"403: the account is not a member of {self._describe(key)}, or may not post there: {_INVITE}",
                status=403,
            )
        )

    async def _learn(self, key: str) -> str:
        found = await self._look_up(key)
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[key] = found
        return found

    async def _look_up(self, key: str) -> str:
        if key.startswith("@"):
            return await self._direct(key)
        if _ID.fullmatch(key):
            return key
        if not self._team:
            text = f"{self._describe(key)} cannot be found without a team: set `team` of the destination"
            raise Unsent(_refused(text, 0))
        name = quote(key.lstrip("#~"), safe="")
        path = f"/teams/name/{quote(self._team, safe='')}/channels/name/{name}?include_deleted=true"
        return self._open(key, await self._session.call("GET", path))

    async def _check(self, key: str) -> None:
        self._open(key, await self._session.call("GET", f"/channels/{key}"))

    def _open(self, key: str, reply: Reply) -> str:
        """The id of the channel in a reply. Raises Unsent when it is archived, unknown or private."""
        if reply.status in (400, 403, 404) and (name := error_id(reply.body)):
            if name == _NO_TEAM:
                raise Unsent(
                    _refused(f"404: there is no team {self._team!r}: check `team` (the name in its URL)", reply.status)
                )
            text = (
                f"{self._describe(key)} does not exist, or is private and the account is not in it: check it, or "
                f"{_INVITE}"
            )
            raise Unsent(_refused(f"{reply.status}: {text}", reply.status))
        channel = decoded(reply, _Channel)
        if channel.delete_at:
            text = f"{self._describe(key)} is archived: unarchive it, or name another one"
            raise Unsent(_refused(f"400: {text}", 400))
        return channel.id

    async def _direct(self, key: str) -> str:
        """The id of the direct channel between the account and a user; the server creates it when it is missing."""
        reply = await self._session.call("GET", f"/users/username/{quote(key[1:].lower(), safe='')}")
        if reply.status in (400, 404) and error_id(reply.body):
            text = f"{self._describe(key)} does not exist: check the user name behind the @"
            raise Unsent(_refused(f"404: {text}", reply.status))
        user = decoded(reply, Me)
        me = await self._session.me()
        return decoded(await self._session.call("POST", "/channels/direct", encode([me.id, user.id])), _Channel).id

    def _describe(self, key: str) -> str:
        """Describe a channel in a reason; a name from outside the settings may hold anything and is not repeated."""
        kind = "user" if key.startswith("@") else "channel"
        return f"the {kind} {key!r}" if key == self._channel else f"the {kind} that the route or the message names"


def _refused(reason: str, status: int) -> Later:
    """The result of an attempt whose channel cannot be used; an administrator of Mattermost can mend that."""
    return Later(reason, None, "4xx", status, Blame.UNKNOWN)
