"""Parts of a document: each knows its place, and one that cannot be compiled is noted there instead of raised."""

import pytest

from gateway.language.document import Compiler, DocumentPlace, add_values
from gateway.language.output import Mode
from gateway.language.template import Engine

BROKEN = {
    "template": lambda compiler, place: compiler.template("one\n{{ 1 | no_such_filter }}", Mode.RAW, place),
    "condition": lambda compiler, place: compiler.condition("a ==", place),
    "value": lambda compiler, place: compiler.value("{{ (", place),
    "array": lambda compiler, place: compiler.value("(", place, expression=True),
}


def test_a_place_has_a_name():
    """The name of a template leads to its place in its document."""
    place = DocumentPlace("github/push", (), []) / "message" / "attachments" / 0 / "title"
    assert place.name == "github/push#/message/attachments/0/title"
    assert place.steps == ("message", "attachments", 0, "title")


@pytest.mark.parametrize("kind", BROKEN)
def test_faults_are_noted_where_they_are(kind):
    """What cannot be compiled is one note with its place, and the rest of the document goes on being compiled."""
    faults = []
    made = BROKEN[kind](Compiler(Engine()), DocumentPlace("test/document", (), faults) / "here")
    [(steps, at, problem)] = faults
    assert (steps, bool(problem)) == (("here",), True)
    assert at == {"template": 11, "condition": 9, "array": 5}.get(kind, 0)
    assert made is not None


def test_a_broken_template_renders_to_nothing_and_a_broken_condition_never_holds():
    """What stands in for a broken part has no effect."""
    compiler, place = Compiler(Engine()), DocumentPlace("test/document", (), [])
    assert not compiler.template("{{ (", Mode.RAW, place).render({})
    assert not compiler.condition("(", place).holds({})


@pytest.mark.parametrize(("source", "expected"), [(True, "true"), (False, "false"), (7, "7"), ("x", "x")])
def test_scalars_of_yaml_are_texts(source, expected):
    """A template may be any scalar; true and false look as YAML writes them."""
    assert Compiler(Engine()).template(source, Mode.RAW, DocumentPlace("t", (), [])).render({}) == expected


def test_names_asked_for_inside_count_outside():
    """What a part asks its context for is known of that part, and of all around it."""
    compiler, place = Compiler(Engine()), DocumentPlace("t", (), [])
    with compiler.names_used() as outer:
        compiler.template("{{ a }}", Mode.RAW, place)
        with compiler.names_used() as inner:
            compiler.condition("b", place)
    assert "b" in inner
    assert "a" not in inner
    assert outer >= {"a", "b"}


def test_a_value_that_is_missing_is_missing_by_its_name():
    """Also where the payload has a key of the name: what a document names stands for nothing else."""
    compiler, place = Compiler(Engine()), DocumentPlace("t", (), [])
    context = {"a": {"b": 1}, "gone": 1}
    add_values(
        context, compiler.let({"there": "{{ a.b }}", "gone": "{{ a.c }}", "sees": "{{ gone is defined }}"}, place)
    )
    assert context == {"a": {"b": 1}, "there": 1, "sees": False}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ a }}", "*x*\n@all"),
        ("to {{ a }}\n\nand {{ n }}", "to *x*\n@all\n\nand 3"),
        ("{{ n }}", 3),
        ("one\n{{ gone }}", "one"),
        ("{{ gone }}", None),
        ("{{ a | link('https://x.example') }}!", "*x*\n@all!"),
    ],
)
def test_a_value_for_a_service_outside_is_as_it_is(source, value):
    """Nothing is escaped for Mattermost, and lines stay lines."""
    place = DocumentPlace("test/document", (), [])
    assert Compiler(Engine()).outside(source, place).get({"a": "*x*\n@all", "n": 3}) == value
