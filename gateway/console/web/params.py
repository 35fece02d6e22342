"""The parameters of a request, read into Structs: query strings, forms, JSON bodies. Faults name place and remedy.

A query parameter or form field is text; the Struct says what it becomes. A name given several times is for a field
that is a sequence; an empty text counts as not given, which is what a form sends for a filter that is left alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, inspect
from multidict import MultiMapping

from gateway.errors import Refused

T = TypeVar("T", bound=Struct)

_PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_LONGEST: Final = 100
"""Characters of a name that a fault repeats."""

MOST_FAULTS: Final = 10
"""Unknown parameters that are listed one by one; a form may have millions."""


def read_pairs(pairs: MultiMapping[Any], table: type[T]) -> T:
    """Read a query string or form into a Struct. Raises Refused (400) that names the parameters at fault."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(table)}
    values: dict[str, Any] = {}
    unknown = [name for name in dict.fromkeys(pairs) if name not in fields]
    if unknown:
        raise Refused(400, "Bad Request", _unknown(unknown, fields))
    for name in dict.fromkeys(pairs):
        given = [text for text in pairs.getall(name) if isinstance(text, str) and text]
        if not given:
            continue
        values[name] = given if _is_sequence(fields[name].type) else given[-1]
    try:
        return msgspec.convert(values, table, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(400, "Bad Request", _reworded(str(error), table)) from None


def read_json(body: bytes, table: type[T]) -> T:
    """Read a JSON body into a Struct, an empty one as `{}`. Raises Refused (400) that names the place at fault."""
    try:
        return msgspec.json.decode(body or b"{}", type=table)
    except msgspec.ValidationError as error:
        raise Refused(400, "Bad Request", f"body: {_reworded(str(error), table)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "Bad Request", f"body: not JSON: {error}") from None


def _unknown(names: Sequence[str], known: Iterable[str]) -> str:
    """Say which parameters are not known, the first MOST_FAULTS of them by name."""
    listed = [
        f"{name[:_LONGEST]}: unknown parameter, known are {', '.join(known) or 'none'}" for name in names[:MOST_FAULTS]
    ]
    more = len(names) - len(listed)
    return "; ".join(listed) + (f"; and {more} more" if more else "")


def _is_sequence(kind: Any) -> bool:
    return isinstance(inspect.type_info(kind), inspect.ListType | inspect.VarTupleType | inspect.SetType)


def _reworded(problem: str, table: type[Struct]) -> str:
    """Put msgspec's complaint the way a caller reads it: the place first, then what is expected there."""
    if missing := _MISSING.match(problem):
        return f"{missing['name']}: is missing"
    match = _PLACE.search(problem)
    place = match["place"] if match else ""
    text = _PLACE.sub("", problem).replace("`", "")
    text = text[:1].lower() + text[1:]
    choices = _choices(table, place)
    return f"{place or 'it'}: {text}" + (f", expected {' or '.join(map(str, choices))}" if choices else "")


def _choices(table: type[Struct], place: str) -> Sequence[Any]:
    """The values that a field of a closed set may have; none for other fields."""
    kinds: Mapping[str, Any] = {field.encode_name: field.type for field in msgspec.structs.fields(table)}
    if place not in kinds:
        return ()
    kind = inspect.type_info(kinds[place])
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    found: list[Any] = []
    for option in options:
        if isinstance(option, inspect.EnumType):
            found += [member.value for member in option.cls]
        elif isinstance(option, inspect.LiteralType):
            found += option.values
    return found
