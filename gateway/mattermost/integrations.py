"""What an administrator sets up at a Mattermost server over REST: outgoing webhooks, slash commands and bots.

Contract sections 3 and 4. A webhook that is changed without its token has none afterwards, so that it is always sent
along; a command keeps the one that it was made with.
"""

from collections.abc import Mapping, Sequence
from time import time
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gateway.mattermost.answers import error_id, shown_id
from gateway.mattermost.rest_answers import failed
from gateway.mattermost.session import Me, Session, decoded
from gateway.model import Blame, Later
from gateway.outbound.exchange import Reply, Unsent
from gateway.secret import Secret

HOOKS: Final = "/hooks/outgoing"
COMMANDS: Final = "/commands"

_LIST_LIMIT: Final = 16_000_000
"""Bytes of a list that are read."""
_PAGE: Final = 200
_PAGES: Final = 50

_RIGHTS: Final = "its account may not do that: take the token of a system administrator"
_REFUSALS: Final = {
    "api.command.duplicate_trigger": "another command of the team, or of Mattermost itself, has this trigger",
    "api.command.disabled": "slash commands are off: turn on EnableCommands",
    "api.outgoing_webhook.disabled": "outgoing webhooks are off (EnableOutgoingWebhooks), or the channel is not public",
    "api.webhook.create_outgoing.intersect": "another webhook of the channel has this URL and this trigger word",
    "api.webhook.update_outgoing.intersect": "another webhook of the channel has this URL and this trigger word",
    "api.bot.create_disabled": "bots are off: turn on EnableBotAccountCreation",
    "api.user.create_user_access_token": "access tokens are off: turn on EnableUserAccessTokens",
}

Fields = Mapping[str, Any]
T = TypeVar("T")


class Integration(Struct, frozen=True):
    """A webhook or a command as the server has it: its fields by the names of REST, and apart from them its token."""

    fields: Fields
    token: Secret

    @property
    def team(self) -> str:
        """The id of its team."""
        return str(self.fields.get("team_id", ""))


class Team(Struct, frozen=True):
    """A team: the id, the name in its URL."""

    id: str
    name: str
    delete_at: int = 0


class _Channel(Struct):
    name: str


class _Bot(Struct):
    user_id: str


class _Token(Struct):
    id: str
    token: str


class AccessToken(Struct, frozen=True):
    """A new access token, and the id by which it can be revoked."""

    id: str
    token: Secret


