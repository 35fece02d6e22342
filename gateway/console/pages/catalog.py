"""The catalog: its services, one service with its routes, one translator with its examples."""

import msgspec

from gateway.console import callbacks, catalog
from gateway.console.pages.tryout import PostShown, indented, shown
from gateway.console.web.page import Page, Shown, Visit
from gateway.console.workshop import Workshop


async def show_all(visit: Visit) -> Shown:
    """Every service, by topic."""
    found = await catalog.list_services(visit.gateway)
    return Shown("catalog.html", {"topics": catalog.by_topic(found.services)})


async def show_service(visit: Visit) -> Shown:
    """One service, and what its messages look like."""
    key, workshop = visit.path["service"], visit.console.part(Workshop)
    page = await catalog.service(visit.gateway, key)
    compiled = await visit.gateway.service(key)

    def work() -> list[list[PostShown]]:
        made = catalog.first_examples(compiled, workshop.folders()) if compiled is not None else ()
        return [[*map(shown, one.messages)] for one in made]

    facts = {"service": page, "examples": await workshop.run(work), "confidence": catalog.CONFIDENCE[page.confidence]}
    return Shown("service.html", facts)


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
