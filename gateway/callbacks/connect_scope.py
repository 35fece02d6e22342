"""What `mattergate connect` is asked for, and which tables of the settings that concerns. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from gateway.errors import Fault, SettingsError
from gateway.settings import Settings
from gateway.settings.callbacks import BOTS, PREFIX, BotSettings, CallbackSettings
from gateway.settings.lines import meant

Role = Literal["post:all", "post:channels"]
ROLES: Final[Mapping[Role, str]] = {"post:all": "system_post_all", "post:channels": "system_post_all_public"}
"""What Mattermost's pages call the permissions of a bot outside of its channels, and the roles that they are."""


class Choice(Struct, frozen=True):
    """What the user asks for: tables by name (none: all), the server, and where webhooks and bots belong."""

    names: tuple[str, ...] = ()
    server: str = ""
    teams: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    role: Role | None = None


class Scope(Struct, frozen=True):
    """The server, and the tables and bots that belong to it."""

    server: str
    tables: tuple[CallbackSettings, ...]
    bots: tuple[BotSettings, ...]


def scope(settings: Settings, choice: Choice) -> Scope:
    """What is to be connected. Raises SettingsError where that is not clear."""
    tables = {PREFIX + name: table for name, table in settings.callbacks.items()}
    bots = {BOTS + name: bot for name, bot in settings.bots.items()}
    named = [_named(name, tables, bots) for name in choice.names] or [*tables, *bots]
    used = [tables[name] for name in named if name in tables]
    needed = {one.bot for one in used} | {name.removeprefix(BOTS) for name in named if name in bots}
    listening = [bot for name, bot in settings.bots.items() if name in needed]
    every = [*[one.server for one in used], *[one.server for one in listening]]
    servers = [*dict.fromkeys(filter(None, every))]
    if not choice.server and len(servers) != 1:
        problem = "the tables belong to several servers" if servers else "no table says which Mattermost it belongs to"
        raise wrong(problem, f"name one with --server: {', '.join(servers) or 'https://chat.example.com'}")
    server = choice.server.rstrip("/") or servers[0]
    mine = tuple(one for one in used if one.server in ("", server))
    return Scope(server, mine, tuple(one for one in listening if one.server == server))


def _named(name: str, tables: Mapping[str, object], bots: Mapping[str, object]) -> str:
    every = {**tables, **bots}
    full = next((one for one in (name, PREFIX + name, BOTS + name) if one in every), "")
    if not full:
        raise wrong(f"the settings have no [callbacks.{name}] nor [bots.{name}]", meant(name, tuple(every)))
    return full


def wrong(problem: str, remedy: str) -> SettingsError:
    """What is asked for cannot be."""
    return SettingsError([Fault("", 0, "", problem, remedy)])
