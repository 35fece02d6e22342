"""The catalog as people read it: services, their events and examples, and how a sender is connected to a route."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gateway.callbacks.document import CALLBACK
from gateway.catalog import files, payload_paths
from gateway.catalog.actions import ActionsShape
from gateway.catalog.card import CARD
from gateway.catalog.catalog import Catalog
from gateway.catalog.kinds import SERVICE
from gateway.catalog.metaschema import meta_schema
from gateway.catalog.payload_paths import PayloadPath
from gateway.catalog.service import Service
from gateway.catalog.tolerance import tolerant
from gateway.catalog.translator import Translator
from gateway.console import catalog_callbacks
from gateway.console.catalog_callbacks import CallbackRow
from gateway.console.port import Gateway
from gateway.console.proofs import proofs, url_with_secret
from gateway.console.web.operations import Ask, Operation
from gateway.console.workshop import Workshop
from gateway.errors import Refused
from gateway.model import JSON, Outcome
from gateway.pipeline import sample, samplefile
from gateway.settings import Settings
from gateway.settings.keys import written
from gateway.settings.routes import FILTERS, RouteSettings
from gateway.verify.schemes import Scheme
from gateway.verify.verify import parse_schemes

EXAMPLES: Final = 12
"""Samples of one translator that are rendered."""
FIRST_EXAMPLES: Final = 3
"""Messages that show what those of a service look like."""
_TELLING: Final = re.compile(r"[._](?:usual|failed|failure|firing|triggered|problem|opened|created|recorded)")
"""What the names of samples have that show best what messages look like."""
CONFIDENCE: Final[Mapping[str, str]] = {
    "documented": "the vendor's documentation or source says what its requests look like",
    "observed": "what its requests look like is known from requests that were seen",
    "assumed": "nothing that could be read says what its requests look like; what differs is shown all the same",
}
"""What the words of `confidence` mean to an operator."""
ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - to recognise them


class ServiceRow(Struct, frozen=True):
    """One service of the catalog, the routes that use it, and what is wrong with its documents.

    `topic` is what its requests are about, `confidence` where their shapes are from. `tables` are those that bring its
    callbacks to life.
    """

    key: str
    name: str
    topic: str
    confidence: str
    docs: str
    translators: int
    callbacks: int
    routes: tuple[str, ...]
    faults: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


class ServiceList(Struct, frozen=True):
    """Every service, by key."""

    services: tuple[ServiceRow, ...]


class ButtonRow(Struct, frozen=True):
    """A button below what a translator shows, or a menu; `callback` answers it. `confirm` is what is asked first."""

    name: str
    callback: str
    menu: bool
    confirm: str = ""
    allow: tuple[str, ...] = ()


class TranslatorRow(Struct, frozen=True):
    """One translator: its events, what they mean, and whether it has a condition of its own."""

    name: str
    title: str
    events: tuple[str, ...]
    conditional: bool
    buttons: tuple[ButtonRow, ...] = ()


class Address(Struct, frozen=True):
    """Where a sender posts for one route.

    `url` is for senders that sign or send a header, `url_with_secret` for those that can only call a URL: SECRET stands
    for the secret of the route; empty when the URL cannot carry it. `proofs` say in words what a request needs, any of
    them; none are needed by an `open` route. `filters` are the lines of the settings that decide which events become
    messages, in which channel, and how much of them shows.
    """

    route: str
    url: str
    url_with_secret: str
    proofs: tuple[str, ...]
    open: bool
    destinations: tuple[str, ...]
    filters: tuple[str, ...] = ()


class ServicePage(Struct, frozen=True):
    """One service with how to connect its sender. `passthrough` is the form of its pass-through URL, "" when off.

    `note` says what in the URLs has to be replaced; empty when they are exact. `faults` are those of its documents: its
    last good version goes on, or the generic translator speaks. `tests` are the events that `only` and `when` of a
    route let pass. `paths` are those that its translators know of payloads, beside `more_paths` others.
    `callbacks` are what chat can do there. `confidence` says where the shapes of its payloads are from, `body` what is
    pasted into a sender whose operator writes its requests.
    """

    key: str
    name: str
    docs: str
    topic: str
    confidence: str
    setup: str
    body: str
    translators: tuple[TranslatorRow, ...]
    ignored: tuple[str, ...]
    proofs: tuple[str, ...]
    routes: tuple[Address, ...]
    passthrough: str
    note: str
    faults: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    paths: tuple[PayloadPath, ...] = ()
    more_paths: int = 0
    callbacks: tuple[CallbackRow, ...] = ()


class Example(Struct, frozen=True):
    """A sample and what it becomes; `name` can be tried ("github/push.usual")."""

    name: str
    outcome: Outcome
    event: str
    subject: str
    reason: str
    messages: tuple[JSON, ...]


class TranslatorPage(Struct, frozen=True):
    """One translator, its text, and its samples as messages; `more` samples are not shown.

    `input` is the JSON Schema that decides which payloads it takes.
    """

    service: str
    service_name: str
    translator: TranslatorRow
    text: str
    input: JSON
    examples: tuple[Example, ...]
    more: int


async def list_services(gateway: Gateway) -> ServiceList:
    """Every service."""
    known = gateway.catalog()
    return ServiceList(rows(known, await asyncio.to_thread(known.descriptions), gateway.settings))


def rows(known: Catalog, services: Mapping[str, Service], settings: Settings) -> tuple[ServiceRow, ...]:
    """These services of a catalog by key, and which routes of the settings use them."""
    using: dict[str, list[str]] = {}
    for route in settings.routes.values():
        using.setdefault(route.service, []).append(route.name)
    return tuple(
        ServiceRow(
            key,
            one.name,
            one.topic,
            one.confidence,
            one.docs,
            len(known.translators(key)),
            len(known.named(key, CALLBACK)),
            tuple(using.get(key, ())),
            tuple(map(str, known.faults.get(key, ()))),
            tuple(table.name for table in settings.callbacks.values() if table.service == key),
        )
        for key, one in sorted(services.items())
    )


def by_topic(services: Iterable[ServiceRow]) -> dict[str, list[ServiceRow]]:
    """Services by topic, these in the order of the meta-schema."""
    topics = meta_schema(SERVICE)[0]["properties"]["topic"]["enum"]
    found: dict[str, list[ServiceRow]] = {topic: [] for topic in topics}
    for one in sorted(services, key=lambda one: one.name.lower()):
        found[one.topic].append(one)
    return {topic: those for topic, those in found.items() if those}


async def service(gateway: Gateway, key: str) -> ServicePage:
    """One service. Raises Refused (404)."""
    found = await _find(gateway, key)
    made = await asyncio.to_thread(page, found, gateway.settings)
    return msgspec.structs.replace(made, faults=tuple(map(str, gateway.catalog().faults.get(key, ()))))


async def translator(gateway: Gateway, workshop: Workshop, key: str, name: str) -> TranslatorPage:
    """One translator of a service with its samples. Raises Refused: 404, 409 when its file went away."""
    of_service = await _find(gateway, key)
    found = next((one for one in of_service.translators if one.name == f"{key}/{name}"), None)
    if found is None:
        raise Refused(404, "Not Found", f"the service {key} has no translator {name}")
    try:
        text = await asyncio.to_thread(Path(found.file).read_text, "utf-8")
    except (OSError, UnicodeDecodeError):
        detail = f"{found.file} cannot be read any more: put it back, or have the catalog read again"
        raise Refused(409, "File gone", detail) from None
    paths = [
        path
        for path in await asyncio.to_thread(samples, key, workshop.folders())
        if path.stem.partition(".")[0] == name
    ]
    examples = await workshop.run(partial(_examples, of_service, paths[:EXAMPLES]))
    schema, more = tolerant(found.input), max(0, len(paths) - EXAMPLES)
    return TranslatorPage(key, of_service.name, _row(found, of_service), text, schema, examples, more)


async def _find(gateway: Gateway, key: str) -> Service:
    """The service of this key. Raises Refused (404)."""
    found = await gateway.service(key)
    if found is None:
        raise Refused(404, "Not Found", f"the catalog has no service {key!r}")
    return found


def page(found: Service, settings: Settings) -> ServicePage:
    """The page of a service, which the command line prints, too."""
    base, note = public_base(settings)
    through = settings.passthrough
    passes = through is not None and (not through.services or found.key in through.services)
    routes = [route for route in settings.routes.values() if route.service == found.key]
    known = payload_paths.of_service(found.translators)
    return ServicePage(
        key=found.key,
        name=found.name,
        docs=found.docs,
        topic=found.topic,
        confidence=found.confidence,
        setup=found.setup.strip(),
        body=found.body.strip(),
        translators=tuple(_row(one, found) for one in found.translators),
        ignored=tuple(found.ignore),
        proofs=_words(found.verify),
        routes=tuple(_address(route, found, base) for route in routes),
        passthrough=f"{base}/hooks/HOOK_ID/{found.key}" if passes else "",
        note=note,
        tests=tuple(found.test_events),
        paths=known.paths,
        more_paths=known.more,
        callbacks=catalog_callbacks.rows(found, settings),
    )


def public_base(settings: Settings) -> tuple[str, str]:
    """The URL under which senders reach the gateway, and what has to be replaced in it ("" for nothing)."""
    if settings.server.public_url:
        return settings.server.public_url.rstrip("/"), ""
    listen = settings.server.listen
    host, port = "HOST" if listen.host in ANYWHERE else listen.host, str(listen.port or "PORT")
    host = f"[{host}]" if ":" in host else host
    note = "HOST stands for the name by which senders reach the gateway; " if host == "HOST" else ""
    return f"http://{host}:{port}", f"{note}set public_url in [server] to see the exact URL"


def _address(route: RouteSettings, found: Service, base: str) -> Address:
    schemes: Sequence[Scheme] = parse_schemes(route.verify) if route.verify else found.verify
    url, is_open = f"{base}/in/{route.name}", route.allow_unsigned and not route.secrets
    filters = tuple(f"{name} = {text}" for name, text in written(route, FILTERS))
    if is_open:
        return Address(route.name, url, "", (), True, route.destinations, filters)
    with_secret = url_with_secret(url, schemes)
    return Address(route.name, url, with_secret, _words(schemes), False, route.destinations, filters)


def _words(schemes: Sequence[Scheme]) -> tuple[str, ...]:
    return tuple(proof.words for proof in proofs(schemes))


def _row(one: Translator, service: Service) -> TranslatorRow:
    name = one.name.partition("/")[2]
    return TranslatorRow(name, one.title, tuple(one.events), one.conditional, tuple(_buttons(one, service)))


def _buttons(one: Translator, service: Service) -> Iterator[ButtonRow]:
    """The buttons of a translator: its own, or those of its card."""
    card = service.documents.get(CARD.document(one.card)) if one.card else None
    declared = one.actions or getattr(card.part if card is not None else None, "actions", None)
    for action in declared.listed if isinstance(declared, ActionsShape) else ():
        yield ButtonRow(action.name, action.callback, action.menu, action.confirm, action.allow)


def first_examples(found: Service, folders: Sequence[Path]) -> tuple[Example, ...]:
    """What messages of a service look like: the usual sample of each translator that has the most of them."""
    by_translator: dict[str, list[Path]] = {}
    for path in (one for one in samples(found.key, folders) if "bare" not in one.name):
        by_translator.setdefault(path.stem.partition(".")[0], []).append(path)
    known = {one.name.partition("/")[2] for one in found.translators}
    most = sorted((name for name in by_translator if name in known), key=lambda name: -len(by_translator[name]))
    usual = (min(by_translator[name], key=lambda path: _TELLING.search(path.name) is None) for name in most)
    made = (_example(found, path) for path in usual)
    return tuple(islice((one for one in made if one.messages), FIRST_EXAMPLES))


def samples(key: str, folders: Sequence[Path]) -> list[Path]:
    """The files of a service's samples."""
    return [path for service, path in files.samples(folders) if service == key]


