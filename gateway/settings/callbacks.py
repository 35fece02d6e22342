"""[callbacks.NAME] and [bots.NAME]: accounts at outside services that callbacks use, and those at Mattermost.

A table of callbacks brings the callbacks of one service to life: with its address, its secrets, and the tokens by which
Mattermost proves what it sends.
"""

from collections.abc import Container, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta
from msgspec.structs import asdict, replace

from gateway.secret import Secret
from gateway.settings.destinations import (
    AccountTable,
    DeliveryTable,
    DestinationSettings,
    Pace,
    check_account,
    check_server,
)
from gateway.settings.keys import BASE_URL, DURATION, described, doc, spelling
from gateway.settings.lines import Place, meant
from gateway.settings.proxies import settle_choice
from gateway.settings.reader import TableReader

PREFIX: Final = "callbacks."
"""What the route and the destination of a table are called, before its name."""

BOTS: Final = "bots."
"""What the destination of a bot is called, before its name."""

Hears = Literal["direct", "mention", "thread", "all"]


class BotSettings(AccountTable, frozen=True, kw_only=True):
    """[bots.NAME]: an account at a Mattermost server that listens, answers, and is asked who may do what."""

    name: str
    server: Annotated[str, Meta(min_length=1), doc("The Mattermost server, its SiteURL.", BASE_URL)]
    bots: Annotated[bool, doc("Whether it hears other bots, too: two that answer each other may go on for long.")] = (
        False
    )


class CallbackSettings(Pace, frozen=True, kw_only=True):
    """[callbacks.NAME]: what a service's callbacks need, and who may call them."""

    name: str
    service: Annotated[str, Meta(min_length=1), doc("The outside service: a folder of the catalog.")]
    only: Annotated[
        tuple[str, ...], Meta(min_length=1), doc("The callbacks that are alive; none: all of the service.")
    ] = ()
    url: Annotated[
        str, doc("The address of the service, for documents that do not name it: `settings.url`.", BASE_URL)
    ] = ""
    settings: Annotated[
        dict[str, Any], doc("Values for the `settings` that the documents name: texts, or tables of texts.")
    ] = {}  # noqa: RUF012
    secrets: Annotated[
        dict[str, Secret], doc("The secrets that the documents name; each also as NAME_env or NAME_file.")
    ] = {}  # noqa: RUF012 - a frozen table
    private: Annotated[
        bool, doc("Whether the service may be at a private address, and be asked over http without TLS.")
    ] = False
    ca_file: Annotated[
        str | None, doc("Certificates (PEM) to trust for the service, relative to the settings file.")
    ] = None
    tokens: Annotated[
        tuple[Secret, ...],
        doc("The tokens of outgoing webhooks and slash commands that call; several during a rotation."),
    ] = ()
    credentials: Annotated[
        tuple[Secret, ...],
        doc("USER:PASSWORD that outgoing webhooks bring besides, as in the URL https://USER:PASSWORD@HOST/out/NAME."),
    ] = ()
    bot: Annotated[
        str | None,
        Meta(min_length=1),
        doc("The bot that posts answers which come later, edits messages, and asks who may do what."),
    ] = None
    destination: Annotated[
        str | None,
        Meta(min_length=1),
        doc("Where answers of outgoing webhooks go that come later, where no bot is named; in the channel asked in."),
    ] = None
    server: Annotated[
        str,
        doc("The Mattermost server that calls, its SiteURL; otherwise that of `bot` or `destination`.", BASE_URL),
    ] = ""
    routes: Annotated[
        tuple[str, ...],
        Meta(min_length=1),
        doc("The routes whose messages get the buttons of this table; none: all routes."),
    ] = ()
    allow: Annotated[
        tuple[str, ...],
        Meta(min_length=1),
        doc(
            "Who may: @NAME, group:NAME, role:ROLE (channel_admin, team_admin, system_admin), channel (its members); "
            "none: as the documents say, or everybody. It needs `bot`."
        ),
    ] = ()
    hears: Annotated[
        tuple[Hears, ...],
        doc("Which messages the bot takes: direct ones, those that mention it, its threads, or all of its channels."),
    ] = ("direct", "mention", "thread")
    triggers: Annotated[
        tuple[str, ...], Meta(min_length=1), doc("First words by which the bot takes a message besides.")
    ] = ()
    channels: Annotated[
        tuple[str, ...], Meta(min_length=1), doc("The channels that the bot listens in, by name or id; none: all.")
    ] = ()
    patience: Annotated[
        float, Meta(gt=0, le=25), doc("How long Mattermost waits for an answer, before it comes later.", DURATION)
    ] = 2.5

    @property
    def route(self) -> str:
        """The name of the route under which its acts are stored, and of the destination that performs them."""
        return PREFIX + self.name

    def reaches(self, route: str) -> bool:
        """Whether the messages of a route get the buttons of the table."""
        return not self.routes or route in self.routes


