"""Rules that do not fit their shape are told in words: the key, what may stand there, and what was likely meant."""

from typing import Literal

import pytest
from msgspec import Struct

from gateway.verify.rule import convert, path_of, words


class Inner(Struct, forbid_unknown_fields=True):
    name: str = ""
    kind: Literal["a", "b"] = "a"


class Outer(Struct, forbid_unknown_fields=True):
    header: str
    inner: Inner | None = None


def test_what_fits():
    """A mapping becomes the shape."""
    assert convert({"header": "x", "inner": {"kind": "b"}}, Outer) == Outer("x", Inner(kind="b"))


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"headr": "x"}, "no key 'headr' here; did you mean \"header\"?; its keys are header, inner"),
        ({"header": "x", "inner": {"zzz": 1}}, "inner: no key 'zzz' here; its keys are name, kind"),
        ({"header": "x", "inner": {"kind": "c"}}, "inner.kind: expected one of a, b, got 'c'"),
        ({"header": 1}, "header: expected str, got int"),
        ({}, "missing required field header"),
        ([], "xpected object, got array"),
    ],
)
def test_faults(raw, fault):
    """No fault shows a dump of the value."""
    with pytest.raises(ValueError) as error:
        convert(raw, Outer)
    assert fault in str(error.value).replace("Object m", "m")


def test_paths_and_words():
    """A bad path names its key; a word that is like a known one is found."""
    assert path_of("json", "a.b[0]") == ("a", "b", 0)
    for text in ("a[", "a.*"):
        with pytest.raises(ValueError, match="json: "):
            path_of("json", text)
    assert path_of("token", "a.*", stars=True) == ("a", "*")
    assert words({"headr": 1}, ("header",)) == 'did you mean "header"?'
    assert words("xyz", ("header",)) == ""
