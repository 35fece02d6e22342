"""One document checked from its text: it speaks at once, and has the faults that its file would have."""

import pytest

from gateway.catalog import catalog
from gateway.catalog.build import revised
from gateway.errors import CatalogError
from gateway.language.template import Engine
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
