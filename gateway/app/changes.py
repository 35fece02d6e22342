"""The differences that a reload makes to settings and catalog, and those that need a restart. Pure."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Document
from gateway.errors import Fault
from gateway.settings import Settings
from gateway.settings.lines import shown

_FIXED = (
    ("server", "listen"),
    ("server", "admin"),
    ("server", "header_limit"),
    ("server", "grace"),
    ("journal", "url"),
    ("tracing",),
)
"""Tables and keys that need a restart."""

_TABLES = ("server", "journal", "catalog", "delivery", "passthrough", "log", "admin")
_NAMED = ("destinations", "routes", "callbacks", "bots")


def refusals(old: Settings, new: Settings) -> list[Fault]:
    """A fault for each change that needs a restart; empty when a reload can apply all of them."""
    return [
        new.source.fault(place, "cannot change while the gateway runs", "restart it, or put back the old value")
        for place in _FIXED
        if _at(old, place) != _at(new, place)
    ]


def settings_changes(old: Settings, new: Settings) -> tuple[str, ...]:
    """Describe each difference in one line, by table and keys; values are left out, since they may be secret."""
    return (*_tables(old, new), *(line for table in _NAMED for line in _changed_names(table, old, new)))


def document_changes(old: Catalog, new: Catalog) -> tuple[str, ...]:
    """Describe each different document in one line, of the services that both catalogs have compiled."""
    return tuple(
        f"{key}/{name}.yaml: {change}"
        for key in sorted(old.services.keys() & new.services.keys())
        for name, change in _differing(old.services[key].documents, new.services[key].documents)
    )


def _differing(old: Mapping[str, Document], new: Mapping[str, Document]) -> Iterator[tuple[str, str]]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is None or after is None or before.digest != after.digest:
            yield name, "new" if name not in old else "gone" if name not in new else "changed"


def _tables(old: Settings, new: Settings) -> Iterator[str]:
    for table in _TABLES:
        before, after = getattr(old, table), getattr(new, table)
        if before is None or after is None:
            if before is not after:
                yield f"[{table}]: {'new' if before is None else 'gone'}"
        elif keys := _keys(before, after):
            yield f"[{table}]: {keys} changed"


def _changed_names(table: str, old: Settings, new: Settings) -> Iterator[str]:
    before: Mapping[str, Struct] = getattr(old, table)
    after: Mapping[str, Struct] = getattr(new, table)
    for name in sorted(before.keys() | after.keys()):
        place = f"[{shown((table, name))}]"
        if name not in before:
            yield f"{place}: new"
        elif name not in after:
            yield f"{place}: gone"
        elif keys := _keys(before[name], after[name]):
            yield f"{place}: {keys} changed"


def _keys(before: Struct, after: Struct) -> str:
    """The keys that differ, joined."""
    values = asdict(after)
    return ", ".join(key for key, value in asdict(before).items() if value != values[key])


def _at(settings: Settings, place: tuple[str, ...]) -> object:
    found: object = settings
    for step in place:
        found = getattr(found, step)
    return found
