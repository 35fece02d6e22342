"""What bounds a document and its translation: size, aliases, references, time. One document checked from its text."""

import pytest

from gateway.catalog import catalog, yamlfile
from gateway.catalog.build import revised
from gateway.catalog.schema import Schema
from gateway.errors import CatalogError, TranslationError
from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import LONGEST, Engine
from gateway.model import Outcome, Request
from gateway.pipeline.sample import read

SERVICE = "name: Own\ndocs: https://example.com\nsetup: Nothing to set up here.\nevent: [{json: kind}]\n"
FIRST = "title: One\nevents: [a]\nmessage: {text: 'first {{ kind }}'}\n"
SECOND = "title: Two\nevents: [b]\nmessage: {text: second}\n"


@pytest.fixture
def service(tmp_path):
    """A service with two translators."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name, text in {"service": SERVICE, "first": FIRST, "second": SECOND}.items():
        (folder / f"{name}.yaml").write_text(text)
    return catalog.load([tmp_path]).services["own"]


def _text(service, kind):
    reading = read(service, Request(body=b'{"kind": "%s"}' % kind.encode()))
    assert reading.outcome is Outcome.MESSAGE
    return reading.pieces[0].messages[0].text


def test_one_document_is_replaced_from_its_text(service):
    """The revised service speaks with the new text, its other translators and the first service as before."""
    twin = revised(service, "first", FIRST.replace("first", "edited"), Engine())
    assert (_text(twin, "a"), _text(twin, "b")) == ("edited a", "second")
    assert _text(service, "a") == "first a"


def test_one_document_is_added_from_its_text(service):
    """A name that the service has not is a further translator."""
    twin = revised(service, "third", FIRST.replace("[a]", "[c]"), Engine())
    assert [one.name for one in twin.translators] == ["own/first", "own/second", "own/third"]
    assert _text(twin, "c") == "first c"


@pytest.mark.parametrize(
    "text",
    [
        "title: x\n events: [",
        "title: One\nevents: []\nmessage: {}\nmore: 1\n",
        FIRST.replace("kind }}", "kind | nothing }}"),
        FIRST.replace("title: One", "title: One\ninput: {type: 7}"),
        FIRST.replace("[a]", "[b]"),
        FIRST.replace("title: One", "title: One\ncard: none"),
    ],
)
def test_a_text_has_the_faults_that_its_file_would_have(service, tmp_path, text):
    """Checking a text finds exactly what loading the folder finds, with the same places."""
    with pytest.raises(CatalogError) as of_text:
        revised(service, "first", text, Engine())
    (tmp_path / "own" / "first.yaml").write_text(text)
    with pytest.raises(CatalogError) as of_file:
        catalog.load([tmp_path])
    assert of_text.value.faults == of_file.value.faults


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)), "more than"),
        ("a: &a [*a]", "stands inside of what it stands for"),
        ("[" * 200, "nested deeper"),
    ],
)
def test_aliases_count_as_what_they_stand_for(text, problem):
    """A document may repeat itself, within bounds; the fault has line and column."""
    assert yamlfile.load("a: &a [1, 2]\nb: [*a, *a]\n", "x.yaml")["b"] == [[1, 2], [1, 2]]
    with pytest.raises(CatalogError) as caught:
        yamlfile.load(text, "x.yaml")
    assert problem in str(caught.value)
    assert all(fault.line and fault.column for fault in caught.value.faults)


def test_a_schema_fetches_nothing():
    """A reference to elsewhere is a fault, not a request."""
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        Schema({"$ref": "http://127.0.0.1:9/x"})


def test_mismatches_are_places_in_value_and_schema():
    """Each says where the value is, what is wrong, and which rule says so; choices come last."""
    schema = Schema({"anyOf": [{"required": ["z"]}], "properties": {"a b": {"items": {"type": "string"}}}})
    found = schema.mismatches({"a b": ["x", 7]})
    assert (found[0].path, found[0].rule) == ('$["a b"][1]', ("properties", "a b", "items", "type"))
    assert str(found[0]) == '$["a b"][1]: 7 is not of type "string"'
    assert found[1].rule == ("anyOf",)


def test_a_template_has_a_longest_length():
    """What is longer is refused before it is scanned."""
    with pytest.raises(Unusable, match="8,000"):
        Engine().template("{{" * LONGEST, Mode.RAW, "x#/y")


def test_a_pulse_ends_what_takes_too_long():
    """The pulse is called for each template and function, simple ones included; what it raises ends the translation."""
    beats = []

    def pulse():
        beats.append(1)
        if len(beats) > 10:
            raise TranslationError("own/x", "", "too long")

    engine = Engine(pulse=pulse)
    simple = engine.template("{{ a | upper }}", Mode.MARKDOWN, "own/x#/a")
    whole = engine.template("{% for x in a %}{{ x | upper }}{% endfor %}", Mode.MARKDOWN, "own/x#/b")
    assert simple.render({"a": "x"}) == "X"
    with pytest.raises(TranslationError, match="too long"):
        whole.render({"a": ["x"] * 50})
    with pytest.raises(TranslationError, match="too long"):
        simple.render({"a": "x"})