def read_bots(reader: TableReader, raw: Mapping[str, Any], delivery: DeliveryTable) -> dict[str, BotSettings]:
    """Read the bots by name."""
    found = {}
    for name, table in reader.named("bots", raw):
        place = ("bots", name)
        values = reader.values(BotSettings, table, place)
        settle_choice(reader, BotSettings, table, values, place)
        reader.settle_file(values, "ca_file", place)
        check_server(reader, values, place)
        check_account(reader, {key: spelling(BotSettings, key, table) for key in ("token", "login", "password")}, place)
        if "server" in values:
            found[name] = BotSettings(name=name, **(asdict(delivery) | values))
    return found


def read_callbacks(
    reader: TableReader,
    raw: Mapping[str, Any],
    delivery: DeliveryTable,
    destinations: Mapping[str, DestinationSettings],
    bots: Mapping[str, BotSettings],
    routes: Container[str],
) -> dict[str, CallbackSettings]:
    """Read the tables of callbacks by name; what they name must be there."""
    found = {}
    defaults = {key: value for key, value in asdict(delivery).items() if key != "timeout"}
    for name, table in reader.named("callbacks", raw):
        place = ("callbacks", name)
        values = reader.values(CallbackSettings, table, place)
        settle_choice(reader, CallbackSettings, table, values, place)
        reader.settle_file(values, "ca_file", place)
        _check_names(reader, values, place, destinations, bots, routes)
        _check_credentials(reader, values, place)
        _check_settings(reader, values, place)
        if PREFIX + name in destinations:
            reader.report.add(
                ("destinations", PREFIX + name), f"is the name of [callbacks.{name}]", "take another name"
            )
        if "service" in values:
            read = CallbackSettings(name=name, **(defaults | values))
            found[name] = _with_server(read, destinations, bots)
    return found


def _check_names(
    reader: TableReader,
    values: Mapping[str, Any],
    place: Place,
    destinations: Mapping[str, DestinationSettings],
    bots: Mapping[str, BotSettings],
    routes: Container[str],
) -> None:
    bot, destination = values.get("bot"), values.get("destination")
    if bot and bot not in bots:
        reader.report.add((*place, "bot"), f'"{bot}" is not a bot', meant(bot, bots))
    if destination and destination not in destinations:
        problem = f'"{destination}" is not a destination'
        reader.report.add((*place, "destination"), problem, meant(destination, destinations))
    for index, route in enumerate(values.get("routes", ())):
        if route not in routes:
            reader.report.add((*place, "routes", index), f'"{route}" is not a route', "name one of [routes]")
    if not bot:
        for key in ("allow", "triggers", "channels"):
            if values.get(key):
                reader.report.add((*place, key), "needs a bot at the server", 'name one: bot = "NAME" of [bots.NAME]')


def _check_credentials(reader: TableReader, values: Mapping[str, Any], place: Place) -> None:
    for index, one in enumerate(values.get("credentials", ())):
        user, colon, password = one.reveal().partition(":")
        if not (user and colon and password):
            reader.report.add(
                (*place, "credentials", index), "is no USER:PASSWORD", "write it as before the @ of the URL"
            )


def _check_settings(reader: TableReader, values: Mapping[str, Any], place: Place) -> None:
    for name, value in values.get("settings", {}).items():
        parts = value.values() if isinstance(value, dict) else [value]
        if not all(isinstance(part, str) for part in parts):
            problem = f"expected text, or a table of texts, got {described(value)}"
            reader.report.add((*place, "settings", name), problem, "put numbers in quotes")


def _with_server(
    read: CallbackSettings, destinations: Mapping[str, DestinationSettings], bots: Mapping[str, BotSettings]
) -> CallbackSettings:
    """The table with the server that calls: its own, or the one of its bot or destination."""
    if read.server:
        return read
    bot, destination = bots.get(read.bot or ""), destinations.get(read.destination or "")
    server = bot.server if bot is not None else server_of(destination) if destination is not None else ""
    return replace(read, server=server)


def server_of(destination: DestinationSettings) -> str:
    """The server of a destination: of an incoming webhook, what stands before /hooks/."""
    if destination.hook is None:
        return destination.server or ""
    parts = urlsplit(destination.hook.reveal())
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/hooks/')[0]}"
