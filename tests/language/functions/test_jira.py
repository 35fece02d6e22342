"""Jira's wiki markup as Markdown: what each mark becomes, and that nothing hostile acts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions import TABLE
from tests.cost import pace


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("h1. Title\nbq. said", "**Title**\n> said"),
        ("*b* _i_ -s- +u+ {{a_b}} ??c??", "**b** _i_ ~~s~~ u `a_b` _c_"),
        ("a-b - c, 1*2*3", "a-b - c, 1\\*2\\*3"),
        ("https://x.example/a/-/b and https://x.example/a/-/c", "https://x.example/a/-/b and https://x.example/a/-/c"),
        (
            "*https://x.example/a* {color:red}https://x.example/b{color}.",
            "**https://x.example/a** https://x.example/b.",
        ),
        (
            "[page|https://x.example/a] [https://x.example]",
            "[page](https://x.example/a) [https://x.example](https://x.example)",
        ),
        ("[t|javascript:x] [WIP] now", "t [WIP] now"),
        (
            "[~ann] [^log.txt] !https://x.example/i.png|thumbnail!",
            "@\u200bann log.txt [i.png](https://x.example/i.png)",
        ),
        ("* a\n** b\n# c", "- a\n   - b\n1. c"),
        ("||h||i||\n|a|b|", "| h | i |\n|---|---|\n| a | b |"),
        (
            "|[page|https://x.example/a]|{{a|b}}|!https://x.example/i.png|thumbnail!|a\\|b|",
            "| [page](https://x.example/a) | `a\\|b` | [i.png](https://x.example/i.png) | a\\|b |\n|---|---|---|---|",
        ),
        ("before\n|a|\nafter\n----", "before\n\n| a |\n|---|\n\nafter\n\n---"),
        ("|open\n||", "| open |\n|---|\n|  |"),
        (
            "[a|https://x.example|smart-link] [mailto:a@x.example]",
            "[a](https://x.example) [a@x.example](mailto:a@x.example)",
        ),
        ("\\*no\\* \\{code} \\[x|https://x.example]", "\\*no\\* {code} [x|https://x.example]"),
        ("{color:red}red{color}", "red"),
        ("{code:java}\nint *a;\n{code}", "```java\nint *a;\n```"),
        ("{code:title=x.py|borderStyle=solid}\na\n{code}", "```\na\n```"),
        ("{noformat}\n*raw*\n{noformat}", "```\n*raw*\n```"),
        ("{quote}a\nb{quote}", "> a\n> b"),
        ("{panel:title=Note|x=y}in{panel}", "> **Note**\n> in"),
    ],
)
def test_jira(source: str, expected: str) -> None:
    """Jira's wiki markup becomes Markdown."""
    assert TABLE["jira"].call(source).strip("\n").replace("]\u200b", "]").replace("\ufeff", "") == expected


def test_marks_and_blocks_nest() -> None:
    """Marks inside marks, and code inside a panel, are rendered as they would be outside."""
    assert TABLE["jira"].call("*a _b -c- d_ e*") == "**a _b ~~c~~ d_ e**"
    panel = "{panel:title=T}see:\n{code:py}\na * b\n{code}\n{panel}after"
    assert TABLE["jira"].call(panel) == "> **T**\n> see:\n> ```py\n> a * b\n> ```\n\nafter"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada *L*", "ask @\u200bAda \\*L\\* or @\u200bb2"),
        ("a] [x|https://x.example\n]", "ask @\u200ba x https://x.example or @\u200bb2"),
        ("", "ask @\u200ba1 or @\u200bb2"),
    ],
)
def test_accounts_have_the_names_of_the_payload(name: str, expected: str) -> None:
    """A mention of an account has its name where the payload says it, whatever that holds, else its id."""
    payload = {"user": {"accountId": "a1", "displayName": name}}
    found = TABLE["jira"].call("ask [~accountid:a1] or [~accountid:b2]", 400, payload)
    assert " ".join(found.split()) == expected


def test_plain_keys_have_the_words() -> None:
    """Every mark leaves its text."""
    assert TABLE["jira"].call_plain("h1. *Down*: [api|https://x.example], {{a_b}}") == "Down: api, a_b"


@given(
    st.lists(
        st.sampled_from(["a|b", "*x*", "[p|https://x.example]", "{{c|d}}", "", " ", "\\|", "!i.png|t!"]),
        min_size=1,
        max_size=5,
    )
)
def test_a_table_has_the_cells_of_its_source(cells: list[str]) -> None:
    """Whatever stands in the cells, the table has one head, and as many cells in a row as the source shows."""
    found = TABLE["jira"].call("||" + "||".join(["h"] * len(cells)) + "||\n|" + "|".join(cells) + "|")
    kinds = [token.type for token in MarkdownIt("commonmark").enable("table").parse(found)]
    assert kinds.count("th_open") == len(cells)
    assert kinds.count("tr_open") == 2


@pytest.mark.parametrize(
    "piece", ["{code}", "{code:a|b}", "{noformat:a}", "{quote}", "{panel:title=a}", "{code", "{quote}{panel}"]
)
def test_time_grows_with_the_text(piece: str) -> None:
    """Blocks that are opened again and again, and never closed, take no longer than others."""
    started = time.thread_time()
    TABLE["jira"].call((piece * 16_000)[:16_000], 16_000)
    assert (time.thread_time() - started) / pace() < 0.2


def test_blocks_that_are_not_closed_are_text() -> None:
    """An opening without its closing hides no block behind it."""
    assert TABLE["jira"].call("{code}a {quote}b{quote} {panel}c") == "{code}a\n> b\n\n{panel}c"


def test_no_angle_bracket_takes_a_url_of_another_part_for_its_own() -> None:
    """The web client links all that stands between angle brackets, whatever is before the scheme."""
    assert TABLE["jira"].call("<(<http://x.example|a>") == "&lt;(&lt;http://x.example|a>"
