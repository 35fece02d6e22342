"""Functions on time: every form of time that senders use becomes one form for readers, in UTC.

No function reads a clock: the only times are those of the payload. One without a zone is shown without one, unless the
document says in which zone the sender writes.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Final

from gateway.language.functions.coerce import number_of, text_of
from gateway.language.functions.registry import Example, Written, function, one_of
from gateway.language.zones import problem_of, zone_named
from gateway.model import JSON

_LOCAL_FORMATS: Final = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ZONE_WORDS = re.compile(r"\s*(?:\(?(?:UTC|GMT|Z)\)?)$", re.IGNORECASE)
_OFFSET_GAP = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_GO_CLOCK = re.compile(r"\s+m=[+-][\d.]+$")
_FRACTION = re.compile(r"(?<=\.)(\d{6})\d+")
_ISO_DURATION = re.compile(
    r"P(?:(?P<w>\d{1,9}(?:\.\d{1,9})?)W)?(?:(?P<d>\d{1,9}(?:\.\d{1,9})?)D)?"
    r"(?:T(?:(?P<h>\d{1,9}(?:\.\d{1,9})?)H)?(?:(?P<m>\d{1,9}(?:\.\d{1,9})?)M)?(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)S)?)?"
)
_GO_DURATION = re.compile(
    r"(?:(?P<d>\d{1,9})d)?\s*(?:(?P<h>\d{1,9}(?:\.\d{1,9})?)h)?\s*(?:(?P<m>\d{1,9}(?:\.\d{1,9})?)m)?\s*"
    r"(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)s)?\s*(?:(?P<ms>\d{1,9}(?:\.\d{1,9})?)ms)?"
)
_CLOCK_DURATION = re.compile(r"(?:(?P<d>\d{1,9})[.:\s])?(?P<h>\d{1,4}):(?P<m>\d{2}):(?P<s>\d{2}(?:\.\d{1,9})?)")
_SECONDS: Final = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_STEPS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_LONGEST: Final = 1e15
_FIRST_YEAR: Final = 1971
"""Years before are sentinels such as 0001-01-01 or the epoch: the sender means "not set"."""
_NO_FORMAT: Final = "it has no %, as '%H:%M' has; a zone is given by its name: zone='UTC'"

Zone = Annotated[JSON, Written(problem_of)]
"""The zone of a time that says none."""
Unit = Annotated[JSON, one_of(_UNITS)]
"""The unit of a number."""
Format = Annotated[JSON, Written(lambda text: "" if "%" in text else _NO_FORMAT)]
"""A format of strftime."""


def moment_of(value: JSON, zone: JSON = None) -> datetime | None:
    """The moment in a JSON value: epoch in s, ms, us or ns (told apart by size), ISO 8601, RFC 2822 and similar forms.

    None if it is no time or a sentinel. Without a zone in the value the moment is in the one named `zone`; without
    that, or where there is no zone of this name, it has none. Of a local time that the clock shows twice it is the
    first, and of one that it skips it is as if the clock had not been put forward (PEP 495).
    """
    number = number_of(value)
    if number is not None:
        return _from_epoch(number)
    found = _from_text(value.strip()[:100]) if isinstance(value, str) else None
    if found is None or found.year < _FIRST_YEAR:
        return None
    own = zone_named(zone) if found.tzinfo is None and isinstance(zone, str) else None
    return found if own is None else _in_utc(found.replace(tzinfo=own)) or found  # beyond the years that there are


def _from_epoch(number: float) -> datetime | None:
    for limit, unit in ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
        if 0 < number < limit:
            moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=number / unit)
            return moment if moment.year >= _FIRST_YEAR else None
    return None


def _from_text(text: str) -> datetime | None:
    plain = _GO_CLOCK.sub("", text)
    zoned = _ZONE_WORDS.search(plain) is not None
    bare = _FRACTION.sub(r"\1", _OFFSET_GAP.sub("", _ZONE_WORDS.sub("", plain)))
    for parse in (datetime.fromisoformat, _from_local):
        try:
            moment = parse(bare)
        except ValueError:
            continue
        return moment.replace(tzinfo=UTC) if zoned and moment.tzinfo is None else _in_utc(moment)
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_local(text: str) -> datetime:
    for form in _LOCAL_FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is not in the text
        except ValueError:
            continue
    raise ValueError(text)


def _in_utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


@function(
    doc='A time in UTC: `2026-01-31 14:05 UTC`, from epochs in s, ms, us or ns, ISO 8601 and RFC 2822; "not set" '
    "values such as `0001-01-01T00:00:00Z` are missing. `format` is one of strftime; `zone` is the zone of a time that "
    "says none: an IANA name or an offset.",
    examples=[
        Example("{{ at | time }}", {"at": 1769868300}, "2026-01-31 14:05 UTC"),
        Example("{{ at | time }}", {"at": "2026-01-31T15:05:00.123+01:00"}, "2026-01-31 14:05 UTC"),
        Example('{{ at | time("%H:%M") }}', {"at": 1769868300000}, "14:05"),
        Example('{{ ends | time | default("open") }}', {"ends": "0001-01-01T00:00:00Z"}, "open"),
        Example("{{ at | time(zone='Europe/Berlin') }}", {"at": "2026-01-31 15:05:00"}, "2026-01-31 14:05 UTC"),
        Example("{{ at | time('%H:%M', zone=tz) }}", {"at": "2026-07-31 16:05:00", "tz": "+02:00"}, "14:05"),
        Example("{{ at | time(zone='Europe/Berlin') }}", {"at": "2026-01-31T15:05:00Z"}, "2026-01-31 15:05 UTC"),
    ],
)
def time(value: JSON, format: Format = None, zone: Zone = None) -> JSON:  # noqa: A002 - the template author's word
    """See the registration; text that is no time stays, so that nothing is lost; a missing zone is not guessed."""
    moment = moment_of(value, None if _is_day(value) else zone)
    if moment is None:
        return _unknown(value)
    if isinstance(format, str) and 0 < len(format) <= 100:
        try:
            return moment.strftime(format)
        except (ValueError, UnicodeError):
            pass
    if _is_day(value):
        return moment.strftime("%Y-%m-%d")
    return moment.strftime("%Y-%m-%d %H:%M UTC" if moment.tzinfo else "%Y-%m-%d %H:%M")


def _is_day(value: JSON) -> bool:
    """Whether it is a date without a time of day, which is the same day in any zone."""
    return isinstance(value, str) and _DAY.fullmatch(value.strip()) is not None


def _unknown(value: JSON) -> JSON:
    """The result for a value that is no time: the text itself, missing if it is a sentinel or no text."""
    if not isinstance(value, str) or number_of(value) is not None or not value.strip():
        return None
    return None if _from_text(value.strip()[:100]) is not None else value


@function(
    doc="The day of a time in UTC: `2026-01-31`. `zone` is the zone of a time that says none.",
    examples=[
        Example("{{ at | date }}", {"at": "Sat, 31 Jan 2026 14:05:00 GMT"}, "2026-01-31"),
        Example("{{ at | date(zone='Europe/Berlin') }}", {"at": "2026-02-01 00:30:00"}, "2026-01-31"),
    ],
)
def date(value: JSON, zone: Zone = None) -> JSON:
    """See the registration."""
    moment = moment_of(value, None if _is_day(value) else zone)
    return _unknown(value) if moment is None else moment.strftime("%Y-%m-%d")


def seconds_of(value: JSON, unit: str = "s") -> float | None:
    """The seconds in a number of `unit`, in `PT1H5M`, `1h5m3s` or `1:05:03`; None if it is no duration."""
    number = number_of(value)
    if number is not None:
        return min(max(number * _UNITS.get(unit, 1.0), -_LONGEST), _LONGEST)
    if not isinstance(value, str):
        return None
    text = value.strip()[:100]
    for pattern in (_ISO_DURATION, _GO_DURATION, _CLOCK_DURATION):
        found = pattern.fullmatch(text)
        parts = {name: part for name, part in found.groupdict().items() if part} if found else {}
        if parts:
            return sum(float(part) * _SECONDS[name] for name, part in parts.items())
    return None


def duration_text(seconds: float) -> str:
    """A duration in its two largest units: `1 h 5 min`, `45 s`, `350 ms`."""
    sign = "-" if seconds < 0 else ""
    left = abs(seconds)
    if 0 < left < 1:
        return f"{sign}{max(1, round(left * 1000))} ms"
    whole = round(left)
    for at, (name, size) in enumerate(_STEPS):
        if whole >= size:
            smaller = whole % size // _STEPS[at + 1][1] if at + 1 < len(_STEPS) else 0
            return f"{sign}{whole // size:,} {name}" + (f" {smaller} {_STEPS[at + 1][0]}" if smaller else "")
    return "0 s"


@function(
    doc='A duration in its two largest units: `1 h 5 min`. From a number of seconds (or `unit`: "ms", "us", "ns", '
    '"min", "h", "d"), `PT1H5M`, `1h5m3s` or `1:05:03`.',
    examples=[
        Example("{{ took | duration }}", {"took": 3905}, "1 h 5 min"),
        Example('{{ took | duration("ms") }}', {"took": 1350}, "1 s"),
        Example("{{ took | duration }}", {"took": "PT1H5M"}, "1 h 5 min"),
    ],
)
def duration(value: JSON, unit: Unit = "s") -> JSON:
    """See the registration; text that is no duration stays as it is."""
    seconds = seconds_of(value, text_of(unit))
    if seconds is None:
        return value if isinstance(value, str) else None
    return duration_text(seconds)


@function(
    kind="global",
    doc="The duration between two times; missing when one of them is, when only one says its zone, or when it is 0. "
    "`zone` is the zone of a time that says none.",
    examples=[
        Example("{{ between(start, end) }}", {"start": "2026-01-31T14:00:00Z", "end": 1769868300}, "5 min"),
        Example('{{ between(start, end) | default("running") }}', {"start": 1769868300, "end": None}, "running"),
        Example("{{ between(a, b, zone='Asia/Tokyo') }}", {"a": "2026-01-31 22:55", "b": 1769868300}, "10 min"),
    ],
)
def between(start: JSON, end: JSON = None, zone: Zone = None) -> JSON:
    """See the registration."""
    first, last = moment_of(start, zone), moment_of(end, zone)
    if first is None or last is None or (first.tzinfo is None) != (last.tzinfo is None):
        return None
    took = (last - first).total_seconds()
    return duration_text(took) if took else None
