"""The settings of one gateway: the TOML file, overridden by the environment, with all faults at once.

`parse` is pure: from the text, the environment and a function that reads files it makes Settings, or raises
SettingsError. `load` reads the file. The Structs define all keys; `reference` lists them for people.
"""

import tomllib
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.errors import Fault, SettingsError
from gateway.journalurl import REMEDY, file_of, url_of
from gateway.secret import Secret
from gateway.settings.admin import Admin, read_admin
from gateway.settings.callbacks import BotSettings, CallbackSettings, read_bots, read_callbacks
from gateway.settings.destinations import DeliveryTable, DestinationSettings, read_delivery, read_destinations
from gateway.settings.keys import (
    ADDRESS,
    BASE_URL,
    DURATION,
    NETWORK,
    SIZE,
    Address,
    default_text,
    doc,
    expected,
    keys,
)
from gateway.settings.lines import Report, syntax_fault
from gateway.settings.proxies import Proxies, read_environment
from gateway.settings.reader import PREFIX, Sections, TableReader, reason
from gateway.settings.routes import RouteSettings, read_routes

__all__ = [
    "Address",
    "Admin",
    "BotSettings",
    "CallbackSettings",
    "CatalogTable",
    "DeliveryTable",
    "DestinationSettings",
    "JournalTable",
    "Log",
    "Passthrough",
    "RouteSettings",
    "Row",
    "Secret",
    "Server",
    "Settings",
    "Tracing",
    "load",
    "parse",
    "reference",
    "variables",
]

_Positive = Meta(gt=0)
_Counted = Meta(ge=1)


class Server(Struct, frozen=True, kw_only=True):
    """[server]: the two listeners and the limits of a request. Times are seconds, sizes bytes."""

    listen: Annotated[Address, doc("Where senders reach the gateway; port 0 lets the system choose.", ADDRESS)] = (
        Address(
            "0.0.0.0",  # noqa: S104 - a webhook receiver must be reachable
            8080,
        )
    )
    admin: Annotated[
        Address, doc("Where metrics and health are served; loopback unless opened on purpose.", ADDRESS)
    ] = Address("127.0.0.1", 9090)
    public_url: Annotated[
        str,
        doc("The URL by which senders know the gateway, for signatures that cover it; empty: as received.", BASE_URL),
    ] = ""
    body_limit: Annotated[int, _Counted, doc("The largest request body that is accepted.", SIZE)] = 5_000_000
    header_limit: Annotated[
        int, _Counted, doc("The largest request line and the largest header; all together have twice this size.", SIZE)
    ] = 16_000
    unproven_limit: Annotated[
        int,
        _Counted,
        doc("The memory for bodies of all senders that are not proven yet; one sender has a quarter of it.", SIZE),
    ] = 64_000_000
    connections: Annotated[
        int, Meta(ge=2), doc("The most open connections of senders; one address has half of them.")
    ] = 1000
    trusted_proxies: Annotated[
        tuple[str, ...],
        doc("The networks of proxies whose Forwarded and X-Forwarded-For name the sender.", NETWORK),
    ] = ()
    depth_limit: Annotated[int, _Counted, doc("How deep a payload may nest objects and arrays.")] = 64
    read_timeout: Annotated[float, _Positive, doc("How long a sender may take to send its request.", DURATION)] = 10.0
    grace: Annotated[float, Meta(ge=0), doc("How long a shutdown waits for requests and attempts.", DURATION)] = 20.0


class JournalTable(Struct, frozen=True, kw_only=True):
    """[journal]: where events are stored, and for how long (seconds, bytes). `parse` makes `url`'s path absolute."""

    url: Annotated[str, doc('The store: "sqlite:" and a path, relative to the folder of the settings file.')] = (
        "sqlite:mattergate.db"
    )
    retention: Annotated[
        float, _Positive, doc("How long finished events are kept for look-up and replay.", DURATION)
    ] = 604_800.0
    max_size: Annotated[
        int, _Counted, doc("Finished events are dropped, oldest first, above this size on the disk.", SIZE)
    ] = 10**9
    dead_max_age: Annotated[
        float, _Positive, doc("How long dead letters wait for somebody to decide; then they are deleted.", DURATION)
    ] = 7_776_000.0
    dead_max_size: Annotated[
        int, _Counted, doc("Dead letters are deleted, oldest first, above this size; max_size is without them.", SIZE)
    ] = 10**9


