"""No sentence has a hole: whatever a payload leaves out, no title names nothing, and no field goes from x to x."""

import re
from collections.abc import Iterator

import pytest

from gateway.catalog.translator import context
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.errors import TranslationError
from gateway.mattermost.payload import Message
from gateway.pipeline import sample
from tests import builtin
from tests.catalog.test_tolerance import Path, is_demanded

HOLE = re.compile(
    r"""
    \s\s | \s:(?!\w) | :\s*$ | ^\s*: | \(\) | \bNone\b   # nothing between words, around a colon, in brackets
    | \s(?:by|to|from|of|on|for|in|as|with|the|a):       # nothing behind a small word
    | \s(?:by|to|from|of|for|with|the|a)$
    | [#!](?:\s|:|$)                                     # a number that is none
    | ^→ | →\s*$ | ^([^→]*[^→\s])\s→\s\1$                # from nothing, to nothing, from x to x
    """,
    re.VERBOSE,
)


def sentences(message: Message) -> Iterator[str]:
    """The titles and the values of fields of a message, without the backslashes of their Markdown."""
    for one in message.attachments or ():
        yield from filter(None, [one.title, one.author_name, *(str(field.value) for field in one.fields or ())])


def gaps(value: object, path: Path = ()) -> Iterator[tuple[dict, str, Path]]:
    """Each key inside of a value: the object that has it, the key, and the path to it."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(value, dict):
            yield value, key, (*path, key)
        yield from gaps(one, (*path, key))


def told(service, request, value) -> tuple[str, list[str]]:
    """The translator that speaks for a value, and the sentences that it and the card of its subject make."""
    event = service.event_name(request, value)
    seen = context(value, request, event)
    translator = service.speaker(event, seen)
    if translator is None or not translator.schema.matches(value):
        return "", []
    try:
        draft = translator.draft(seen, service.cards)
    except TranslationError:
        return "", []
    return translator.name, [text for one in (draft.message, draft.card) if one for text in sentences(one)]


@pytest.mark.parametrize(
    ("text", "hole"),
    [
        ("acme: issue  closed", True), ("acme: issue : Title", True), (": closed", True), ("acme: issue #7:", True),
        ("moved to: Title", True), ("assigned to", True), ("issue # closed", True), ("read → read", True),
        ("→ main", True), ("main →", True), ("files ()", True), ("acme: issue #7 closed: Title", False),
        ("reaction :thumbsup: added", False), ("`a` → `b`", False), ("a b → b", False), ("signed in", False),
    ],
)  # fmt: skip
def test_a_hole_is_found(text, hole):
    """The pattern tells sentences with holes from whole ones."""
    assert bool(HOLE.search(text)) is hole


@pytest.mark.parametrize("key", builtin.KEYS)
def test_no_sentence_has_a_hole(key):
    """Each value of each event is left out in turn, each key once; what the sample says itself is meant."""
    service, tried = builtin.service(key), set[tuple[str, str | None, Path]]()
    for _, one in builtin.samples(key):
        request = sample.as_request(one.request)
        for value in unwrap(Content.of(request, 5_000_000).value, service.unwrap).values:
            event = service.event_name(request, value)
            name, meant = told(service, request, value)
            demanded = builtin.translator(name).input if name else True
            for holder, gap, where in list(gaps(value)) if name else ():
                pattern = (name, event, tuple(step for step in where if isinstance(step, str)))
                if pattern in tried or is_demanded(demanded, where, demanded):
                    continue
                tried.add(pattern)
                kept, holder[gap] = holder[gap], None
                found = [one for one in told(service, request, value)[1] if one not in meant and HOLE.search(one)]
                holder[gap] = kept
                assert not found, (name, where, found)
