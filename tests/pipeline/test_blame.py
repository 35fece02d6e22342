"""Which document is to blame: by its file, line and key."""

from pathlib import Path

import pytest

from gateway.catalog.catalog import load
from gateway.pipeline import sample
from gateway.pipeline.blame import blame
from gateway.pipeline.interpret import Wishes

SERVICE = "name: Own\nsetup: Nothing to set up here.\nevent: [{json: kind}]\n"
SHARED = """\
shapes: {thing: {name: text}}
author: {name: "{{ name // 0 }}"}
"""
FRAGMENT = """\
title: A line
inputs: {n: any}
text: "{{ n // 0 }}"
"""
CARD = """\
title: A thing
input: {state: text}
message:
  attachments:
    - {title: "{{ name }}"}
"""
DOCUMENT = """\
title: A thing
events: [%s]
subject: a
%s
"""
DOCUMENTS = {
    "breaks": "message: {text: '{{ 1 // 0 }}'}",
    "folded": "message:\n  text: >-\n    a\n    {{ n - 'x' }}",
    "shape": "input:\n  by: thing\n  at?: {id: text}\nmessage: {text: a}",
    "hollow": "message: {text: '{{ no }}'}",
    "by": "message: {attachments: [{author: by, title: a}]}",
    "uses": "message: {text: [{use: line, with: {n: '{{ n }}'}}]}",
    "card": "card: thing\nmessage: {text: a}",
    "good": "message: {text: a}",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service of which each document fails in its own way."""
    folder = tmp_path_factory.mktemp("catalog")
    (folder / "own" / "cards").mkdir(parents=True)
    (folder / "fragments").mkdir()
    (folder / "fragments" / "line.yaml").write_text(FRAGMENT)
    for name, text in (("service", SERVICE), ("shared", SHARED), ("cards/thing", CARD)):
        (folder / "own" / f"{name}.yaml").write_text(text)
    for name, text in DOCUMENTS.items():
        (folder / "own" / f"{name}.yaml").write_text(DOCUMENT % (name, text))
    return load([folder]).services["own"]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"kind": "breaks"}, ["own/breaks.yaml:4: message/text: "]),
        ({"kind": "folded", "n": 1}, ["own/folded.yaml:5: message/text: "]),
        ({"kind": "shape", "at": {}}, [
            "own/shape.yaml:5: input/by: by is required, and is missing",
            "own/shape.yaml:6: input/at?/id: at.id is required, and is missing",
        ]),
        ({"kind": "shape", "by": {}}, ["own/shape.yaml:5: input/by: by.name is required, and is missing"]),
        ({"kind": "hollow"}, ["own/hollow.yaml:4: message: nothing of the message is left for this payload"]),
        ({"kind": "by", "by": {"name": "a"}}, ["own/shared.yaml:2: author/name: "]),
        ({"kind": "uses", "n": 1}, ["fragments/line.yaml:3: text: "]),
        ({"kind": "card"}, ["own/cards/thing.yaml:2: input: the payload does not match"]),
        ({"kind": "card", "state": "a"}, [
            "own/cards/thing.yaml:5: message/attachments/0/title: nothing is left of the title for this payload, "
            "in `{{ name }}`",
        ]),
        ({"kind": "good"}, []),
        ({"kind": "unheard"}, []),
    ],
)  # fmt: skip
def test_the_place_of_a_fault_is_found(service, payload, told):
    """In translators, shared documents, fragments and cards; an event that is told has none."""
    request = sample.as_request(sample.SampleRequest(body=payload))
    found = blame(
        service, sample.read(service, request, Wishes(card="both")).pieces, lambda file: Path(file).read_text()
    )
    assert len(found) == len(told)
    for one, words in zip(found, told, strict=True):
        assert words in str(one)
