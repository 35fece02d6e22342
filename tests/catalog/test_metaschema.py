"""Meta-schemas: where a document does not match its own, in words that help."""

import json

import pytest

from gateway.catalog import files, yamlfile
from gateway.catalog.kinds import Text
from gateway.catalog.metaschema import meta_faults, meta_schema


def faults(text: str, name: str = "translator", definition: str = ""):
    """What is wrong with a document."""
    return meta_faults(yamlfile.load(text, "x.yaml"), name, definition, Text("a/x", text, "x.yaml"))


@pytest.mark.parametrize("name", ["service", "translator", "sample", "callback"])
def test_every_meta_schema_is_read_once(name):
    """It is a schema that describes an object, and the same object each time."""
    schema, _ = meta_schema(name)
    assert schema["type"] == "object"
    assert meta_schema(name)[0] is schema


def test_what_a_meta_schema_takes_from_that_of_translators_is_not_its_own():
    """A definition of its own would hide the other one of the name in an editor, and be hidden here."""
    own = json.loads(files.read_schema("callback"))["$defs"].keys()
    theirs = json.loads(files.read_schema("translator"))["$defs"].keys()
    assert not own & theirs
    assert own | theirs == meta_schema("callback")[0]["$defs"].keys()


def test_a_document_that_matches_has_no_faults():
    """Neither a translator nor a card, which is a definition of the same schema."""
    assert faults("title: One\nevents: [a]\nmessage: {text: hello}\n") == []
    assert faults("title: One\nmessage: {text: hello}\n", definition="card") == []


def test_a_key_that_may_not_be_there_is_the_place():
    """Its line and column, and not those of the object that it stands in."""
    [fault] = faults("title: One\nevents: [a]\nmessage:\n  text: hello\n  colour: red\n")
    assert (fault.file, fault.line, fault.column, fault.where) == ("x.yaml", 5, 3, "message/colour")
    assert "'colour'" in fault.problem


def test_a_key_that_is_missing_and_a_wrong_type_are_told_together():
    """Every fault of a document comes at once."""
    found = {fault.where: fault for fault in faults("title: One\nmessage: 7\n")}
    assert found[""].problem == "the key 'events' is missing"
    assert found["message"].problem == "expected keys with values, got a whole number"


def test_what_stands_in_a_document_is_not_repeated():
    """A fault stays readable whatever stands there, and a schema is no help to anybody."""
    [fault] = faults(f"title: One\nevents: [a]\nmessage: {'x' * 1000}\n")
    assert len(fault.problem) < 100
