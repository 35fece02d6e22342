"""Names of emoji as characters, for keys in which Mattermost draws none: a title with a link, the name of an author."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from rich.emoji import Emoji, NoEmoji

from gateway.language.functions.coerce import text_of
from gateway.language.functions.registry import Example, function
from gateway.model import JSON

_NAME: Final = r":[a-z0-9_+\-]{1,60}:"
NAMES: Final = rf"(?<![\w:])(?:{_NAME})++(?![\w:])"
"""The pattern of names of emoji, one or several in a row, as Slack and Mattermost write them in a text."""

_EACH = re.compile(_NAME)
_ROW = re.compile(NAMES)

_OF_SLACK: Final[Mapping[str, str]] = {
    "large_green_circle": "🟢", "large_yellow_circle": "🟡", "large_orange_circle": "🟠", "large_purple_circle": "🟣",
    "large_brown_circle": "🟤", "large_red_square": "🟥", "large_green_square": "🟩", "large_yellow_square": "🟨",
    "large_orange_square": "🟧", "large_blue_square": "🟦", "octagonal_sign": "🛑", "simple_smile": "🙂",
}  # fmt: skip
"""Names of which the library knows only others."""

_KEPT: Final = 1024


def drawn(text: str) -> str:
    """The text with the characters of emoji in place of their names; a name that is none of Unicode's stays."""
    return _ROW.sub(lambda row: _EACH.sub(_drawn_name, row[0]), text) if ":" in text else text


def _drawn_name(found: re.Match[str]) -> str:
    return _character(found[0].strip(":")) or found[0]


@cache
def _known() -> dict[str, str]:
    """What has been looked up, at most `_KEPT` names: any payload may have new ones."""
    return dict(_OF_SLACK)


def _character(name: str) -> str:
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


@function(
    doc="A text with the characters of emoji in place of their names, as titles need them; other names stay.",
    examples=[
        Example("{{ title | emoji }}", {"title": ":tada: v2 is out"}, "🎉 v2 is out"),
        Example("{{ title | emoji }}", {"title": "took 10:20:30"}, "took 10:20:30"),
    ],
)
def emoji(value: JSON) -> JSON:
    """See the registration."""
    return drawn(text_of(value))
