"""What people call the things and persons of a payload, wherever it says so."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from gateway.language.functions.coerce import text_of
from gateway.language.functions.registry import Example, function
from gateway.model import JSON

_NAMES: Final = ("displayName", "display_name", "name", "title", "value")
_FULL: Final = ("firstname", "lastname")
_LESS: Final = ("login", "username", "emailAddress", "key", "accountId", "id")
"""Keys of a name, the one that people would say first; those of a name in two parts; those of what stands for it."""

_IDS: Final = ("accountId", "name", "key", "id", "login", "username")
"""Keys of what a payload may say instead of a person."""

_MAX_PARTS: Final = 5000
"""Objects and arrays of a payload that are looked through for a name or key."""


def name_in(payload: JSON, known: str) -> str:
    """The display name that the payload has anywhere for the person of this id; "" when it has none."""
    for one in _objects(payload):
        shown = one.get("displayName")
        if isinstance(shown, str) and shown and any(one.get(key) == known for key in _IDS):
            return shown
    return ""


def _objects(payload: JSON) -> Iterator[dict[str, JSON]]:
    """The objects of a payload, the outer ones first, and no more than so many."""
    waiting: list[JSON] = [payload] if isinstance(payload, dict | list) else []
    for index in range(_MAX_PARTS):
        if index >= len(waiting):
            return
        one = waiting[index]
        if isinstance(one, dict):
            yield one
        parts = one.values() if isinstance(one, dict) else one
        room = _MAX_PARTS - len(waiting)
        waiting += [part for part in islice(parts, room) if isinstance(part, dict | list)]


@function(
    doc="What people call it: of an object its display name, name, title or the like, of everything else the value "
    "itself. With `payload`, the id of a person becomes the name that stands beside it anywhere in the payload.",
    examples=[
        Example("{{ priority | name_of }}", {"priority": {"id": 2, "name": "High"}}, "High"),
        Example("{{ priority | name_of }}", {"priority": "High"}, "High"),
        Example("{{ user | name_of }}", {"user": {"display_name": "Ada", "nickname": "al"}}, "Ada"),
        Example(
            "{{ by | name_of(all) }}", {"by": "5f00", "all": {"a": {"accountId": "5f00", "displayName": "Ada"}}}, "Ada"
        ),
    ],
)
def name_of(value: JSON, payload: JSON = None) -> JSON:
    """See the registration; arrays and objects without a name have none."""
    if isinstance(value, dict):
        found = _first(value, _NAMES) or " ".join([_text(value[key]) for key in _FULL if key in value]).strip()
        found = found or _first(value, _LESS)
        known = "" if _text(value.get("displayName")) else found
    else:
        found = known = _text(value)
    return (name_in(payload, known) if known and payload is not None else "") or found or None


def _first(value: Mapping[str, JSON], keys: tuple[str, ...]) -> str:
    """The first of the keys that has a text."""
    return next((text for key in keys if (text := _text(value.get(key)))), "")


def _text(value: JSON) -> str:
    """A scalar as text; "" for anything else."""
    return "" if isinstance(value, dict | list | tuple) else text_of(value).strip()


@function(
    doc="The first text or number under a key, wherever in the value it stands, objects before those inside of them: "
    "for what a sender says of whatever an event is about.",
    examples=[
        Example(
            "{{ event | anywhere('self') }}",
            {"event": {"issue": {"key": 7, "self": "https://x.example/7"}}},
            "https://x.example/7",
        ),
        Example("{{ event | anywhere('id') }}", {"event": {"issue": {"id": 7}, "id": None}}, "7"),
    ],
)
def anywhere(value: JSON, key: JSON = "") -> JSON:
    """See the registration."""
    name = text_of(key)
    return next((found for one in _objects(value) if (found := _text(one.get(name)))), None)
