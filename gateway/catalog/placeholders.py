"""Words that stand for what an author wants to write later: `check` tells where one was left."""

import re
from typing import Final

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.errors import Fault
from gateway.model import JSON

_PLACEHOLDER: Final = re.compile(r"\b(?:TODO|FIXME|TBD|CHANGEME|replace-(?:with|me))\b")
_SHOWN: Final = 60
_KEYS: Final = ("name", "docs", "setup", "icon_url", "title")
"""The keys of a document that people read."""


def left(source: Text) -> list[Fault]:
    """The placeholders that are left in a document of the catalog, which is a faultless one."""
    if not _PLACEHOLDER.search(source.text):
        return []
    raw: JSON = yamlfile.load(source.text, source.file)
    return [
        yamlfile.fault(source.file, source.text, (key,), _told(text), "write what belongs here", at=found.start())
        for key in _KEYS
        if isinstance(text := raw.get(key), str) and (found := _PLACEHOLDER.search(text))
    ]


def _told(text: str) -> str:
    return f"this is left from a draft: {text.strip()[:_SHOWN]!r}"
