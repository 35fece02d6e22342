"""JSON as Go reads and writes it: numbers of any value are floats, and what HTML could take for its own is escaped."""

import json
from decimal import Decimal
from typing import Any

_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_WHOLE = 1e21
"""From here on Go writes whole floats in exponent form."""


def floats(value: Any) -> Any:
    """A JSON value after Go's `any`: keys sorted, numbers with the digits of a float, whole ones without a point."""
    if isinstance(value, dict):
        return {name: floats(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [floats(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(value)
    return int(Decimal(repr(number))) if number.is_integer() and abs(number) < _WHOLE else number


def encode(value: Any) -> bytes:
    """The bytes of a JSON value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED).encode()
