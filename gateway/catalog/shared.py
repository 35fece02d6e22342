"""shared.yaml of a service: what its documents have in common, said once.

shapes: {user: {login?: text, html_url?: url}}
author: {name: "{{ login }}", link: "{{ html_url }}"}
states: {issue: {opened: opened, closed: closed}}
let: {root: "{{ repository.html_url | strip_suffix(repository.full_name) }}"}
callbacks: {request: {headers: {Authorization: "Bearer {{ secrets.token }}"}}}
"""

from collections.abc import Mapping

from gateway.catalog import yamlfile
from gateway.catalog.author import AuthorShape
from gateway.catalog.kinds import Text
from gateway.catalog.scope import Scope
from gateway.catalog.shapes import compiled_all
from gateway.catalog.states import StateTable
from gateway.errors import Fault
from gateway.language.document import Compiler, DocumentPlace, Fragments, Note, SharedName
from gateway.language.template import Engine
from gateway.model import JSON


def scope_of(
    source: Text | None, raw: Mapping[str, JSON], fragments: Fragments, engine: Engine
) -> tuple[Scope, list[Fault]]:
    """The scope of a service's documents, and the faults in its shared.yaml (None: it has none)."""
    if source is None:
        return Scope(fragments=fragments), []
    noted: list[Note] = []
    place = DocumentPlace(source.name, (), noted)
    names = _names(raw.get("let", {}), engine, place / "let")
    compiler = Compiler(engine, names)
    scope = Scope(
        shapes=compiled_all(raw.get("shapes", {}), place / "shapes"),
        names=names,
        author=AuthorShape(raw["author"], compiler, place / "author") if "author" in raw else None,
        states={name: StateTable(table, place / "states" / name) for name, table in raw.get("states", {}).items()},
        fragments=fragments,
        callbacks=raw.get("callbacks", {}),
        digest=hash(source.text),
    )
    return scope, yamlfile.placed(noted, source.text, source.file)


def _names(raw: Mapping[str, JSON], engine: Engine, place: DocumentPlace) -> list[SharedName]:
    """The named values; each may use those before it."""
    compiler, names = Compiler(engine), list[SharedName]()
    for name, source in raw.items():
        with compiler.names_used() as uses:
            ((_, value),) = compiler.let({name: source}, place)
        names.append(SharedName(name, value, frozenset(uses), engine.copies[name]))
    return names
