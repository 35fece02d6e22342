"""What a draft holds until somebody says it better: `check` finds what was left."""

import re
from collections.abc import Iterator
from typing import Final

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.errors import Fault
from gateway.model import JSON

DOCS: Final = "https://example.com/replace-with-the-page-about-webhooks"
SETUP: Final = "Say here where in the sender the URL of the route is entered.\n"
TITLE: Final = "Something happened in {}"
"""The texts of a draft that its author replaces."""

_LEFT: Final = (
    (re.compile(r"\breplace-with\b"), "name the vendor's page about it"),
    (re.compile(r"\bSay here "), "say in a few lines what to click in the sender"),
    (re.compile(r"\bSomething happened in\b"), "say in a few words what happened"),
    (re.compile(r"\b(TODO|FIXME|TBD|CHANGEME)\b"), "write what belongs here"),
)
_SHOWN: Final = 60
_KEYS: Final = ("name", "docs", "setup", "icon_url", "title")
"""The keys of a document that people read."""


def left(source: Text) -> list[Fault]:
    """The placeholders that are left in a document of the catalog, which is a faultless one."""
    if not any(pattern.search(source.text) for pattern, _ in _LEFT):
        return []
    raw: JSON = yamlfile.load(source.text, source.file)
    return [fault for key in _KEYS if isinstance(text := raw.get(key), str) for fault in _of_text(source, key, text)]


def _of_text(source: Text, key: str, text: str) -> Iterator[Fault]:
    for pattern, remedy in _LEFT:
        if found := pattern.search(text):
            problem = f"this is left from a draft: {text.strip()[:_SHOWN]!r}"
            yield yamlfile.fault(source.file, source.text, (key,), problem, remedy, at=found.start())
            return