class Integrations:
    """The calls, over the session of an administrator. Each raises Unsent, which says what the server refused."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def teams(self) -> list[Team]:
        """The teams that are not archived."""
        return [team for team in await self._pages("/teams", Team) if not team.delete_at]

    async def hooks(self) -> list[Integration]:
        """The outgoing webhooks of all teams."""
        return [_integration(one) for one in await self._pages(HOOKS, dict[str, Any])]

    async def commands(self, team: str) -> list[Integration]:
        """The slash commands of a team, but those that are built in."""
        path = f"{COMMANDS}?team_id={team}&custom_only=true"
        return [_integration(one) for one in await self._ask("GET", path, list[dict[str, Any]])]

    async def create(self, kind: str, fields: Fields, token: Secret) -> Integration:
        """Create a webhook (`kind` HOOKS) or a command (COMMANDS) with this token."""
        return _integration(await self._ask("POST", kind, dict[str, Any], {**fields, "token": token.reveal()}))

    async def update(self, kind: str, found: Integration, changed: Fields, token: Secret) -> Integration:
        """Change fields of a webhook or command, and leave the others as they are."""
        body = {**found.fields, **changed, "token": token.reveal()}
        return _integration(await self._ask("PUT", f"{kind}/{found.fields['id']}", dict[str, Any], body))

    async def user(self, name: str) -> Me | None:
        """The user of a name."""
        reply = await self._session.call("GET", f"/users/username/{quote(name.lower(), safe='')}")
        return None if reply.status in (400, 404) and error_id(reply.body) else _taken(reply, Me)

    async def create_bot(self, name: str, description: str) -> str:
        """Make a bot; gives the id of its user."""
        body = {"username": name, "display_name": name, "description": description}
        made: _Bot = await self._ask("POST", "/bots", _Bot, body)
        return made.user_id

    async def enable_bot(self, user: str) -> None:
        """Turn a bot on that somebody turned off."""
        await self._ask("POST", f"/bots/{user}/enable", Any)

    async def new_token(self, user: str, description: str) -> AccessToken:
        """Make an access token of a bot."""
        made = await self._ask("POST", f"/users/{user}/tokens", _Token, {"description": description})
        return AccessToken(made.id, Secret(made.token))

    async def revoke(self, token: AccessToken) -> None:
        """Revoke an access token."""
        await self._ask("POST", "/users/tokens/revoke", Any, {"token_id": token.id})

    async def set_roles(self, user: str, roles: str) -> None:
        """Give a user these roles of the system, separated by blanks, in place of those that he has."""
        await self._ask("PUT", f"/users/{user}/roles", Any, {"roles": roles})

    async def is_in(self, place: str, user: str) -> bool:
        """Whether a user is in a place: "teams/ID" or "channels/ID"."""
        reply = await self._session.call("GET", f"/{place}/members/{user}")
        if reply.status == 404 and error_id(reply.body):
            return False
        return not _taken(reply, dict[str, Any]).get("delete_at")

    async def teams_of(self, user: str) -> list[Team]:
        """The teams that a user is in."""
        found: list[Team] = await self._ask("GET", f"/users/{user}/teams", list[Team])
        return found

    async def channel_name(self, channel: str) -> str:
        """The name of a channel, as in its URL."""
        found: _Channel = await self._ask("GET", f"/channels/{channel}", _Channel)
        return found.name

    async def add_to(self, place: str, user: str) -> None:
        """Add a user to a place: "teams/ID" or "channels/ID"."""
        body = {"user_id": user} | ({"team_id": place.rpartition("/")[2]} if place.startswith("teams/") else {})
        await self._ask("POST", f"/{place}/members", Any, body)

    async def allowed_connections(self) -> str:
        """The private hosts and networks that the server calls, as its settings list them."""
        reply = await self._session.call("GET", "/config", limit=_LIST_LIMIT)
        found = _taken(reply, dict[str, Any]).get("ServiceSettings")
        return str((found or {}).get("AllowedUntrustedInternalConnections") or "")

    async def _ask(self, method: str, path: str, kind: type[T] | Any, body: Any = None) -> Any:
        raw = None if body is None else msgspec.json.encode(body)
        return _taken(await self._session.call(method, path, raw, _LIST_LIMIT), kind)

    async def _pages(self, path: str, kind: type[T]) -> list[T]:
        """All of a list; a server that pages differently is read no further than _PAGES pages."""
        found: list[T] = []
        for page in range(_PAGES):
            these: Sequence[T] = await self._ask("GET", f"{path}?page={page}&per_page={_PAGE}", list[kind])  # type: ignore[valid-type]
            found += these
            if len(these) < _PAGE:
                break
        return found


def _integration(raw: dict[str, Any]) -> Integration:
    return Integration({key: value for key, value in raw.items() if key != "token"}, Secret(str(raw.get("token", ""))))


def _taken(reply: Reply, kind: type[T] | Any) -> Any:
    """The body of a reply. Raises Unsent with a reason for who sets up integrations."""
    name = error_id(reply.body)
    if (400 <= reply.status < 500 and reply.status != 429 and name) or reply.status == 501:
        why = next((text for lead, text in _REFUSALS.items() if name.startswith(lead)), "")
        why = why or (_RIGHTS if reply.status == 403 else "Mattermost refuses it")
        raise Unsent(Later(f"{reply.status}: {why}{shown_id(reply.body)}", None, "4xx", reply.status, Blame.UNKNOWN))
    if not 200 <= reply.status < 300:
        raise Unsent(failed(*reply, time()))
    return decoded(reply, kind)
