"""Texts compared by their words, and names of events in words: for payloads that nobody described."""

import re
from html import unescape
from typing import Final

from gateway.language.functions.credentials import hide, words_of

_HTML = re.compile(
    r"</?(?:p|br|div|a|b|i|strong|em|ul|li|h[1-6]|table|span|pre|code|ins|del)\b[^<>]{0,2000}>", re.IGNORECASE
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>")
_WORD = re.compile(r"[^\W_]+")
_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d*)?")
_TOP_DOMAINS: Final = frozenset("com org net io dev co google".split())
_SEEN: Final = 2000


def in_words(name: str) -> str:
    """The name of an event in words: "Order shipped" for `com.example.order.shipped`, "User left" for `user:left_v2`.

    A domain in front, versions and repetitions go; a name of several words is in words already.
    """
    text = name.strip()[:_SEEN]
    if " " in text:
        return text[:1].upper() + text[1:]
    parts = text.split(".")
    if len(parts) > 2 and parts[0].lower() in _TOP_DOMAINS:
        parts = parts[2:]
    words: list[str] = []
    for word in words_of(".".join(parts)).split("_"):
        if word not in words[-1:] and not _VERSION.fullmatch(word):
            words.append(word)
    return " ".join(words).capitalize()


def is_html(text: str) -> bool:
    """Whether a text has tags of HTML in it."""
    return "<" in text and _HTML.search(text) is not None


def plain(text: str) -> str:
    """The beginning of a third party's text without credentials and tags."""
    words = hide(text[:_SEEN]).strip()
    return unescape(_TAG.sub("", words)).strip() if is_html(words) else words


def first_line(text: str) -> str:
    """The first line that is not blank, its blanks as single spaces."""
    return next((" ".join(part.split()) for part in text.splitlines() if part.strip()), "")


def squashed(text: str) -> str:
    """The words of a text, in lower case, and nothing between them but spaces."""
    return " ".join(_WORD.findall(text[:_SEEN].lower()))


def framed(text: str) -> str:
    """`squashed` with a space on both sides, so that parts begin and end with words; "" for a text without any."""
    words = squashed(text)
    return f" {words} " if words else ""


def contains(whole: str, part: str) -> bool:
    """Whether one text has all words of another, in their order."""
    words = framed(part)
    return words != "" and words in framed(whole)


def is_form_of(event: str, state: str) -> bool:
    """Whether an event of one word is only another form of a state: "resolve" and "resolved"."""
    return len(event) > 3 and event.isalpha() and state.lower().startswith(event.lower())
