"""Functions on numbers, also those that arrive as text; what is no number stays as it is."""

import re
from math import isfinite
from typing import Final

from gateway.language.functions.coerce import count_of, number_of, number_text, text_of
from gateway.language.functions.registry import Example, Number, function
from gateway.model import JSON

_SIZES: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_WHOLE: Final = re.compile("BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|VND|VUV|XAF|XOF|XPF")
_THOUSANDTHS: Final = re.compile("BHD|IQD|JOD|KWD|LYD|OMR|TND")
"""ISO 4217: currencies without a minor unit, and with one of a thousandth."""


def _text(value: JSON) -> JSON:
    """The result for a value that is no number: text stays, other values are missing."""
    return value if isinstance(value, str) else None


def _format_rounded(number: float, digits: int) -> str:
    """At most `digits` decimals, thousands separated, no trailing zeros."""
    shown = f"{number:z,.{digits}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


@function(
    doc="A number with thousands separated, rounded to at most `digits` decimals.",
    examples=[
        Example("{{ n | number }}", {"n": 1234567.5}, "1,234,567.5"),
        Example("{{ n | number(0) }}", {"n": "1e6"}, "1,000,000"),
    ],
)
def number(value: JSON, digits: Number = 2) -> JSON:
    """See the registration."""
    found = number_of(value)
    if found is None:
        return number_text(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)
    return f"{found:,}" if isinstance(found, int) else _format_rounded(found, count_of(digits, 2, 20))


@function(
    name="bytes",
    doc="A number of bytes in a readable unit, steps of 1000.",
    examples=[
        Example("{{ size | bytes }}", {"size": 1234567}, "1.2 MB"),
        Example("{{ size | bytes }}", {"size": 512}, "512 B"),
    ],
)
def bytes_(value: JSON) -> JSON:
    """See the registration."""
    found = number_of(value)
    if found is None:
        return _text(value)
    size, step = float(found), 0
    while round(abs(size), 1 if step else 0) >= 1000 and step < len(_SIZES) - 1:
        size, step = size / 1000, step + 1
    return f"{_format_rounded(size, 1 if step else 0)} {_SIZES[step]}"


@function(
    doc="The product of two numbers.",
    examples=[
        Example("{{ rate | times(100) }}", {"rate": 0.5}, "50"),
        Example("{{ price | times(count) | money('eur') }}", {"price": 250, "count": "4"}, "10.00 EUR"),
    ],
)
def times(value: JSON, factor: Number = 1) -> JSON:
    """See the registration."""
    found, by = number_of(value), number_of(factor)
    if found is None or by is None:
        return _text(value)
    try:
        return number_of(found * by)
    except OverflowError:
        return None


@function(
    doc="A fraction as a percentage; `of` is what 100 % is.",
    examples=[
        Example("{{ rate | percent }}", {"rate": 0.1234}, "12.3%"),
        Example("{{ used | percent(of=size) }}", {"used": 50, "size": 200}, "25%"),
    ],
)
def percent(value: JSON, digits: Number = 1, of: JSON = 1) -> JSON:
    """See the registration."""
    found, whole = number_of(value), number_of(of)
    if found is None:
        return _text(value)
    if not whole:
        return None
    try:
        share = found / whole * 100
    except OverflowError:
        return None
    return _format_rounded(share, count_of(digits, 1, 10)) + "%" if isfinite(share) else None


@function(
    doc="An amount in minor units (cents) with its currency; `major=true` if the amount is in whole units already. "
    'A text that is a number counts as one: "12.50" needs `major=true`.',
    examples=[
        Example('{{ amount | money("eur") }}', {"amount": 123450}, "1,234.50 EUR"),
        Example("{{ amount | money(currency) }}", {"amount": 500, "currency": "JPY"}, "500 JPY"),
        Example('{{ amount | money("usd", major=true) }}', {"amount": "12.5"}, "12.50 USD"),
    ],
)
def money(value: JSON, currency: JSON = "", major: JSON = False) -> JSON:
    """See the registration."""
    found = number_of(value)
    if found is None:
        return _text(value)
    unit = text_of(currency).strip().upper()[:20]
    digits = 0 if _WHOLE.fullmatch(unit) else 3 if _THOUSANDTHS.fullmatch(unit) else 2
    amount = float(found) / (1 if major else 10**digits)
    return f"{amount:z,.{digits}f} {unit}".rstrip()
