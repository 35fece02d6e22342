"""Names of emoji as characters, for keys in which Mattermost draws none: a title with a link, the name of an author."""

import re
from typing import Final

from gateway.language.functions.coerce import text_of
from gateway.language.functions.registry import Example, function
from gateway.mattermost.emoji import character
from gateway.model import JSON

_NAME: Final = r":[a-z0-9_+\-]{1,60}:"
NAMES: Final = rf"(?<![\w:])(?:{_NAME})++(?![\w:])"
"""The pattern of names of emoji, one or several in a row, as Slack and Mattermost write them in a text."""

_EACH = re.compile(_NAME)
_ROW = re.compile(NAMES)


def drawn(text: str) -> str:
    """The text with the characters of emoji in place of their names; a name that is none of Unicode's stays."""
    return _ROW.sub(lambda row: _EACH.sub(_drawn_name, row[0]), text) if ":" in text else text


def _drawn_name(found: re.Match[str]) -> str:
    return character(found[0].strip(":")) or found[0]


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