class CatalogTable(Struct, frozen=True, kw_only=True):
    """[catalog]: the user's own services. `parse` makes `folders` absolute paths."""

    folders: Annotated[
        tuple[str, ...], doc("Folders of services laid over the built-in ones, relative to the settings file.")
    ] = ()
    reload: Annotated[bool, doc("Whether changed documents are reloaded while the gateway runs.")] = True


class Passthrough(Struct, frozen=True, kw_only=True):
    """[passthrough]: POST /hooks/ID/SERVICE is sent to the webhook ID of `server`, without a route for it."""

    server: Annotated[str, Meta(min_length=1), doc("The Mattermost server, https://HOST.", BASE_URL)]
    services: Annotated[tuple[str, ...], Meta(min_length=1), doc("The services that are accepted; none: all.")] = ()


class Log(Struct, frozen=True, kw_only=True):
    """[log]: the log on standard error."""

    level: Annotated[Literal["debug", "info", "warning", "error"], doc("The least important level shown.")] = "info"
    format: Annotated[
        Literal["auto", "json", "text"], doc("JSON lines, or text for people; auto: text on a terminal.")
    ] = "auto"


class Tracing(Struct, frozen=True, kw_only=True):
    """[tracing]: the collector for traces of events, by OpenTelemetry; without the table there are no traces."""

    endpoint: Annotated[
        str,
        doc("The collector, OTLP over HTTP: https://HOST:4318; empty: that of OTEL_EXPORTER_OTLP_ENDPOINT.", BASE_URL),
    ] = ""
    sample: Annotated[
        float, Meta(ge=0, le=1), doc("The share of traces that are recorded, unless an authentic sender decides it.")
    ] = 1.0


class Settings(Struct, frozen=True, kw_only=True):
    """All settings. `warnings` are faults that do not stop the gateway; `source` finds the lines for further faults.

    `proxies` are those of the environment.
    """

    server: Server = Server()
    admin: Admin = Admin()
    journal: JournalTable = JournalTable()
    catalog: CatalogTable = CatalogTable()
    delivery: DeliveryTable = DeliveryTable()
    destinations: dict[str, DestinationSettings] = {}
    routes: dict[str, RouteSettings] = {}
    callbacks: dict[str, CallbackSettings] = {}
    bots: dict[str, BotSettings] = {}
    passthrough: Passthrough | None = None
    log: Log = Log()
    tracing: Tracing | None = None
    proxies: Proxies = Proxies()
    warnings: tuple[Fault, ...] = ()
    source: Report = Report("settings", "")


class Row(NamedTuple):
    """One line of the settings reference: table, key, accepted values, default as TOML, purpose."""

    table: str
    key: str
    type: str
    default: str
    text: str


_TABLES: Final[dict[str, type[Struct]]] = {
    "server": Server,
    "admin": Admin,
    "journal": JournalTable,
    "catalog": CatalogTable,
    "delivery": DeliveryTable,
    "destinations": DestinationSettings,
    "routes": RouteSettings,
    "callbacks": CallbackSettings,
    "bots": BotSettings,
    "passthrough": Passthrough,
    "log": Log,
    "tracing": Tracing,
}
_NAMED: Final = ("destinations", "routes", "callbacks", "bots")
_OPTIONAL: Final = ("passthrough", "tracing")
"""Tables whose presence turns a feature on."""


def reference() -> list[Row]:
    """List every key that the settings file may have, in the order of the Structs."""
    rows = []
    for table, struct in _TABLES.items():
        title = f"{table}.NAME" if table in _NAMED else table
        for key in keys(struct).values():
            rows.append(Row(title, key.name, expected(key), default_text(key, table), key.text))
            if key.secret:
                items = "a list of " if key.listed else ""
                variable, file = ("names of environment variables", "paths") if key.listed else ("text", "text")
                rows.append(Row(title, key.written[1], items + variable, "", f"`{key.name}`, from the environment."))
                rows.append(Row(title, key.written[2], items + file, "", f"`{key.name}`, from a file of its own."))
    return rows


