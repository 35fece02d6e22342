"""HTML as Markdown: what stays, what goes, and that its parser stays quiet."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions import TABLE
from tests.cost import pace, seconds_of

PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<h1>T*</h1><p>a<br>b</p>", "**T\\***\n\na\nb"),
        (
            '<a href="https://x.example/(a)">ok</a> <a href="javascript:x">bad</a>',
            "[ok](https://x.example/%28a%29) bad",
        ),
        ('<img src="https://x.example/i.png" alt="pic">', "[pic](https://x.example/i.png)"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<pre>x\n  y</pre>", "```\nx\n  y\n```"),
        ("<style>x</style><script>y</script>z<!-- c -->", "z"),
        ("@channel &lt;b&gt;", "@\u200bchannel <\u200bb>"),
        ("<b>" * 500 + "deep", "deep"),
        ('<ol start="²"><li>a</li></ol>', "1. a"),
    ],
)
def test_html(source: str, expected: str) -> None:
    """HTML becomes Markdown; scripts, comments and what nests beyond reason do not."""
    assert TABLE["html"].call(source) == expected


def test_html_that_looks_like_something_else() -> None:
    """The parser's guesses about it reach no log."""
    sources = ["https://x.example/page", "page.html", "<?xml version='1.0'?><a>b</a>"]
    code = f"from gateway.language.functions import TABLE\nfor one in {sources}: TABLE['html'].call(one)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "<table><tr><th>a|b</th><th>c</th></tr><tr><td>1<br>2</td><td></td></tr></table>",
            "| a\\|b | c |\n| --- | --- |\n| 1 2 |  |",
        ),
        ("<blockquote>a<p>b</p></blockquote>", "> a\n>\n> b"),
        ("https://x.example/a<b>b</b> https://x.example", "https://x.example/a\ufeff**b** https://x.example"),
        ("www.x.example<b>b</b> www.x.example", "www.x.example\ufeff**b** www.x.example"),
        ("<pre class='language-py'>a</pre><ol start='3'><li>b<li>c</ol>", "```py\na\n```\n\n3. b\n4. c"),
        ("<b>a<pre>b</pre></b><strong>c</strong> <em>d</em>", "a\n\n```\nb\n```\n\n**c** *d*"),
        ("<a href='/a'>b</a><details><summary>c</summary>d</details>", "b\n\n**c**\n\nd"),
        ("<a href='https://x.example'><img src='https://x.example/i.png' alt='p'></a>", "[p](https://x.example)"),
        ("<del>d</del> <s>~</s>", "~~d~~ ~~\u200b~\u200b~~"),
        ("<h2><a href='https://x.example'>t</a> <b>u</b></h2>", "**[t](https://x.example) u**"),
        ("<code>a`b</code> <kbd>c</kbd>", "``a`b`` `c`"),
        ("<img src='data:image/png;base64,xx'>", "image"),
        ("&#xD800; &amp;lt; &copy;", "\ufffd &\u200blt; ©"),
        ("<![if x]>a<!b [c", "a"),
        ("<pre>a" + " " * 90 + "b</pre>", "```\na" + " " * 60 + "b\n```"),
        ("<p>x", "x"), ("</p>", ""), ("<style>", ""), ("<svg><text>x</text></svg>", ""), ("1 < 2 *3*", "1 < 2 \\*3\\*"),
    ],
)  # fmt: skip
def test_odd_html(source: str, expected: str) -> None:
    """Tables, what is never closed, what leads nowhere, and characters that act in Markdown."""
    assert TABLE["html"].call(source) == expected


def test_plain_keys_have_the_words_on_one_line() -> None:
    """Without tags, scripts and marks."""
    assert TABLE["html"].call_plain("<h1>A</h1>\n<p>b<br>*c*</p><script>x</script>") == "A b *c*"
    assert TABLE["html"].call_plain("<p>one two three</p>", 8) == "one two…"


TAGS = """<b> </b> <i> </i> <a/href='https://x.example'> </a> <p> <br> <ul> <li> </ul> <td> <tr> <pre> </pre> <code>
    </code> <h1> <del> * _ ` ~ ``` ~~~ x""".split()


@given(st.lists(st.sampled_from(TAGS)).map(" ".join))
def test_whatever_is_open_ends_with_the_value(source: str) -> None:
    """No tags nor marks of a value reach what follows it in a message."""
    blocks = PARSER.parse(TABLE["html"].call(source) + "\n\nafter")
    assert [block.type for block in blocks[-3:]] == ["paragraph_open", "inline", "paragraph_close"]
    assert (blocks[-2].content, blocks[-2].level) == ("after", 1)


@pytest.mark.parametrize(
    "source",
    [
        "a" + " " * 30_000 + "a",
        "a\n " * 10_000,
        "<https://x.example|" * 2000,
        "<!--" * 6000,
        "<a b=" * 5000,
        "<![x" * 6000,
        "</" * 15_000,
    ],
)
def test_no_html_takes_the_square_of_its_length(source):
    """Runs of blanks and signs that open no tag took seconds."""
    assert seconds_of(lambda: TABLE["html"].call(source)) < 0.3
    assert isinstance(TABLE["html"].call(source), str)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<![CDATA[x]]>a<!DOCTYPE html>b<?php c ?>d", "abd"),
        ("a<![unknown b", "a"),
        ("1 < 2 <b>c</b>", "1 < 2 **c**"),
    ],
)
def test_declarations_raise_nothing(source, expected):
    """The parser has errors for some of them that nobody catches; they go, and what is none is text."""
    assert TABLE["html"].call(source) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<a b='c' ",
        "<!--",
        "<!A ",
        "<![CDATA[",
        "</a ",
        "<img src='",
        "<div>",
        "<ul><li>",
        "<table><tr><td>",
        "<a><b>",
    ],
)
def test_time_grows_with_the_text(piece: str) -> None:
    """What is left open again and again takes no longer than other HTML: two seconds were needed once."""
    started = time.thread_time()
    TABLE["html"].call("<p>x" + piece * 20_000 + "y")
    assert (time.thread_time() - started) / pace() < 0.2


def test_tags_are_bounded() -> None:
    """HTML of very many tags shows its beginning."""
    shown = TABLE["html"].call("<i>a</i> " * 3000)
    assert shown.startswith("*a* *a*")
    assert shown.count("*a*") == 250
