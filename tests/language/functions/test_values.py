"""Functions on values: what is missing, tables of words, names of lists."""

from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup
from tests.language.functions.pieces import call


def test_names_keep_their_marks() -> None:
    """A list with Markup in it is joined as Markup, the other names escaped; plain keys get neither."""
    names = [Markup("`a`"), "b*c"]
    joined = call("join_names", names)
    assert (joined, type(joined)) == ("`a` and b\\*c", Markup)
    assert TABLE["join_names"].call_plain(names) == "a and b*c"
    assert call("join_names", []) is None
    assert call("join_names", [{"login": "ann"}, {"name": None}, "x"]) == "ann and x"


def test_pick_finds_numbers_as_text() -> None:
    """The keys of a table are text, also for numbers."""
    assert call("pick", 200, {"200": "fine"}) == "fine"
    assert call("pick", None, {}, "none") == "none"


def test_json_inside_of_a_text_is_read_as_a_body_is() -> None:
    """Half of a surrogate pair is mended; what is no JSON, or nests too deep, stays text."""
    assert call("parse_json", '{"a": "\\ud83d"}') == {"a": "\ufffd"}
    for text in ("{", "[" * 200 + "]" * 200, "[1e400]"):
        assert call("parse_json", text) == text
