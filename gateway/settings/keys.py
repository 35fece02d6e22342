"""The description of one key of a settings table: how it is read, checked and shown.

A table is a frozen Struct whose fields have a `doc("...")`. It defines everything about a key: its name, type, bounds,
default, and line in the reference. Fields without a `doc` are not keys.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from ipaddress import ip_network
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta, Struct

from gateway import units
from gateway.secret import Secret, redact


class Address(Struct, frozen=True):
    """A listening address; `host` has no brackets, port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Kind(Struct, frozen=True):
    """A type of value that is written as text, or as another TOML type that it `takes`.

    `read` raises ValueError saying what is expected; `show` inverts it.
    """

    name: str
    read: Callable[[Any], Any]
    show: Callable[[Any], str] = str
    takes: type = str


class Key(Struct, frozen=True):
    """One key of a table: `type` is that of the value, msgspec checks `bounds`, `inherited` is the default's table."""

    name: str
    type: Any
    kind: Kind | None
    bounds: tuple[Meta, ...]
    text: str
    required: bool
    default: Any
    inherited: str

    @property
    def listed(self) -> bool:
        """Whether the value is a list."""
        return get_origin(self.type) is tuple

    @property
    def secret(self) -> bool:
        """Whether the value is a Secret or a list of them."""
        return self.type in (Secret, tuple[Secret, ...])

    @property
    def secrets_by_name(self) -> bool:
        """Whether the value is a table of secrets, whose names are those of documents."""
        return bool(self.type == dict[str, Secret])

    @property
    def written(self) -> tuple[str, ...]:
        """The names that the key may have in the file: those of a secret say where its text comes from."""
        return (self.name, f"{self.name}_env", f"{self.name}_file") if self.secret else (self.name,)


def doc(text: str, kind: Kind | None = None, inherited: str = "") -> Meta:
    """Describe a key for the reference; `inherited` is the table whose key of that name is its default."""
    return Meta(description=text, extra={"kind": kind, "inherited": inherited})


@cache
def keys(table: type[Struct]) -> Mapping[str, Key]:
    """List the keys of a table by name, in the order of the Struct."""
    hints = get_type_hints(table, include_extras=True)
    found = {}
    for field in msgspec.structs.fields(table):
        base, metas = _split_hint(hints[field.name])
        described_by = next((meta for meta in metas if meta.description), None)
        if described_by is None or described_by.description is None:
            continue
        extra = described_by.extra or {}
        found[field.name] = Key(
            name=field.name,
            type=base,
            kind=extra["kind"],
            bounds=tuple(meta for meta in metas if meta is not described_by),
            text=described_by.description,
            required=field.required,
            default=None if field.required or field.default is msgspec.NODEFAULT else field.default,
            inherited=extra["inherited"],
        )
    return found


def spelling(table: type[Struct], name: str, raw: Mapping[str, Any]) -> str:
    """The name that a key has in a table of the file, such as `token_env` for `token`; empty when it is absent."""
    return next((written for written in keys(table)[name].written if written in raw), "")


def read(key: Key, value: Any) -> Any:
    """Convert the TOML value of a key that is not a list to the type of its Struct.

    Raises ValueError, which says what was expected and what was found.
    """
    if key.kind is not None:
        if not isinstance(value, key.kind.takes):
            as_text = " as text" if key.kind.takes is str else ""
            raise ValueError(f"expected {key.kind.name}{as_text}, got {described(value)}")
        return _check_bounds(key, key.kind.read(value), value)
    return _check_bounds(key, value, value)


def read_item(key: Key, value: Any) -> Any:
    """Convert one item of a list key, as `read` does."""
    return read(msgspec.structs.replace(key, type=get_args(key.type)[0]), value)


def read_text(key: Key, text: str) -> Any:
    """Convert the text of an environment variable to the value of a key, as `read` does: "8" is a number there."""
    if key.kind is None and key.type in (bool, int, float):
        try:
            return read(key, msgspec.convert(text, key.type, strict=False))
        except msgspec.ValidationError:
            raise ValueError(f"expected {expected(key)}, got {_quote(text)}") from None
    return read(key, text)


def expected(key: Key) -> str:
    """Describe the values that a key accepts: "a whole number, at least 1"."""
    if key.listed:
        item = " or ".join("tables" if get_origin(one) is dict else "texts" for one in _options(get_args(key.type)[0]))
        return f"a list of {f'{key.kind.name.split()[-1]}s' if key.kind is not None else item}"
    return ", ".join([_type_name(key), *(_bound_name(meta) for meta in key.bounds)])


def default_text(key: Key, table: str) -> str:
    """The default of a key of that table, as TOML; empty when there is none."""
    if key.inherited and key.inherited != table:
        return f"that of [{key.inherited}]"
    if key.required:
        return "" if key.secret else "(required)"
    if key.default is None:
        return ""
    return _as_toml(key, key.default)


def written(table: Struct, names: Sequence[str]) -> list[tuple[str, str]]:
    """Of these keys those that differ from their defaults, with their values as TOML. None of them may be a secret."""
    known = keys(type(table))
    values = [(known[name], getattr(table, name)) for name in names]
    return [(key.name, _as_toml(key, value)) for key, value in values if value != key.default]


