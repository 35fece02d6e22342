"""Outlines: what is told of documents that are not compiled is what they are when they are."""

import pytest

from gateway.catalog.catalog import Catalog
from gateway.catalog.kinds import Text
from gateway.catalog.outline import outlined
from gateway.catalog.service import Service
from tests import builtin

ITEM = """
title: An item
events:
  - item.*
  # a remark at the margin
# belongs there, too
when: kind
input: {box: {name: text, size?: number}, owner: owner, tags: [text]}
message: {text: "{{ box.name }}"}
"""
SHARED = "author: {name: '{{ name }}'}\nshapes:\n  owner: {id: text, name?: text}\nlet: {a: '{{ b }}'}\n"


def outline(text, shared=SHARED):
    """The outline of a service with one document."""
    texts = {"shared": Text("acme/shared", shared, "shared.yaml"), "item": Text("acme/item", text, "item.yaml")}
    return outlined(Service("acme", {"name": "Acme"}, Text("acme/service", "name: Acme", "service.yaml")), texts)


def test_it_says_events_and_what_is_required():
    """Shapes of the service are known; paths lead through objects, never through lists."""
    found = outline(ITEM)
    (one,) = found.index.candidates("item.sold")
    assert (one.name, one.events, one.conditional) == ("acme/item", ("item.*",), True)
    assert set(one.required) == {("box", "name"), ("owner", "id"), ("tags",)}
    assert one.demands == 5
    whole = {"box": {"name": "a"}, "owner": {"id": 1}, "tags": []}
    assert one.has_required(whole)
    assert one.schema.matches(whole)
    for key in whole:
        assert not one.has_required({**whole, key: None})


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("{title: An item, events: [item], message: {text: a}}", ["item"]),  # not in block style
        ("title: An item\nlet: {a: &a [item]}\nevents: *a\nmessage: {text: a}\n", ["item"]),
        ("title: [", []),
        ("title: An item\nevents: item\n", []),
        ("- a", []),
        ("", []),
    ],
)
def test_documents_of_any_style(text, events):
    """What cannot be read has no outline, and is no fault here: compiling it tells that."""
    found = outline(text, shared="shapes: [")
    assert [one.name for one in found.index.candidates("item")] == ["acme/item"] * len(events)


def test_outlines_are_those_of_the_compiled_catalog():
    """Events, conditions and inputs are the same, of every document that is built in."""
    outlines, compiled = Catalog(builtin.FOLDERS).outlines(), builtin.services()
    assert outlines.keys() == compiled.keys()
    for key, service in compiled.items():
        for translator in service.translators:
            own = [one for event in translator.events for one in outlines[key].index.candidates(event)]
            (found,) = {one for one in own if one.name == translator.name}
            assert (found.events, found.conditional) == (translator.events, translator.conditional)
            assert found.input == translator.input


def test_what_did_not_change_is_not_read_again(tmp_path):
    """A catalog that follows another takes over the outlines of services whose files are the same."""
    for key in "ab":
        (tmp_path / key).mkdir()
        (tmp_path / key / "service.yaml").write_text(f"name: {key}\nsetup: There is nothing to do.\n")
        (tmp_path / key / "item.yaml").write_text("title: An item\nevents: [item]\nmessage: {text: a}\n")
    first = Catalog([tmp_path])
    before = dict(first.outlines())
    (tmp_path / "b" / "item.yaml").write_text("title: An item\nevents: [other, more]\nmessage: {text: a}\n")
    after = Catalog([tmp_path], before=first).outlines()
    assert after["a"] is before["a"]
    assert after["b"].index.candidates("more")