def variables() -> dict[str, tuple[str, str]]:
    """Map every environment variable that overrides the file to its table and key: the scalars of the fixed tables."""
    return {
        f"{PREFIX}{table}_{name}".upper(): (table, name)
        for table, struct in _TABLES.items()
        if table not in _NAMED
        for name, key in keys(struct).items()
        if not key.listed
    }


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings file. Raises SettingsError with all faults of the file and the environment."""
    try:
        text = path.read_text("utf-8-sig")
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([Fault(str(path), 0, "", f"cannot be read: {reason(error)}")]) from None
    return parse(text, str(path), environ, lambda file: file.read_text("utf-8"), mode)


def parse(
    text: str, file: str, environ: Mapping[str, str], read_file: Callable[[Path], str], mode: int = 0o600
) -> Settings:
    """Parse the text of a settings file. Raises SettingsError with all faults.

    `environ` overrides the file and holds secrets, `read_file` reads UTF-8 files (raises OSError, UnicodeDecodeError),
    `mode` is the permission bits of the settings file. Paths are relative to the folder of `file`.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not every fault is a TOMLDecodeError
        raise SettingsError([syntax_fault(file, text, error)]) from None
    report = Report(file, text)
    reader = TableReader(report, variables(), environ, read_file)
    wanted = frozenset(table for table in _OPTIONAL if table in raw or reader.overridden(table))
    settings = _settings(reader, reader.sections(raw, _TABLES), wanted)
    reader.check_variables()
    settings = replace(
        settings,
        proxies=read_environment(environ, report),
        source=report,
        warnings=reader.exposed() if mode & 0o004 else (),
    )
    if report.faults:
        raise SettingsError(report.in_order(), settings)
    return settings


def _settings(reader: TableReader, raw: Sections, wanted: Container[str]) -> Settings:
    """Read every table, an optional one only if it is in `wanted`; the result is valid if the report stays empty."""

    def values(table: str) -> dict[str, Any]:
        return reader.values(_TABLES[table], raw[table], (table,))

    delivery = read_delivery(reader, raw["delivery"])
    server = _server(reader, values("server"))
    destinations = read_destinations(reader, raw["destinations"], delivery)
    routes = read_routes(reader, raw["routes"], tuple(raw["destinations"]))
    bots = read_bots(reader, raw["bots"], delivery)
    callbacks = read_callbacks(reader, raw["callbacks"], delivery, destinations, bots, raw["routes"])
    _check_largest(reader, server, routes)
    return Settings(
        server=server,
        admin=read_admin(reader, raw["admin"], server.admin),
        journal=_journal(reader, values("journal")),
        catalog=_catalog(reader, values("catalog")),
        delivery=delivery,
        destinations=destinations,
        routes=routes,
        callbacks=callbacks,
        bots=bots,
        passthrough=_passthrough(reader, values("passthrough"), raw) if "passthrough" in wanted else None,
        log=Log(**values("log")),
        tracing=Tracing(**values("tracing")) if "tracing" in wanted else None,
    )


def _server(reader: TableReader, values: dict[str, Any]) -> Server:
    server = Server(**values)
    if server.listen == server.admin and server.listen.port:
        reader.report.add(("server", "admin"), f"is the same address as listen, {server.listen}", "take another port")
    return server


def _check_largest(reader: TableReader, server: Server, routes: Mapping[str, RouteSettings]) -> None:
    limits = [("server", server.body_limit), *((f"routes.{name}", one.body_limit or 0) for name, one in routes.items())]
    table, largest = max(limits, key=lambda limit: limit[1])
    if largest > server.unproven_limit:
        problem = f"is smaller than body_limit of [{table}]: such a request could never be accepted"
        reader.fault(("server", "unproven_limit"), problem, f"take at least {SIZE.show(largest)}")


def _journal(reader: TableReader, values: dict[str, Any]) -> JournalTable:
    journal = JournalTable(**values)
    try:
        return replace(journal, url=url_of(reader.folder / file_of(journal.url)))
    except ValueError as error:
        reader.fault(("journal", "url"), str(error), REMEDY)
        return journal


def _catalog(reader: TableReader, values: dict[str, Any]) -> CatalogTable:
    catalog = CatalogTable(**values)
    return replace(catalog, folders=tuple(str(reader.folder / folder) for folder in catalog.folders))


def _passthrough(reader: TableReader, values: dict[str, Any], raw: Sections) -> Passthrough | None:
    if "passthrough" in raw["destinations"]:
        reader.fault(("destinations", "passthrough"), "is the name of what [passthrough] sends to", "take another name")
    if "/hooks" in values.get("server", ""):
        reader.fault(("passthrough", "server"), "is the URL of a webhook", "leave out /hooks and what follows it")
    return Passthrough(**values) if "server" in values else None
