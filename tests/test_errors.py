"""The errors that mattergate raises: one tree, and texts that say where, what and what to do."""

import inspect
import pkgutil
from importlib import import_module

import pytest

import gateway
from gateway import errors
from gateway.errors import CatalogError, Fault, MattergateError, Refused, SettingsError, TranslationError


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("a.yaml", 3, "message/text", "no", "yes"), "a.yaml:3: message/text: no (yes)"),
        (Fault("a.yaml", 3, "", "no"), "a.yaml:3: no"),
        (Fault("a.yaml", 0, "", "no"), "a.yaml: no"),
        (Fault("environment", 0, "X", "no", "yes", 7), "environment: X: no (yes)"),
    ],
)
def test_a_fault_is_one_line(fault, text):
    """File and line as editors understand them, the key, the problem, the remedy; what is unknown is left out."""
    assert str(fault) == text


@pytest.mark.parametrize("kind", [SettingsError, CatalogError])
def test_all_faults_are_told_at_once(kind):
    """Each on a line of its own, and each to be had as it is."""
    faults = [Fault("a", 1, "x", "one"), Fault("b", 2, "y", "two")]
    error = kind(faults)
    assert str(error) == "a:1: x: one\nb:2: y: two"
    assert error.faults == tuple(faults)


def test_settings_that_cannot_be_used_can_be_checked_further():
    """What could be read of them travels along."""
    assert SettingsError([], partial="some").partial == "some"
    assert SettingsError([]).partial is None


def test_a_translation_that_fails_has_its_place():
    """The document, the place inside it, and why."""
    error = TranslationError("github/push", "/message/text", "TypeError: no")
    assert str(error) == "github/push#/message/text: TypeError: no"
    assert (error.document, error.pointer, error.problem) == ("github/push", "/message/text", "TypeError: no")


def test_a_refusal_has_a_status_and_a_title():
    """The detail is left out where there is none."""
    assert str(Refused(413, "Too large")) == "413 Too large"
    assert str(Refused(413, "Too large", "5 MB at most")) == "413 Too large: 5 MB at most"


def test_the_tree_is_drawn():
    """Every error of the package that derives from its root stands in the tree that the module shows."""
    kinds = set()
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if module.name.startswith(("gateway.cli", "gateway.__main__")):
            continue
        for _, kind in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(kind, MattergateError) and kind.__module__ == module.name:
                kinds.add(kind.__name__)
    assert len(kinds) >= 8
    undrawn = {kind for kind in kinds if kind not in errors.__doc__}
    assert undrawn <= {"FaultyFilesError"}


def test_a_refusal_says_more_to_the_operator():
    """What the sender is told is what the operator reads where nothing else is known."""
    assert Refused(413, "Content Too Large", "at most 9 bytes").why == "at most 9 bytes"
    assert Refused(405, "Method Not Allowed").why == "Method Not Allowed"
    told = Refused(401, "No", why="the header is missing", hint="set it")
    assert (told.why, told.hint, told.clue) == ("the header is missing", "set it", None)
    assert "missing" not in str(told)
