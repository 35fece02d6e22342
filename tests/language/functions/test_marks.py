"""Marks around values: what is inside is inert, marks nest, blank values get none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup
from tests.language.functions.pieces import call

PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])


def plain(name: str, *values: Any, **named: Any) -> Any:
    """What a function of the table gives in plain-text keys."""
    return TABLE[name].call_plain(*values, **named)


def test_marks_nest() -> None:
    """Marks around Markup keep what is inside; blank values get none."""
    assert call("bold", call("code", "a")) == "**`a`**"
    assert call("bold", " ") == ""
    assert call("quote", Markup("**a**")) == "> **a**"


@pytest.mark.parametrize("name", ["link", "code", "commit", "codeblock", "quote", "bold", "italic", "strike", "aside"])
def test_what_is_marked_is_ready(name: str) -> None:
    """Each mark gives Markup, which nobody escapes again."""
    assert type(call(name, "a*b")) is Markup


@pytest.mark.parametrize(("name", "token"), [("bold", "strong"), ("italic", "em"), ("strike", "s")])
@given(text=st.text(st.sampled_from("*_~`[]()<>\\ab \n"), max_size=12).filter(lambda text: text.strip() != ""))
def test_a_mark_goes_around_all_of_a_text(name: str, token: str, text: str) -> None:
    """Whatever stands in the text neither ends the mark nor makes another one."""
    block = PARSER.parse(f"x {call(name, text)} y")[1]
    kinds = [each.type for each in block.children]
    assert (kinds[1], kinds[-2]) == (f"{token}_open", f"{token}_close")
    assert set(kinds[2:-2]) <= {"text", "text_special"}


@pytest.mark.parametrize("url", [None, 7, ["https://x.example"], {"a": 1}, True, "", "ftp://x.example", "javascript:x"])
def test_without_a_url_the_label_is_left(url: Any) -> None:
    """What is no text, or no address of the web, makes no link."""
    assert call("link", "a*b", url) == "a\\*b"
    assert call("commit", "9fceb02d0ae5", url) == "`9fceb02`"


def test_odd_commits_cost_no_link() -> None:
    """An id that is no plain word, a URL that must be encoded, and one of another length still make one link."""
    assert call("commit", "a|b`c", "https://x.example/a b", 9) == "[``a|b`c``](https://x.example/a%20b)"
    assert call("commit", 1234567890, "https://x.example", 3) == "[`123`](https://x.example)"
    assert call("commit", "0" * 40, "https://x.example") is None
    assert plain("commit", "9fceb02d0ae5", "https://x.example") == "9fceb02"


@pytest.mark.parametrize("value", [None, "", " \n", "bob", "alice"])
def test_an_aside_says_nothing_twice(value: Any) -> None:
    """What is missing, blank, or said already makes no brackets, in Markdown and in plain text."""
    assert call("aside", value, "bob", "alice") == plain("aside", value, "bob", "alice") == ""


def test_an_aside_is_on_one_line() -> None:
    """Line breaks would tear the line that it ends; 0 is a value."""
    assert call("aside", "a\n *b*") == " (a \\*b\\*)"
    assert plain("aside", "a\n *b*") == " (a *b*)"
    assert plain("aside", 0) == " (0)"


def test_blocks_and_quotes_are_cut() -> None:
    """At most so many characters of the value; a quote of Markdown is whole, since a cut could leave a mark open."""
    assert call("codeblock", "one two three", "sh", 8) == "```sh\none two…\n```"
    assert call("codeblock", "a", "no language\n*") == "```\na\n```"
    assert call("quote", "one two three", 8) == "> one two…"
    assert call("quote", Markup("**one** two"), 3) == "> **one** two"


def test_a_list_says_how_much_is_left_out() -> None:
    """Missing elements are none, blank ones get no bullet, and each is on one line."""
    names = ["a\nb", None, " ", "*c*", {"d": 1}, "e"]
    assert call("bullet", names, 4) == '- a b\n- \\*c\\*\n- {"d": 1}\n- … and 1 more'
    assert plain("bullet", ["a\nb", "*c*", "d"], 2) == "a b, *c*, 1 more"
    assert call("bullet", "one") == "- one"
    assert call("bullet", []) == ""


def test_long_tables_say_so() -> None:
    """A table is cut at its limit and says how much is gone."""
    assert call("table", [{"a": 1}, {"a": 2}], None, 1) == "| a |\n|---|\n| 1 |\n\n… and 1 more"
    assert call("table", [{"a": 1}] * 60, limit=1000).endswith("| 1 |\n\n… and 10 more")


def test_tables_of_odd_rows() -> None:
    """Columns that a row has not are blank, what is no row is left out, and no rows are no table."""
    assert call("table", [7, {}, {"a": 1, "b": "x\ny|z"}, {"b": None}]) == (
        "| a | b |\n|---|---|\n| 1 | x y\\|z |\n|  |  |"
    )
    assert call("table", {"up": True}) == "| name | value |\n|---|---|\n| up | true |"
    for nothing in ([], [1, "x"], {}, "x", 7):
        assert call("table", nothing) is None


def test_tables_in_plain_keys() -> None:
    """A title has the same cells, side by side, with the same columns and limit; an object keeps its names."""
    rows = [{"name": "web*", "state": "up\nnow", "id": 1}, {"name": "db"}, {"name": "x"}]
    assert plain("table", rows, ["name", "state"], 2) == "web* up now, db , 1 more"
    assert plain("table", {"up": True, "at": 7}) == "up true, at 7"
    assert plain("table", []) is None
