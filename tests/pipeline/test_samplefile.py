"""Samples in their files: what cannot be read, and what all of a catalog come to."""

import pytest

from gateway.catalog.catalog import load
from gateway.errors import CatalogError
from gateway.pipeline import samplefile
from tests.catalog.conftest import SERVICE, TRANSLATOR

GOOD = "request: {body: {kind: item}}\nexpect: {outcome: message}\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "it is not UTF-8 text"),
        (b"[", "bad.yaml:2: did not find"),
        (b"- 1", "bad.yaml:1:"),
        (b"request: {}\n", "the key 'expect' is missing"),
        (GOOD.encode() + b"more: 1\n", "'more'"),
        (
            b"request:\n  headers: {a: 1}\nexpect: {outcome: message}\n",
            "bad.yaml:2: request/headers/a: expected a text, got a whole number",
        ),
        (b"request: {}\nexpect:\n  outcome: lost\n", "bad.yaml:3: expect/outcome:"),
    ],
)
def test_a_file_that_is_no_sample_is_told_with_its_place(tmp_path, content, told):
    """File, line, key and what is wrong there, also where it is not even text."""
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    with pytest.raises(CatalogError) as caught:
        samplefile.load(file)
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


def test_a_file_that_is_gone_is_told(tmp_path):
    """Somebody may remove it between the walk over the folder and the look at it."""
    with pytest.raises(CatalogError, match=r"gone\.yaml: cannot be read: .*No such file"):
        samplefile.load(tmp_path / "gone.yaml")


def test_a_sample_is_executed(tmp_path):
    """A file has its differences, none where it holds."""
    (tmp_path / "a" / "samples").mkdir(parents=True)
    (tmp_path / "a" / "service.yaml").write_text(SERVICE % "A")
    (tmp_path / "a" / "one.yaml").write_text(TRANSLATOR % ("one", "first"))
    made = []
    for name, outcome in (("good", "message"), ("bad", "ignored")):
        made.append(("a", tmp_path / "a" / "samples" / f"one.{name}.yaml"))
        made[-1][1].write_text(f"request: {{body: {{kind: one}}}}\nexpect: {{outcome: {outcome}}}\n")
    service = load([tmp_path]).services["a"]
    assert [bool(samplefile.run(service, path)) for _, path in made] == [False, True]
