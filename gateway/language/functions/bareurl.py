"""Bare URLs in a text, written so that Mattermost links all of each and nothing after it.

The web client's parser (github.com/mattermost/marked, rule `url`) ends a URL at brackets, quotes and some signs; and it
takes what follows as a part of the URL unless that is white space. So what ends a URL is percent-encoded, and behind
one that a text goes on after stands a character that JavaScript takes for white space and nobody sees.
"""

import re
from typing import Final

from gateway.language.functions.haste import take

END: Final = "\ufeff"
"""Zero width no-break space: white space for the clients, which end a URL there."""

_NO_URL = r"\s<>\"`\\\u200b\ufeff\u00ab\u00bb\u2018\u2019\u201c\u201d"
_NO_URL += r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e\u3001\u3002\u300c-\u3011"  # wide punctuation
_BARE = re.compile(rf"(?<![A-Za-z0-9])(?<![A-Za-z0-9]_)(?:https?://|www\.)[^{_NO_URL}]{{1,2048}}", re.IGNORECASE)
_ODD = re.compile(
    r"(?:https?://|www\.)(?:[A-Za-z0-9%/:?#@$&+=._!-]+|~(?!~))*+(?:(?<=[_~])|(?<=[_~][.:!?])|(?![.,:!?]*(?:[\s)]|\Z)))"
    r"|H[Tt][Tt][Pp][Ss]?://"
)
"""A URL of which something is to be changed, or looked at."""
_MANY: Final = 200
"""URLs beyond which all are looked at: where they stand in each other, the time of a search grows with their square."""
_OF_URL: Final = 15
"""Microseconds that one takes to be looked at where it runs on to the most characters, as those do in each other."""
_USUAL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:[/?#][A-Za-z0-9%/:?#@$&+,=~._-]*[A-Za-z0-9%/#@$&+=-]|/)?")
_HOST = re.compile(
    r"(?:https?://|(?=www\.))(?:[^/?#@]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^/?#:@()\[\]{}*|'^!,;$&=~]+)(?::[0-9]*)?", re.I
)
_NEXT_URL = re.compile(r"[|,;'()\[\]{}]+(?:https?://|www\.)", re.IGNORECASE)
_GOES_ON = re.compile(r"(?![.,:!?'\"]*(?:[\s)]|\Z)|[;>](?:\s|\Z)|\]\s)")
_ENTITY_END = re.compile(r"(?<=&)(#?[A-Za-z0-9]+);")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_TRAILING: Final = ".,:;!?'|([{"
_MARKS: Final = "*_~"
_BEHIND_HOST: Final = f"/?#)]}}{_TRAILING}{_MARKS}"
_ENCODED: Final = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "()[]{}*'|^"})


def has_odd_url(text: str) -> bool:
    """Whether `whole_urls` may change anything; nearly no text is such."""
    urls = text.count("://") + text.count("www.")
    return urls > _MANY or (urls > 0 and _ODD.search(text) is not None)


def ends_in_url(text: str) -> bool:
    """Whether the last word of a text may be a URL, of which what follows would become a part."""
    last = text[-2048:].rpartition(" ")[2]
    return "://" in last or "www." in last


def whole_urls(text: str) -> str:
    """The text with every bare http, https or www URL in a form that is linked as a whole."""
    if not has_odd_url(text):
        return text
    take(_OF_URL * (text.count("://") + text.count("www.")))
    parts: list[str] = []
    at = 0
    while (match := _BARE.search(text, at)) is not None:
        found, start = match[0], match.start()
        if _USUAL.fullmatch(found) and (match.end() == len(text) or text[match.end()] in " \n"):  # nearly always
            url = shown = found
        else:
            before = text[start - 1] if start else ""
            url, shown = _whole(found, before)
            if _GOES_ON.match(text, start + len(url)):
                shown += END
        parts += text[at:start], shown
        at = start + len(url)
    return "".join([*parts, text[at:]]) if parts else text


def _whole(found: str, before: str) -> tuple[str, str]:
    """The beginning of what was found that is the URL, and how it is written; `before` is the character before it."""
    host = _HOST.match(found)
    if host is None or (host.end() < len(found) and found[host.end()] not in _BEHIND_HOST):
        scheme, colon, _ = found.partition(":")
        return scheme + colon, scheme + colon  # such as https://*.x.example: nothing to link to
    url = _extent(found, host.end(), before)
    known = url if url.startswith(("http", "www")) else url[:8].lower() + url[8:]  # clients know small letters only
    return url, known[: host.end()] + _encoded(known[host.end() :])


def _extent(found: str, host: int, before: str) -> str:
    """The part that is the URL: up to the next URL, a bracket that it did not open, what closes `before`, punctuation.

    Signs of emphasis at its end are its own unless one stands before it.
    """
    following = _NEXT_URL.search(found, host)
    end = following.start() if following else len(found)
    if before in ("'", "|", "<"):
        closing = found.find("'" if before == "'" else "|", host, end)
        end = closing if closing >= 0 else end
    end = _balanced_end(found, host, end)
    has_path = found[host : host + 1] in ("/", "?", "#")
    trailing = _TRAILING + (_MARKS if not has_path else before if before in _MARKS else "")
    return found[:host] + found[host:end].rstrip(trailing)


def _balanced_end(found: str, start: int, end: int) -> int:
    """The index of the first bracket that closes what is not open, or `end`."""
    opened: list[str] = []
    for index in range(start, end):
        sign = found[index]
        if sign in "([{":
            opened.append(sign)
        elif sign in ")]}" and (not opened or opened.pop() != _PAIRS[sign]):
            return index
    return end


def _encoded(path: str) -> str:
    """Path, query and fragment with what would end or mark them percent-encoded, which servers read alike."""
    path = path.translate(_ENCODED)
    if "~~" in path:
        path = path.replace("~~", "%7E%7E")
    if ";" in path:
        path = _ENTITY_END.sub(r"\1%3B", path)
    return f"{path[:-1]}%{ord(path[-1]):02X}" if path[-1:] in ("_", "~") else path
