"""Markdown that somebody else wrote: what of it stays, and that a cut leaves nothing open."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions import TABLE
from gateway.language.functions.thirdparty import tidy
from tests.cost import seconds_of

PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# Why #\ntext", "**Why**\ntext"),
        ("#12 is no heading", "#12 is no heading"),
        ("![logo](https://x.example/l.png)<!-- hidden -->", "[logo](https://x.example/l.png)"),
        ('<img alt="z" src="https://x.example/a.png">', "[z](https://x.example/a.png)"),
        ("<details><summary>More</summary>text</details>", "**More**\n\ntext"),
        ("```py\n# no ![a](b) <!-- c -->\n```", "```py\n# no ![a](b) <!-- c -->\n```"),
        ("~~~\nopen", "~~~\nopen\n~~~"),
        ("a\r\n\r\n\r\n\r\nb @here", "a\n\nb @\u200bhere"),
    ],
)
def test_third_party_markdown(source: str, expected: str) -> None:
    """Formatting stays; images, headings, comments and mentions become what a message can hold; code stays."""
    assert TABLE["markdown"].call(source) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["```", "~~~~", "word word", "````py", "", "    x"]), max_size=12), st.integers(1, 60))
def test_a_cut_leaves_no_fence_open(lines: list[str], limit: int) -> None:
    """Wherever Markdown is cut, what follows the message is not inside its code."""
    cut = tidy("\n".join(lines), limit)
    last = PARSER.parse(cut + "\n\nafter")[-2:]
    assert last[0].content == "after"


@pytest.mark.parametrize(
    ("source", "limit", "expected"),
    [
        ("one two three four", 16, "one two…"),
        ("```\none two three four five\n```", 22, "```\none two three…\n```"),
        ("", 10, ""), ("x" * 50, 1, "…"),
    ],
)  # fmt: skip
def test_cuts(source: str, limit: int, expected: str) -> None:
    """Between words, with room for what closes a fence."""
    assert tidy(source, limit) == expected


@given(st.text(st.sampled_from('ab #*`~<>![]()\n\r-@/"='), max_size=60), st.integers(1, 80))
def test_what_is_tidied_is_bounded(source: str, limit: int) -> None:
    """At most the limit and what closes a fence, apart from what makes mentions silent."""
    found = tidy(source, limit)
    fence = max((len(run) for run in re.findall("`+|~+", source)), default=0)
    assert len(found.replace("\u200b", "")) <= limit + fence + 1
    assert "\r" not in found


@pytest.mark.parametrize(
    "source", ["<!-- open", "<!-- a --> <!-- b", "<details>", "<p", "![a](", "<img src=", "######"]
)
def test_what_is_never_closed_does_no_harm(source: str) -> None:
    """An open comment hides the rest, as it does in a browser; other beginnings hide nothing."""
    found = tidy(source + "\nmore", 100)
    assert ("more" in found) is ("<!--" not in source)
    assert "<!--" not in found


def test_plain_keys_have_the_words() -> None:
    """Images, links and headings leave their texts, code stays as it is."""
    plain = TABLE["markdown"].call_plain
    assert plain("# A\n![b](https://x.example/i) **c**<br>d") == "A\n\nb c\nd"
    assert plain("```\na * __b__\n```\n*c*") == "a * __b__\nc"


FILES = "https://gl.example/acme/api/-/blob/HEAD/"
"""The base of links that a project's texts have to its files."""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "<h2>New</h2>\n<ul>\n<li>Take <code>x_y</code> &amp; <a href='https://x.example/2'>#2</a></li>\n</ul>",
            "**New**\n\n- Take `x_y` & [#2](https://x.example/2)",
        ),
        ("<pre><code class='language-sh'>a | b\n</code></pre>", "```sh\na | b\n```"),
        (
            "<details>\n<summary>More <b>x</b></summary>\n\n- one\n- `two` **three**\n\n</details>",
            "**More x**\n\n- one\n- `two` **three**",
        ),
        ("a <kbd>K</kbd> <del>b</del>\nnext &amp;lt; &copy;", "a `K` ~~b~~\nnext &\u200blt; ©"),
        ("| a | b |\n|---|---|\n| <b>x</b> | y\\|z |", "| a | b |\n| --- | --- |\n| **x** | y\\|z |"),
        ("3. x\n4. y<br>z\n   - deep", "3. x\n4. y\n   z\n   - deep"),
        ("see <a href='https://x.example'>![badge](https://x.example/b.svg)</a>", "see [badge](https://x.example)"),
        ("<blockquote>\n<p>q</p>\n</blockquote>\n<hr>\nz", "> q\n\n---\n\nz"),
        ("<b>x</b> :tada: @ann", "**x** :tada: @\u200bann"),
        (
            "see [a][1], [b] and ![c][1]\n\n[1]: https://x.example/1 't'\n[b]: https://x.example/b",
            "see [a](https://x.example/1), [b](https://x.example/b) and [c](https://x.example/1)",
        ),
        ("```py\nx = '<b>'\n```\n<b>y</b>", "```py\nx = '<b>'\n```\n\n**y**"),
    ],
)  # fmt: skip
def test_html_among_markdown(source: str, expected: str) -> None:
    """Tags become Markdown, as their forge shows both together; entities are read once, definitions resolved."""
    assert tidy(source, 900) == expected


