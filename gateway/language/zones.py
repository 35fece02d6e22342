"""Time zones by their IANA names or offsets, for times that say none of their own.

Their rules come from the files of the system, else from the package `tzdata`; each zone is read once.
"""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

KNOWN: Final = 1024
"""How many names are remembered: they may come from payloads."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):?(?P<minutes>[0-5]\d)")


@lru_cache(KNOWN)
def zone_named(name: str) -> tzinfo | None:
    """The zone of a name: "Europe/Berlin", "UTC" or "+02:00"; None where there is none."""
    if offset := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
        return timezone(ahead if offset["sign"] == "+" else -ahead)
    if name == "UTC":
        return UTC
    if _NAME.fullmatch(name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, a file that is none, or a folder of zones
        return None


def problem_of(name: str) -> str:
    """What is wrong with a zone that a template names; "" where nothing is."""
    if zone_named(name) is not None:
        return ""
    near = get_close_matches(name, available_timezones(), 1)
    meant = f"did you mean {near[0]}?" if near else "write an IANA name such as 'Europe/Berlin', or an offset: '+02:00'"
    return f"there is no time zone {name!r}; {meant}"
