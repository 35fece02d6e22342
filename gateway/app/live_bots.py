"""What `check --live` finds about bots: account, permissions, channels that they listen in, and their WebSocket."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from gateway.mattermost.integrations import Team
from gateway.mattermost.probe import Finding, Level
from gateway.mattermost.session import Me, Session, decoded
from gateway.outbound.exchange import Unsent
from gateway.outbound.sessions import HttpSession
from gateway.settings.callbacks import BotSettings, CallbackSettings
from gateway.sources.connection import Connection, Ended, dialler

_ROLES: Final = {
    "system_admin": "is an administrator of the system, who may do everything: a bot needs less",
    "system_post_all": "may post and upload in every channel (post:all), and edit its posts where it is a member",
    "system_post_all_public": "may post in every public channel (post:channels), and upload where it is a member",
}
_MEMBER: Final = "may post in the channels that it is a member of"


async def probe_bot(
    bot: BotSettings, tables: Sequence[CallbackSettings], session: Session, http: HttpSession
) -> list[Finding]:
    """Check a bot that these tables use. Ends at the first fault of its account."""
    try:
        me = await session.me()
        found = [Finding(Level.FINE, f"speaks as the {'bot' if me.is_bot else 'user'} {me.username}"), *_may(me)]
        teams = decoded(await session.call("GET", "/users/me/teams"), list[Team])
        if not teams:
            found.append(Finding(Level.WARNING, "is in no team, so that it hears direct messages alone: invite it"))
        for channel in dict.fromkeys(name for table in tables for name in table.channels):
            found.append(await _hears(session, teams, channel))
        found.append(await _greets(bot, await session.token(), http))
    except Unsent as unsent:
        return [Finding(Level.FAULT, str(unsent))]
    return found


def _may(me: Me) -> Iterator[Finding]:
    """What its roles allow; the strongest of them counts."""
    role = next((name for name in _ROLES if name in me.roles.split()), "")
    level = Level.WARNING if role == "system_admin" and me.is_bot else Level.FINE
    yield Finding(level, _ROLES.get(role, _MEMBER))


async def _hears(session: Session, teams: Sequence[Team], channel: str) -> Finding:
    """Whether it is a member of a channel, by name or id. Raises Unsent."""
    name = quote(channel.lstrip("#~"), safe="")
    for path in [f"/channels/{name}", *(f"/teams/{team.id}/channels/name/{name}" for team in teams)]:
        reply = await session.call("GET", path)
        if reply.status != 200:
            continue
        found = decoded(reply, dict[str, Any])
        member = await session.call("GET", f"/channels/{found.get('id')}/members/me")
        if member.status == 200:
            return Finding(Level.FINE, f"hears {channel}")
        return Finding(Level.FAULT, f"is not a member of {channel}, so that it hears nothing there: invite it")
    return Finding(Level.FAULT, f"there is no channel {channel} in its teams, or it is private: invite it")


async def _greets(bot: BotSettings, token: str, http: HttpSession) -> Finding:
    """Whether the server says hello over a WebSocket."""
    try:
        connection = await Connection.open(dialler(http, bot.server, bot.timeout), token)
    except (Ended, Unsent) as error:
        return Finding(Level.FAULT, f"cannot hear over a WebSocket: {error}")
    await connection.close()
    return Finding(Level.FINE, "hears over a WebSocket")
