"""The catalog: its services, one service with its routes, one translator with its examples."""

import msgspec

from gateway.console import callbacks, catalog
from gateway.console.pages.tryout import indented, shown
from gateway.console.web.page import Page, Shown, Visit
from gateway.console.workshop import Workshop


async def show_all(visit: Visit) -> Shown:
    """Every service."""
    return Shown("catalog.html", {"catalog": await catalog.list_services(visit.gateway)})


async def show_service(visit: Visit) -> Shown:
    """One service."""
    return Shown("service.html", {"service": await catalog.service(visit.gateway, visit.path["service"])})


async def show_translator(visit: Visit) -> Shown:
    """One translator."""
    path, workshop = visit.path, visit.console.part(Workshop)
    found = await catalog.translator(visit.gateway, workshop, path["service"], path["translator"])
    examples = await workshop.run(lambda: [(one, [*map(shown, one.messages)]) for one in found.examples])
    schema = msgspec.json.format(msgspec.json.encode(found.input)).decode()
    return Shown("translator.html", {"found": found, "examples": examples, "schema": schema})


async def show_callback(visit: Visit) -> Shown:
    """One callback."""
    path, workshop = visit.path, visit.console.part(Workshop)
    found = await callbacks.callback(visit.gateway, workshop, path["service"], path["callback"])
    made = [(one, one.result.messages if one.result is not None else (), one.input) for one in found.examples]
    examples = await workshop.run(lambda: [(one, [*map(shown, posts)], indented(said)) for one, posts, said in made])
    return Shown("callback.html", {"found": found, "examples": examples})


PAGES = (
    Page("GET", "/catalog", show_all),
    Page("GET", "/catalog/{service}", show_service),
    Page("GET", "/catalog/{service}/{translator}", show_translator),
    Page("GET", "/catalog/{service}/callbacks/{callback}", show_callback),
)