@pytest.mark.parametrize(
    "source",
    [
        "Promise<string|null> and a < b, List<T>, <T> or <your-name>",
        "`<b>x</b>` and ``<br>``",
        "```html\n<b>x</b>\n\n\n\n<!-- y -->\n```",
        "`<!-- kept -->`",
        "1. one\n2. two\n\n* [ ] task\n* [x] done",
        "a[0] [^a-z] [b] (c)",
        "**b** _i_ ~~s~~ :tada: #12",
    ],
)
def test_what_stays_as_it_is(source: str) -> None:
    """Code, what only looks like a tag, and what Mattermost shows as its author meant."""
    assert tidy(source, 900) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a<!--\n```\n-->b\n```\n<!-- c -->\n```", "ab\n```\n<!-- c -->\n```"),
        ("text[^1] [^a]\n\n[^1]: a note\n    and more\nend", "text [^a]\n\nend"),
        ("Title\n=====\nwords\n\nmore\n---\n- a\n---", "**Title**\nwords\n\n**more**\n- a\n---"),
        ("    # shell comment", "    # shell comment"),
        ("<https://x.example/a*b> and https://x.example/(c)", "https://x.example/a%2Ab and https://x.example/%28c%29"),
    ],
)
def test_comments_notes_headings_and_urls(source: str, expected: str) -> None:
    """A comment may hold a fence; footnotes go with their marks; URLs are linked as a whole."""
    assert tidy(source, 900) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# open\n# press\n# save", "1. open\n2. press\n3. save"),
        ("To do:\n# open\n## twice\n## thrice\n# save", "To do:\n1. open\n   1. twice\n   2. thrice\n2. save"),
        ("# Title\n## Part\ntext", "**Title**\n**Part**\ntext"),
        ("# Title\n\n# Other", "**Title**\n\n**Other**"),
        ("## A\n## B", "**A**\n**B**"),
        ("# A #\n# B #", "**A**\n**B**"),
        (f"# {'long ' * 50}\n# B", f"**{('long ' * 50).strip()}**\n**B**"),
    ],
)
def test_steps_are_no_headings(source: str, expected: str) -> None:
    """Short lines with a single `#`, one right under the other, number steps; what has text below it is a heading."""
    assert tidy(source, 900) == expected


@pytest.mark.parametrize(
    ("source", "with_base", "without"),
    [
        ("![c](/uploads/1f/c.png)", "[c](https://gl.example/acme/api/uploads/1f/c.png)", "c"),
        ("[d](docs/x.md) [e](../y)", f"[d]({FILES}docs/x.md) [e](https://gl.example/acme/api/-/blob/y)", "d e"),
        ("<a href='/acme'>f</a>", "[f](https://gl.example/acme)", "f"),
        ("[g](#top)", "g", "g"),
    ],
)
def test_relative_addresses(source: str, with_base: str, without: str) -> None:
    """They are resolved against the base; what cannot be leaves its label, as Mattermost would look for it at home."""
    assert tidy(source, 900, FILES) == with_base
    assert tidy(source, 900) == without


def test_a_long_text_is_shown_to_its_limit() -> None:
    """Without a limit of the document there is room for a whole post; what HTML leaves out shows as an ellipsis."""
    assert len(TABLE["markdown"].call("word " * 3000)) == 15_000
    assert TABLE["markdown"].call("<b>x</b> " + "word " * 9000).endswith("…")


PIECES = """<b> </b> <T> <a¬href='/x'> </a> <!-- --> [x](/y) [z] [z]:¬/w↵ ![i](u) ]( [ ` ```↵ ↵ ↵↵ #¬ @here <!here>
    <http://a|b> https://x.example/a*b¬ | -¬ >¬ a¬"""
SOUP = st.lists(st.sampled_from(PIECES.split()), max_size=24).map(
    lambda pieces: "".join(pieces).replace("¬", " ").replace("↵", "\n")
)


@settings(max_examples=300, deadline=None)
@given(SOUP, st.integers(1, 200))
def test_whatever_stands_in_it(source: str, limit: int) -> None:
    """No image is loaded, nobody is mentioned, no address is relative, and nothing is open behind it."""
    shown = tidy(source, limit)
    blocks = PARSER.parse(shown + "\n\nafter")
    assert blocks[-2].content == "after"
    tokens = [token for block in blocks for token in block.children or ()]
    assert not [token for token in tokens if token.type == "image"]
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    assert all(link.startswith(("http", "mailto:")) for link in links), shown
    assert not re.search(r"(?<![A-Za-z0-9])@here", shown)


UNITS = ["<b>", "<b>[", "[a](", "[![", "](a", "`<", "<!--", "[^a]: b\n", "[a]: b\n", "# a\n", "a\n--\n", "a|b\n-|-\n"]


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_bounded(unit: str) -> None:
    """What a document shows of a text that repeats the same beginning takes no longer than other texts do."""
    assert seconds_of(lambda: tidy("<b>x</b>" + unit * 10_000, 600)) < 0.3
    assert seconds_of(lambda: tidy(unit * 10_000, 600)) < 0.3


@pytest.mark.parametrize("sign", "`~")
def test_a_fence_without_an_end_of_line_is_read_once(sign: str) -> None:
    """Where comments are looked for, a run of its signs is one mark, however long."""
    assert seconds_of(lambda: tidy("<!-- -->\n" + sign * 40_000, 600)) < 0.1
