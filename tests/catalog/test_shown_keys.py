"""Senders tell what they can: what is only shown may hold null or any scalar, and leaves no hole in a title."""

import copy
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.catalog.service import Service
from gateway.model import Outcome
from gateway.pipeline import sample
from gateway.pipeline.expectation import Expectation
from tests import builtin

SERVICES = ("jenkins", "jira", "redmine", "trac")
SAMPLES = [(service, path) for service, path in builtin.SAMPLES if service in SERVICES]

NAMELESS = re.compile(
    r"^$|^[\s:]|\s\s|\s[:,)](?!\w)|[:,(]\s*$|:\s*:|(?<! turned)(?<! sign) (?:to|on|in|by|of|from|for|at)(?:$|:)"
    r"|\(\)|\"\"|#(?!\w)|\s!(?!\w)"
)
"""A title in which a name is missing."""

COMMIT = re.compile(r"[0-9a-f]{40}")

Steps = tuple[str | int, ...]


def paths(value: Any, at: Steps = ()) -> Iterator[Steps]:
    """The paths of all parts of a body."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in entries:
        yield (*at, key)
        yield from paths(part, (*at, key))


def parent_of(body: Any, steps: Steps) -> Any:
    """What holds the part at the path."""
    for step in steps[:-1]:
        body = body[step]
    return body


def reading(service: Service, one: sample.Sample, body: Any) -> Expectation:
    """What becomes of the sample's request with another body."""
    request = msgspec.structs.replace(one.request, body=body)
    found = sample.read(service, sample.as_request(request))
    messages = [msgspec.to_builtins(message) for piece in found.pieces for message in piece.messages]
    return Expectation(found.outcome, translator=found.translator, messages=messages)


def attachments(found: Expectation) -> list[dict[str, Any]]:
    """What the messages show."""
    return [one for message in found.messages or () for one in message.get("attachments", ())]


def nameless(found: Expectation) -> list[str]:
    """The titles, and the lines of changes, in which a name is missing."""
    shown = attachments(found)
    changes = [line for one in shown for line in one.get("text", "").split("\n") if re.match(r"- (?:[:#→]|$)", line)]
    return [one["title"] for one in shown if NAMELESS.search(one.get("title", "?"))] + changes


@pytest.mark.parametrize(("key", "path"), SAMPLES, ids=[f"{service}/{path.stem}" for service, path in SAMPLES])
def test_the_translator_speaks_whatever_an_optional_key_holds(key: str, path: Any) -> None:
    """What the payload may do without may as well be null or, under a key, a scalar; then no title lacks a name.

    With anything else in its place it is told, too, be it by the generic translator.
    """
    service, one = builtin.service(key), builtin.sample(path)
    if not isinstance(one.request.body, dict) or not one.expect.translator:
        pytest.skip("a form has only texts, and who is refused, ignored or answered says nothing")
    speaker, optional = one.expect.translator, 0
    for steps in paths(one.request.body):
        body = copy.deepcopy(one.request.body)
        del parent_of(body, steps)[steps[-1]]
        if reading(service, one, body).translator != speaker:
            continue  # what the translator cannot do without
        optional += 1
        for other in (None, "x", "", 7, True, [], ["x"], {}, {"x": 1}):
            body = copy.deepcopy(one.request.body)
            parent_of(body, steps)[steps[-1]] = other
            found = reading(service, one, body)
            if other is None or (isinstance(steps[-1], str) and not isinstance(other, list | dict)):
                assert (found.translator or "").startswith(f"{key}/"), (steps, other)
            assert found.outcome in (Outcome.MESSAGE, Outcome.IGNORED), (steps, other)
            if other in (None, ""):
                assert not nameless(found), (steps, other)
    assert optional


def in_titles(body: Any, titles: str) -> Iterator[Steps]:
    """The paths of the texts and numbers below keys that the titles show, whole or as the short form of a commit."""
    for steps in paths(body):
        value = parent_of(body, steps)[steps[-1]]
        if isinstance(steps[-1], str) and type(value) in (str, int) and value != "":
            text = str(value)
            if (text[:7] if COMMIT.fullmatch(text) else text) in titles:
                yield steps


def holes(service: Service, one: sample.Sample, required: set[Steps]) -> Iterator[tuple[Steps, str | None]]:
    """What the titles of a sample show and its payload may do without: where they have a hole, or are lost, for it.

    What the translator cannot do without is added to `required`, for its other samples.
    """
    usual = [shown.get("title") for shown in attachments(one.expect)]
    for steps in in_titles(one.request.body, "\n".join(filter(None, usual))):
        if steps in required:
            continue
        body = copy.deepcopy(one.request.body)
        del parent_of(body, steps)[steps[-1]]
        without = reading(service, one, body)
        if without.translator != one.expect.translator:
            required.add(steps)
            continue
        parent_of(body, steps)[steps[-1]] = ""
        shown = attachments(without) + attachments(reading(service, one, body))
        for title in (part.get("title") for part in shown):
            if NAMELESS.search(title or "") if title or None not in usual else False:
                yield steps, title


@pytest.mark.parametrize("key", builtin.KEYS)
def test_no_title_has_a_hole(key: str) -> None:
    """What a title shows of a payload, and the payload may do without, leaves no trace where it is missing or empty."""
    required: defaultdict[str, set[Steps]] = defaultdict(set)
    found = [
        (speaker, *hole)
        for _, one in builtin.samples(key)
        if (speaker := one.expect.translator)
        for hole in holes(builtin.service(key), one, required[speaker])
    ]
    assert found == []
