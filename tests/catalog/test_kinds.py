"""The table of kinds: a new one needs a row, and no other line."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from gateway.catalog import kinds
from gateway.catalog.catalog import Catalog, load
from gateway.catalog.kinds import Conflict, Kind, Text, kind_of, parts_of, register
from gateway.errors import CatalogError, Fault
from tests.catalog.conftest import fault_in


class Note:
    """A document of a kind that only this test knows."""

    def __init__(self, source: Text, raw, engine, scope) -> None:
        self.text = source.text
        self.faults = [Fault(source.file, 1, "", "a faulty note")] if "faulty" in source.text else []


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    """A further kind, as long as the test runs."""
    monkeypatch.setattr(kinds, "KINDS", kinds.KINDS.copy())
    monkeypatch.setattr("gateway.catalog.files.KINDS", kinds.KINDS)
    monkeypatch.setattr("gateway.catalog.build.KINDS", kinds.KINDS)
    return register(Kind("note", "notes", Note, "translator", definition="card"))


def test_documents_of_a_new_kind_are_found_checked_and_compiled(two, write, notes):
    """They lie in a folder of their own, match a meta-schema, and are parts of their service."""
    write("base/a/notes/first.yaml", "title: A note\nmessage: {text: hello}\n")
    service = load(two).services["a"]
    parts = {name: document.part for name, document in service.documents.items()}
    assert parts_of(notes, parts)["first"].text.startswith("title: A note")
    assert [one.name for one in service.translators] == ["a/one"]


@pytest.mark.parametrize("text", ["title: A note\n", "title: faulty\nmessage: {text: hello}\n"])
def test_a_faulty_one_is_told_as_any_other(two, write, notes, text):
    """By its meta-schema, or by its compiler."""
    file = write("base/a/notes/first.yaml", text)
    with pytest.raises(CatalogError) as raised:
        load(two)
    assert {fault.file for fault in raised.value.faults} == {str(file)}


def test_a_kind_knows_what_does_not_fit_and_reads_closely(two, write, notes):
    """Between its documents, for all who load them; within one, for `check`."""

    def conflicts(parts):
        return [Conflict(name, ("title",), f"one of {len(parts)}") for name in parts if name == "second"]

    def read(source, raw, part):
        return [Fault(source.file, 1, raw["title"], part.text[:5])]

    register(replace(notes, conflicts=conflicts, read=read))
    first = write("base/a/notes/first.yaml", "title: A note\nmessage: {text: hello}\n")
    known = Catalog(two)
    known.service("a")
    assert known.close_faults("a") == [Fault(str(first), 1, "A note", "title")]
    second = write("base/a/notes/second.yaml", "title: A note\nmessage: {text: hello}\n")
    assert (fault_in(two, second).problem, fault_in(two, second).line) == ("one of 2", 1)


def test_the_name_of_a_document_tells_its_kind():
    """Translators lie beside service.yaml; a folder that no kind has is a KeyError."""
    assert (kind_of("push").name, kind_of("cards/issue").name) == ("translator", "card")
    for name in ("drawers/push", "cards/deeper/issue", "/push/"):
        with pytest.raises(KeyError):
            kind_of(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fragments/an-odd", "title: Odd\ninputs: {a: text}\ntext: '{{ a }}'\n"),
        ("a/cards/an-odd", "title: Odd\nmessage: {text: odd}\n"),
    ],
)
def test_a_document_that_nobody_can_call_is_told(two, write, name, text):
    """A card or fragment of which the name is none that `card` or `use` takes."""
    file = write(f"base/{name}.yaml", text)
    assert "no document can call it 'an-odd': rename the file" in fault_in(two, file).problem
