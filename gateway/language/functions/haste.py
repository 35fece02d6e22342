"""Haste: what may take long is not begun where others wait, so that all of it is done elsewhere.

Nearly all functions take a microsecond or less for a character. The few that may take far longer say so before they
begin.
"""

from contextvars import ContextVar
from typing import Final

from gateway.errors import MattergateError

MOST: Final = 15_000
"""Microseconds that those few may take in haste, all their calls together."""

LEFT: Final[ContextVar[list[int] | None]] = ContextVar("microseconds", default=None)
"""The microseconds that are left; None where there is no haste. Set to a list of one number, it is to be reset."""


class TakesLong(MattergateError):  # noqa: N818 - states a condition
    """Something takes longer than there is time for; it has not begun."""


def take(microseconds: int) -> None:
    """Begin something that takes at most about so long. Raises TakesLong, only in haste, when less is left."""
    left = LEFT.get()
    if left is None:
        return
    left[0] -= microseconds
    if left[0] < 0:
        raise TakesLong(f"a function needs {microseconds} us")