def _as_toml(key: Key, value: Any) -> str:
    if key.kind is not None and not key.listed:
        shown = key.kind.show(value)
        return f'"{shown}"' if key.kind.takes is str else shown
    return f"{value:g}" if isinstance(value, float) else msgspec.json.encode(value).decode()


def described(value: Any) -> str:
    """Describe a TOML value without showing texts: one may be a secret in the wrong place."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value == "":
        return "an empty text"
    names = {str: "text", list: "a list", dict: "a table", date: "a date", time: "a time"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "something else")


def _split_hint(hint: Any) -> tuple[Any, tuple[Meta, ...]]:
    metas = tuple(meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Meta))
    base = get_args(hint)[0] if metas else hint
    if get_origin(base) in (Union, UnionType):
        base = next(option for option in get_args(base) if option is not type(None))
    return base, metas


def _check_bounds(key: Key, value: Any, written: Any) -> Any:
    """Check the value against the type and bounds of its key; a fault shows `written`, the value in the file."""
    if isinstance(value, Address):
        return value
    try:
        result = msgspec.convert(value, Annotated[(key.type, *key.bounds)] if key.bounds else key.type)
    except ValueError:
        result = math.nan
    if isinstance(result, float) and not math.isfinite(result):
        raise ValueError(f"expected {expected(key)}, got {_describe_or_quote(key, written)}")
    return result


def _describe_or_quote(key: Key, value: Any) -> str:
    quotable = isinstance(value, str) and (key.kind is not None or get_origin(key.type) is Literal)
    return _quote(value) if quotable else described(value)


def _quote(text: str) -> str:
    masked = redact(text)
    return f'"{masked if len(masked) <= 40 else masked[:39] + "…"}"'


def _type_name(key: Key) -> str:
    if key.kind is not None:
        return key.kind.name
    if get_origin(key.type) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(key.type))
    if len(options := _options(key.type)) > 1:
        return " or ".join("a table" if get_origin(one) is dict else "text" for one in options)
    if get_origin(key.type) is dict:
        return "a table"
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(key.type, "text")


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _bound_name(meta: Meta) -> str:
    if meta.min_length is not None:
        return "not empty"
    if meta.le is not None:
        return f"from {meta.ge} to {meta.le}" if meta.ge is not None else f"above {meta.gt}, at most {meta.le}"
    return f"at least {meta.ge}" if meta.ge is not None else f"above {meta.gt}"


def _read_size(text: str) -> int:
    try:
        return units.size(text)
    except OverflowError:
        raise ValueError("larger than any disk") from None


def _read_address(text: str) -> Address:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:\[\]/@]+)):(\d{1,5})", text)
    if match is None or int(match[3]) > 65535:
        raise ValueError('expected host:port, such as "0.0.0.0:8080" or "[::1]:8080"')
    return Address(match[1] or match[2], int(match[3]))


def is_http_url(text: str) -> bool:
    """Whether the text is an absolute http(s) URL without user name, query and fragment."""
    return http_url(text) is not None and not re.search(r"[?#@]", text)


def http_url(text: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL, None for any other text."""
    try:
        parts = urlsplit(text)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return None
    plain = not re.search(r"[\s\\]", text) and text.isprintable()
    return parts if parts.scheme in ("http", "https") and parts.hostname and port_is_one and plain else None


def _read_network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        wider = "; the bits behind its prefix are not 0" if "host bits" in str(error) else ""
        raise ValueError(f'expected a network such as "10.0.0.0/8" or "2001:db8::/32"{wider}') from None


def _read_base_url(text: str) -> str:
    if text and not is_http_url(text):
        raise ValueError('expected a URL such as "https://hooks.example.com", without user name and query')
    return text.rstrip("/")


def _read_moment(value: date) -> float:
    """The seconds since the epoch of a TOML time, or of the beginning of a day in UTC."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    if value.tzinfo is None:
        raise ValueError('the time has no zone: end it with "Z" for UTC, or with an offset such as "+01:00"')
    return value.timestamp()


def _show_moment(value: float) -> str:
    return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")


def _read_link(text: str) -> str:
    if not is_http_url(text.partition("?")[0]) or not text.isprintable() or " " in text:
        raise ValueError('expected a URL such as "https://example.com/icon.png"')
    return text


def _show_quantity(value: float, steps: Mapping[str, float]) -> str:
    for unit, step in steps.items():
        if value >= step and (value / step).is_integer():
            return f"{value / step:.0f}{unit}"
    return f"{value:g}{list(steps)[-1]}"


_TIMES: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_SIZES: Final = {"GB": 1e9, "MB": 1e6, "kB": 1e3, "B": 1.0}

DURATION: Final = Kind("a duration", units.seconds, lambda value: _show_quantity(value, _TIMES))
SIZE: Final = Kind("a size", _read_size, lambda value: _show_quantity(value, _SIZES))
ADDRESS: Final = Kind("an address", _read_address)
NETWORK: Final = Kind("a network", _read_network)
BASE_URL: Final = Kind("a URL", _read_base_url)
LINK: Final = Kind("a URL", _read_link)
MOMENT: Final = Kind("a time with its zone (2026-12-01T06:00:00Z), or a date", _read_moment, _show_moment, date)
