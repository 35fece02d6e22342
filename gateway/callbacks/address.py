"""The URL of a request to an outside service: its host stands in the document or the settings, never in a payload.

    https://api.pagerduty.com/incidents/{{ context.incident | urlencode }}
    {{ settings.url }}/incidents/{{ context.incident | urlencode }}

Behind the host every value is one segment: it ends with `| urlencode`, so that it leads nowhere else on that host.
"""

import re
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

from gateway.callbacks.given import HIDDEN
from gateway.language import lint
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.lint import Token, Unusable
from gateway.language.output import Mode
from gateway.language.template import Context

LONGEST: Final = 8_000
"""Characters of a URL."""

_HOST: Final = r"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?"
_SETTING: Final = r"\{\{-?\s*settings\.url\s*-?\}\}"
_BEGINNING: Final = re.compile(rf"\s*(?P<host>{_HOST}|{_SETTING})(?=[/?]|\s*\Z)")
_SEPARATOR: Final = re.compile(r"[/\\]")
_UPWARDS: Final = frozenset({".", ".."})
_OPERATORS: Final = frozenset("or and not in is if else".split())
_ENCODED: Final = ["|", "urlencode"]

_NO_HOST: Final = (
    "the host of a request stands in the document or the settings: begin with https://HOST/ or {{ settings.url }}/"
)
_NOT_ENCODED: Final = "a value in a URL might lead elsewhere: write `| urlencode` behind it, and nothing behind that"
_SECRET: Final = "URLs are logged by servers and proxies: a secret stands in `query`, `headers` or the body"  # noqa: S105


class Address:
    """The compiled URL. `by_settings` says that the settings give its host."""

    def __init__(self, source: str, compiler: Compiler, place: DocumentPlace) -> None:
        begins = _BEGINNING.match(source)
        self.by_settings = begins is not None and begins["host"].startswith("{{")
        if begins is None:
            place.fault(_NO_HOST)
        else:
            _check(source, begins.end(), place)
        with compiler.names_used() as names:
            self._template = compiler.template(source, Mode.RAW, place)
        if not names.isdisjoint(HIDDEN):
            place.fault(_SECRET)

    def render(self, context: Context) -> str:
        """The URL. Raises ValueError, which says why there is none."""
        url = self._template.render(context)
        if not url:
            raise ValueError("a value that its URL needs is missing")
        return checked(url)


def checked(url: str) -> str:
    """The URL itself. Raises ValueError for one that no service has, or that may not lead where it seems to."""
    if len(url) > LONGEST:
        raise ValueError(f"its URL has more than {LONGEST:,} characters")
    parts = urlsplit(url)  # raises ValueError for a malformed host
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("its URL is none of https://HOST/...")
    if parts.fragment or any(sign in url for sign in "#\\"):
        raise ValueError("its URL has a sign in it that no URL of a service has")
    if not _UPWARDS.isdisjoint(_SEPARATOR.split(unquote(parts.path))):  # some servers decode before they divide
        raise ValueError("a segment of its URL is . or ..")
    return url


def _check(source: str, behind: int, place: DocumentPlace) -> None:
    """Note a fault for each value behind the host that is not encoded."""
    try:
        code = lint.tokens(source)
    except Unusable:
        return  # which compiling it says
    openings = [index for index, token in enumerate(code) if token.kind == "opening"]
    for first, after in pairwise([*openings, len(code)]):
        if code[first].text == "{{" and code[first].at >= behind and not _encoded(code[first + 1 : after]):
            place.fault(_NOT_ENCODED, code[first].at)


def _encoded(expression: tuple[Token, ...]) -> bool:
    """Whether all of an expression goes through `urlencode` last: a filter takes what stands right before it."""
    depth = 0
    for token in expression:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0) if token.kind == "sign" else 0
        sign = token.kind == "sign" and token.text not in ".|()[]"
        if depth == 0 and (sign or (token.kind == "name" and token.text in _OPERATORS)):
            return False
    return [token.text for token in expression[-2:]] == _ENCODED
