"""A catalog in pieces: a service is compiled when it is asked for, kept while its files are, and faulty by itself."""

import pytest

from gateway.catalog import catalog
from gateway.catalog.catalog import Catalog, load
from gateway.errors import CatalogError
from gateway.model import Outcome, Request
from gateway.pipeline.sample import read
from gateway.verify.carried import SECRET
from tests.catalog.conftest import SERVICE, TRANSLATOR

FAULTY = TRANSLATOR % ("one", "never") + "colour: red\n"


def says(known: Catalog, key: str, kind: str = "one") -> str:
    """What the service makes of an event: its translator and text."""
    service = known.service(key)
    assert service is not None
    reading = read(service, Request(body=b'{"kind": "%s"}' % kind.encode()))
    assert reading.outcome is Outcome.MESSAGE
    return f"{reading.translator}: {reading.pieces[0].messages[0].text}"


def test_a_service_is_compiled_when_it_is_asked_for(two):
    """Nothing is compiled before, only what is asked for is, and what is not there is None."""
    known = Catalog(two)
    assert (known.keys, dict(known.services)) == ({"a", "b"}, {})
    assert says(known, "a") == "a/one: first"
    assert known.service("a") is known.services["a"]
    assert set(known.services) == {"a"}
    assert known.service("c") is None
    assert ("b" in known, "c" in known) == (True, False)


def test_names_and_descriptions_need_no_compiling(two, write):
    """Translators are known by the names of their files, services by their own document alone."""
    write("base/a/cards/item.yaml", "title: An item\nmessage: {text: card}\n")
    write("base/b/service.yaml", "name: [not a name]\n")
    known = Catalog(two)
    assert known.translators("a") == ["a/one"]
    assert known.translators("c") == []
    described = known.descriptions()
    assert {key: (one.name, one.described) for key, one in described.items()} == {"a": ("A", True), "b": ("b", False)}
    assert not known.services


def test_what_has_not_changed_is_kept(two, write):
    """Renewed, a service whose files are the same is the same object; of a changed one, unchanged documents are."""
    write("base/a/two.yaml", TRANSLATOR % ("two", "second"))
    before = Catalog(two)
    for key in ("a", "b"):
        before.service(key)
    write("base/a/one.yaml", TRANSLATOR % ("one", "edited"))
    after = Catalog(two, before=before)
    assert after.services["b"] is before.services["b"]
    assert says(after, "a") == "a/one: edited"
    old, new = (known.services["a"].documents for known in (before, after))
    assert new["two"] is old["two"]
    assert new["one"].part is not old["one"].part
    assert says(before, "a") == "a/one: first"


def test_only_what_was_used_is_compiled_again(two, write):
    """A changed service that nobody asked for costs nothing."""
    before = Catalog(two)
    before.service("a")
    write("base/b/one.yaml", FAULTY)
    after = Catalog(two, before=before)
    assert set(after.services) == {"a"}
    assert not after.faults


def test_a_file_that_is_touched_is_not_compiled(two):
    """The same text under another time of change is the same document."""
    before = Catalog(two)
    before.service("a")
    file = two[0] / "a" / "one.yaml"
    file.write_text(file.read_text())
    after = Catalog(two, before=before)
    assert after.services["a"].documents["one"] is before.services["a"].documents["one"]


def test_a_faulty_document_takes_its_own_service_out(two, write):
    """The last good version goes on, the others are renewed, and the repair is taken up."""
    before = Catalog(two)
    for key in ("a", "b"):
        before.service(key)
    file = write("base/a/one.yaml", FAULTY)
    write("base/b/one.yaml", TRANSLATOR % ("one", "edited"))
    after = Catalog(two, before=before)
    assert (says(after, "a"), says(after, "b")) == ("a/one: first", "b/one: edited")
    [fault] = after.faults["a"]
    assert (fault.file, "colour" in fault.problem) == (str(file), True)
    assert after.all_faults() == [fault]
    again = Catalog(two, before=after)
    assert (says(again, "a"), again.faults) == ("a/one: first", after.faults)
    write("base/a/one.yaml", TRANSLATOR % ("one", "mended"))
    mended = Catalog(two, before=again)
    assert (says(mended, "a"), mended.faults) == ("a/one: mended", {})


def test_without_a_good_version_the_generic_translator_speaks_for_all_of_the_service(two, write):
    """What a faulty document was to say might be said wrongly by another one."""
    write("base/a/one.yaml", FAULTY)
    write("base/a/two.yaml", TRANSLATOR % ("two", "second"))
    known = Catalog(two)
    for kind in ("one", "two"):
        assert says(known, "a", kind).startswith("generic: ")
    assert known.services["a"].described
    assert says(known, "b") == "b/one: first"


