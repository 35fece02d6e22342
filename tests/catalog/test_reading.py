"""A close reading of a service."""

import pytest

from gateway.catalog.build import revised
from gateway.catalog.catalog import Catalog
from gateway.errors import CatalogError
from gateway.language.template import Engine

SERVICE = "name: Own\ndocs: https://example.com/x\nsetup: Enter the URL there.\n"
EVENT = "title: One\nevents: [a]\ninput: {kind: text}\ncard: one\nmessage: {text: '{{ kind }}'}\n"
CARD = "title: One\nmessage: {text: '{{ kind }}{{ sort }}'}\n"


@pytest.fixture
def own(tmp_path):
    """A service whose card shows what no translator of it knows."""
    for name, text in {"service": SERVICE, "event": EVENT, "cards/one": CARD}.items():
        path = tmp_path / "own" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Catalog([tmp_path])


def test_a_card_sees_what_its_translators_see(own):
    """A path that none of them knows is a fault of the card; the service compiles and speaks all the same."""
    assert own.service("own").translators
    [fault] = own.close_faults("own")
    assert (fault.file.rpartition("/")[2], fault.problem) == ("one.yaml", "nothing here is called `sort`")
    assert own.close_faults("other") == []


def test_a_card_sees_what_its_own_input_asks_for(tmp_path, own):
    """Only payloads that have it are shown."""
    (tmp_path / "own" / "cards" / "one.yaml").write_text(f"{CARD}input: {{kind: text, sort: text}}\n")
    known = Catalog([tmp_path])
    assert known.service("own").translators
    assert known.close_faults("own") == []


def test_an_editor_reads_closely(own):
    """What is tried in the console has the faults that `check` would find."""
    with pytest.raises(CatalogError, match="nothing here is called `knd`"):
        revised(own.service("own"), "event", EVENT.replace("{{ kind", "{{ knd"), Engine())


def test_what_a_service_shares_is_read_as_its_documents_see_it(tmp_path):
    """A value where a document uses it, the author by whom the documents name, a fragment by its inputs."""
    texts = {
        "own/service": SERVICE,
        "own/shared": (
            "author:\n  name: '{{ name }}'\n  link: '{{ used }}{{ lnk }}'\nlet:\n"
            "  unused: '{{ nothing }}'\n  used: '{{ knd }}'\n"
        ),
        "own/event": (
            "title: One\nevents: [a]\ninput: {kind: text, by?: {name?: text}}\nmessage:\n  attachments:\n"
            "    - {author: by, title: '{{ used }}'}\n    - {use: part, with: {word: '{{ kind }}'}}\n"
        ),
        "fragments/part": "title: A part\ninputs: {word: text}\nattachment:\n  title: '{{ wrd }}'\n",
    }
    for name, text in texts.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    known = Catalog([tmp_path])
    assert known.service("own").translators, known.all_faults()
    told = [(fault.line, fault.problem) for fault in known.close_faults("own")]
    assert sorted(told) == [(3, "nothing here is called `lnk`"), (6, "nothing here is called `knd`")]
    [fault] = known.close_fragment_faults()
    assert (fault.line, fault.problem) == (4, "nothing here is called `wrd`")


@pytest.mark.parametrize(
    ("person", "remedy"), [("text", "write `item`"), ("{login: text}", "say it in the `input` of a document")]
)
def test_the_keys_of_a_person_are_those_that_documents_say(tmp_path, person, remedy):
    """`let` of shared.yaml would not help; a text has no keys."""
    texts = {
        "own/service": SERVICE,
        "own/shared": "author:\n  name: '{{ name }}'\n",
        "own/event": f"title: One\nevents: [a]\ninput: {{by: {person}}}\nmessage:\n  attachments: [{{author: by}}]\n",
    }
    (tmp_path / "own").mkdir()
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    known = Catalog([tmp_path])
    assert known.service("own").translators, known.all_faults()
    [fault] = known.close_faults("own")
    assert (fault.problem, remedy in fault.remedy) == ("nothing here is called `name`", True)
