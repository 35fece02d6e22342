"""One look: the words and colours of states are the product's, and no service says the same thing twice."""

import re
from pathlib import Path

import pytest
import yaml

from gateway.catalog import files, yamlfile
from gateway.language.constants import constants
from gateway.language.functions.states import STATES, TONES
from tests import builtin

FOLDER = files.builtin_folder()
DOCUMENTS = sorted(path for path in FOLDER.glob("**/*.yaml") if path.parent.name != "samples")
SERVICES = sorted(path.parent.name for path in FOLDER.glob("*/service.yaml"))
OTHER_WORDS = {
    "aborted": "cancelled",
    "acked": "acknowledged",
    "broken": "failed",
    "canceled": "cancelled",
    "errored": "failed",
    "failure": "failed",
    "muted": "silenced",
    "open": "opened",
    "passed": "succeeded",
    "pending": "waiting",
    "queued": "waiting",
    "recovered": "resolved",
    "running": "started",
    "success": "succeeded",
    "successful": "succeeded",
    "triggered": "firing",
}
"""Words that vendors have for states of the product."""
BLOCK = 6
"""Lines that stand together in two documents of a service belong into its shared.yaml, or into a fragment."""


def read(path):
    """A document."""
    return yamlfile.load(path.read_text(), str(path))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_document_has_colours_of_its_own(path):
    """A colour is that of a state, or the emphasis of a warning or danger; what is good is a state."""
    for color in colors(read(path)):
        assert not re.search(r"#[0-9a-fA-F]{3,6}\b", color), color
        assert "good" not in constants(color), color


def colors(node):
    """The colours that a document writes, at any depth."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "color" and isinstance(value, str))
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from colors(inner)


@pytest.mark.parametrize("key", [key for key in SERVICES if (FOLDER / key / "shared.yaml").exists()])
def test_words_of_their_own_are_none_that_the_product_has(key):
    """A row of a table of states has a word of its own only where the product has none for it."""
    tables = read(FOLDER / key / "shared.yaml").get("states", {})
    own = {row[0] for table in tables.values() for row in table.values() if len(row) == 3 and isinstance(row, list)}
    assert not own & STATES.keys()
    assert {word: OTHER_WORDS[word] for word in own & OTHER_WORDS.keys()} == {}


def test_samples_show_no_other_colours():
    """Whatever a template computes, but for those that a request asks for: in Slack's form, or as that of a label."""
    shown = set()
    for _, path in (one for one in builtin.SAMPLES if one[0] != "slack"):
        sample = builtin.sample(path)
        colors = {
            one.get("color") for message in sample.expect.messages or () for one in message.get("attachments", ())
        }
        shown |= {one for one in colors if one and one.lstrip("#") not in str(sample.request)}
    assert shown == set(TONES.values())


@pytest.mark.parametrize("key", SERVICES)
def test_no_service_says_the_same_twice(key):
    """No six lines stand in two places of its documents."""
    seen: dict[tuple[str, ...], Path] = {}
    for path in (path for path in DOCUMENTS if path.is_relative_to(FOLDER / key)):
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
        blocks = {tuple(lines[at : at + BLOCK]) for at in range(len(lines) - BLOCK + 1)}
        for block in blocks:
            assert block not in seen, (path, seen[block], block)
        seen |= dict.fromkeys(blocks, path)


def test_documents_are_short():
    """At most 40 lines a translator on the average, of which its input is at most a quarter."""
    translators = [path for path in DOCUMENTS if path.parent.parent == FOLDER and path.parent.name != "fragments"]
    texts_of = [path.read_text() for path in translators if path.stem not in ("service", "shared")]
    every = sum(len(text.splitlines()) for text in texts_of)
    inputs = sum(input_lines(text) for text in texts_of)
    assert every / len(texts_of) <= 40
    assert inputs / every <= 0.25


def test_lines_of_documents_are_short():
    """At most 120 columns, but for the prose of `setup`."""
    texts = {path: path.read_text() for path in DOCUMENTS if path.stem != "service"}
    assert [(path, line) for path, text in texts.items() for line in text.splitlines() if len(line) > 120] == []


def input_lines(text):
    """How many lines `input` has."""
    for key, value in yaml.compose(text, yaml.CSafeLoader).value:
        if key.value == "input":
            return value.end_mark.line - key.start_mark.line + (value.end_mark.column > 0)
    return 0