@pytest.mark.parametrize("text", ["name: [", "name: A\n", SERVICE % "A" + "verify: [{hmac: md17, header: X}]\n"])
def test_a_service_whose_own_document_is_faulty_is_not_described(two, write, text):
    """Nothing is known of how its requests prove themselves."""
    write("base/a/service.yaml", text)
    known = Catalog(two)
    service = known.service("a")
    assert (service.described, service.verify, service.translators) == (False, tuple(SECRET), ())
    assert known.faults["a"]


def test_a_fault_of_ours_takes_no_other_service_out(two, monkeypatch):
    """What nobody foresaw about a document is a fault of its service as well."""
    whole = catalog.build

    def build(key, *more):
        if key == "a":
            raise RecursionError("nobody foresaw this")
        return whole(key, *more)

    monkeypatch.setattr(catalog, "build", build)
    known = Catalog(two)
    known.service("a")
    [fault] = known.faults["a"]
    assert fault.problem == "cannot be compiled: RecursionError: nobody foresaw this"
    assert says(known, "b") == "b/one: first"


def test_a_needed_service_that_is_gone_goes_on(two):
    """Its last version speaks, and the fault says which folder is missing; one that nobody needs is gone."""
    before = Catalog(two, ["a"])
    for key in ("a", "b"):
        before.service(key)
    for key in ("a", "b"):
        for file in (two[0] / key).glob("*.yaml"):
            file.unlink()
        (two[0] / key).rmdir()
    after = Catalog(two, ["a"], before)
    assert says(after, "a") == "a/one: first"
    [fault] = after.faults["a"]
    assert (fault.file, fault.problem) == (str(two[0] / "a"), "the catalog has no such service")
    assert after.service("b") is None


def test_a_needed_service_that_never_was_there_is_faulty(two):
    """The generic translator speaks for it, and nothing tells how it signs."""
    known = Catalog(two, ["nowhere"])
    assert known.service("nowhere").described is False
    assert "put its folder back" in str(known.faults["nowhere"][0])


def test_what_was_looked_at_is_forgotten(two):
    """Services that no request needs go, with their faults; the others stay."""
    known = Catalog(two, ["a"])
    for key in ("a", "b"):
        known.service(key)
    known.forget()
    assert set(known.services) == {"a"}
    assert says(known, "b") == "b/one: first"


def test_documents_that_cannot_be_read_are_faults_of_their_service(two):
    """Bytes that are no text are told with their file; the other service is as it was."""
    file = two[0] / "a" / "one.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    known = Catalog(two)
    known.service("a")
    [fault] = known.faults["a"]
    assert (fault.file, fault.line, fault.problem) == (str(file), 1, "cannot be read: it is not UTF-8")
    assert fault.remedy == "save it as UTF-8"
    assert says(known, "b") == "b/one: first"


def test_a_service_whose_folder_cannot_be_read_is_there_and_faulty(two):
    """Whoever looks at all services meets its fault; the others are as they were."""
    (two[0] / "own").symlink_to("own")
    known = Catalog(two)
    assert "own" in known
    assert known.keys == {"a", "b", "own"}
    with pytest.raises(CatalogError) as raised:
        load(two)
    assert [fault.file for fault in raised.value.faults] == [str(two[0] / "own")]


def test_catalogs_are_alike_as_long_as_no_file_is_another(two, write):
    """Other files in the folders make no difference; permissions of documents do."""
    before = Catalog(two)
    write("base/a/notes.txt", "")
    assert Catalog(two).is_like(before)
    (two[0] / "a" / "one.yaml").chmod(0o600)
    assert not Catalog(two).is_like(before)


def test_load_compiles_all_or_raises_every_fault(two, write):
    """`load` is for those who want all of it at once."""
    assert set(load(two).services) == {"a", "b"}
    assert set(load(two, ["b"]).services) == {"b"}
    write("base/a/one.yaml", FAULTY)
    write("base/b/one.yaml", FAULTY)
    with pytest.raises(CatalogError) as raised:
        load([*two, two[0] / "nowhere"])
    places = [fault.file for fault in raised.value.faults]
    assert places == [str(two[0] / "nowhere"), str(two[0] / "a" / "one.yaml"), str(two[0] / "b" / "one.yaml")]
    assert set(load(two, []).services) == set()
