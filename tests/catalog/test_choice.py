"""Which document speaks: one alone for each sample; and what nobody understands is told all the same, as drift."""

import copy
from collections.abc import Iterator

import msgspec
import pytest

from gateway import jsonpath
from gateway.catalog.generic import GENERIC
from gateway.catalog.outline import Outline
from gateway.catalog.translator import context
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.model import DRIFT, JSON, Outcome
from gateway.pipeline import sample
from tests import builtin
from tests.catalog.test_bad_input import check

TOLD = [key for key in builtin.KEYS if builtin.samples(key)]


@pytest.mark.parametrize("key", TOLD)
def test_one_document_answers(key):
    """Of those that an event name leads to, no second one holds itself for the right one."""
    service = builtin.service(key)
    for path, one in builtin.samples(key):
        request = sample.as_request(one.request)
        for value in unwrap(Content.of(request, 5_000_000).value, service.unwrap).values:
            name = service.event_name(request, value)
            seen, found = context(value, request, name), {}
            for each in service.index.candidates(name):
                if each.conditional and each.speaks(seen):
                    exact = name if name in each.events else ""
                    found.setdefault(exact or next(iter(each.events)), []).append(each.name)
            assert all(len(names) == 1 for names in found.values()), (path.name, found)


def usual_samples(key: str) -> list[sample.Sample]:
    """One sample of each translator of a service whose body is JSON."""
    found = {}
    for _, one in builtin.samples(key):
        if one.expect.translator in builtin.TRANSLATORS and isinstance(one.request.body, dict):
            found.setdefault(one.expect.translator, one)
    return list(found.values())


def nulls(value: JSON) -> JSON:
    """A value with null in the place of every text, number and truth."""
    if isinstance(value, dict):
        return {key: nulls(one) for key, one in value.items()}
    return [nulls(one) for one in value] if isinstance(value, list) else None


FOREIGN = [{}, {"answer": 42}, {"event": {"type": "x", "data": [1, {"id": None}]}}]
"""Payloads of no service."""


@pytest.mark.parametrize("key", TOLD)
def test_what_nobody_understands_is_told(key):
    """Another service's payload, an empty one, nulls everywhere, each required key missing: readable, and noted."""
    service = builtin.service(key)
    others = [usual_samples(other)[0].request.body for other in ("github", "jira") if other != key]
    for one in usual_samples(key):
        for body in (*FOREIGN, *others, nulls(one.request.body), *without_required(one)):
            request = msgspec.structs.replace(one.request, body=body)
            found = sample.read(service, sample.as_request(request))
            assert found.outcome in (Outcome.MESSAGE, Outcome.IGNORED), (body, found.reason)
            for piece in found.pieces:
                for message in piece.messages:
                    check(message, key)
                if piece.translator == GENERIC and service.translators:
                    assert piece.messages, body
                    assert piece.note in DRIFT or piece.emptied or piece.note, (body, piece.reason)


def without_required(one: sample.Sample) -> Iterator[JSON]:
    """The body of a sample without each of the keys that its translator requires, in turn."""
    translator = builtin.translator(one.expect.translator)
    for path in Outline(translator.name, translator.events, translator.input, conditional=False).required:
        body = copy.deepcopy(one.request.body)
        holder = jsonpath.lookup(body, path[:-1])
        if isinstance(holder, dict) and path[-1] in holder:  # else it stands in an envelope
            del holder[path[-1]]
            yield body