def _examples(service: Service, paths: Sequence[Path]) -> tuple[Example, ...]:
    """Render the samples; runs in the thread of the workshop."""
    return tuple(_example(service, path) for path in paths)


def _example(compiled: Service, path: Path) -> Example:
    name = f"{compiled.key}/{path.stem}"
    try:
        reading = sample.read(compiled, sample.as_request(samplefile.load(path).request))
    except Refused as refused:
        return Example(name, Outcome.REFUSED, "", "", str(refused), ())
    messages = tuple(msgspec.to_builtins(one) for piece in reading.pieces for one in piece.messages)
    return Example(name, reading.outcome, reading.name, reading.subject, reading.reason, messages)


async def _list_services(ask: Ask) -> ServiceList:
    return await list_services(ask.gateway)


async def _service(ask: Ask) -> ServicePage:
    return await service(ask.gateway, ask.path["service"])


async def _translator(ask: Ask) -> TranslatorPage:
    return await translator(ask.gateway, ask.console.part(Workshop), ask.path["service"], ask.path["translator"])


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/catalog",
        name="listServices",
        summary="Every service of the catalog.",
        call=_list_services,
        result=ServiceList,
    ),
    Operation(
        method="GET",
        path="/catalog/{service}",
        name="getService",
        summary="One service: its events, how requests prove themselves, and the URL and steps for each route.",
        call=_service,
        result=ServicePage,
        problems={404: "The catalog has no such service."},
    ),
    Operation(
        method="GET",
        path="/catalog/{service}/{translator}",
        name="getTranslator",
        summary="One translator, with its text and its samples as messages.",
        call=_translator,
        result=TranslatorPage,
        problems={404: "The catalog has no such service or translator.", 409: "Its file went away."},
    ),
)
