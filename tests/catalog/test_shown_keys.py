"""Trackers tell what they can: a key that is only shown may be null or any scalar, and their translators still speak."""

import copy
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.catalog import catalog, files
from gateway.catalog.service import Service
from gateway.model import Outcome
from gateway.pipeline import sample, samplefile
from gateway.pipeline.interpret import Reading

SERVICES = ("jira", "redmine", "trac")
FOLDERS = [files.builtin_folder()]
KNOWN = catalog.load(FOLDERS)
SAMPLES = [(service, path) for service, path in files.samples(FOLDERS) if service in SERVICES]

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


def reading(service: Service, one: sample.Sample, body: Any) -> Reading:
    """What becomes of the sample's request with another body."""
    request = msgspec.structs.replace(one.request, body=body)
    return sample.outcome(msgspec.structs.replace(one, request=request), service)


@pytest.mark.parametrize(("key", "path"), SAMPLES, ids=[f"{service}/{path.stem}" for service, path in SAMPLES])
def test_the_translator_speaks_whatever_an_optional_key_holds(key: str, path: Any) -> None:
    """Whatever the payload may do without may as well be null, a text or a number."""
    service, one = KNOWN.services[key], samplefile.load(path)
    if not isinstance(one.request.body, dict):
        pytest.skip("a form has only texts")
    speaker, optional = one.expect.translator, 0
    for steps in paths(one.request.body):
        body = copy.deepcopy(one.request.body)
        del parent_of(body, steps)[steps[-1]]
        if reading(service, one, body).translator != speaker:
            continue  # what the translator cannot do without
        optional += 1
        for other in (None, "x", "", 7):
            body = copy.deepcopy(one.request.body)
            parent_of(body, steps)[steps[-1]] = other
            found = reading(service, one, body)
            assert (found.translator or "").startswith(f"{key}/"), (steps, other, found.reason)
            assert found.outcome in (Outcome.MESSAGE, Outcome.IGNORED), (steps, other, found.reason)
    assert optional
