"""Emoji by name. Those of a server's own, which anybody may add, are not known here."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from rich.emoji import Emoji, NoEmoji

_OF_SLACK: Final[Mapping[str, str]] = {
    "large_green_circle": "🟢", "large_yellow_circle": "🟡", "large_orange_circle": "🟠", "large_purple_circle": "🟣",
    "large_brown_circle": "🟤", "large_red_square": "🟥", "large_green_square": "🟩", "large_yellow_square": "🟨",
    "large_orange_square": "🟧", "large_blue_square": "🟦", "octagonal_sign": "🛑", "simple_smile": "🙂",
}  # fmt: skip
"""Names of which the library knows only others."""

_KEPT: Final = 1024


@cache
def _known() -> dict[str, str]:
    """What has been looked up, at most `_KEPT` names: any payload may have new ones."""
    return dict(_OF_SLACK)


def character(name: str) -> str:
    """The character of an emoji; "" for a name that is none of Unicode's."""
    known = _known()
    found = known.get(name)
    if found is None:
        try:
            found = str(Emoji(name))
        except NoEmoji:
            found = ""
        if len(known) < _KEPT:
            known[name] = found
    return found
