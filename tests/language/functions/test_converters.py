"""Foreign markup (Slack, Jira, Atlassian documents, HTML, other people's Markdown) as Mattermost's Markdown."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions import TABLE
from gateway.language.functions.thirdparty import tidy

PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])
MARKUP = st.text(st.sampled_from("*_~`<>|{}[]!#-+\\ \n&;:@h.axc1"), max_size=60)


def node(kind: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    """A node of an Atlassian document."""
    return {"type": kind, "content": list(content), "attrs": attrs}


def words(text: str, *marks: dict[str, Any]) -> dict[str, Any]:
    """A text node with marks."""
    return {"type": "text", "text": text, "marks": list(marks)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*b* _i_ ~s~ `c*d`", "**b** _i_ ~~s~~ `c*d`"),
        ("a * b * c, 2*3*4 and snake_case_x", "a \\* b \\* c, 2\\*3\\*4 and snake_case_x"),
        ("*a _b_ c*", "**a _b_ c**"),
        ("<https://x.example/a?b=1&amp;c=2|label>", "[label](https://x.example/a?b=1&c=2)"),
        ("<https://x.example/a>", "https://x.example/a"),
        ("<mailto:a@x.example|Ann>", "[Ann](mailto:a@x.example)"),
        ("<javascript:x|label>", "label"),
        ("<@U1|ann> <#C1|general> <!subteam^S1|@ops> <!here>", "@\u200bann #general @\u200bops @\u200bhere"),
        ("<!date^1769868300^{date}|31 Jan>", "31 Jan"),
        ("&lt;b&gt; &amp;amp;", "<\u200bb> &\u200bamp;"),
        ("&gt; said\n• one\n2. two", "> said\n- one\n2. two"),
        ("see ```a\n *b* &lt;``` end", "see \n```\na\n *b* <\n```\nend"),
        (":tada:", ":tada:"),
    ],
)
def test_mrkdwn(source: str, expected: str) -> None:
    """Slack's marks become Markdown's, references become names that mention nobody."""
    assert TABLE["mrkdwn"].call(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("h1. Title\nbq. said", "**Title**\n> said"),
        ("*b* _i_ -s- +u+ {{a_b}} ??c??", "**b** _i_ ~~s~~ u `a_b` _c_"),
        ("a-b - c, 1*2*3", "a-b - c, 1\\*2\\*3"),
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
    assert TABLE["jira"].call(source).strip("\n").replace("]\u200b", "]") == expected


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


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# Why #\ntext", "**Why**\ntext"),
        ("#12 is no heading", "#12 is no heading"),
        ("![logo](https://x.example/l.png)<!-- hidden -->", "[logo](https://x.example/l.png)"),
        ('<img alt="z" src="https://x.example/a.png">', "[z](https://x.example/a.png)"),
        ("<details><summary>More</summary>text</details>", "More\ntext"),
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


def test_html_that_looks_like_something_else() -> None:
    """The parser's guesses about it reach no log."""
    sources = ["https://x.example/page", "page.html", "<?xml version='1.0'?><a>b</a>"]
    code = f"from gateway.language.functions import TABLE\nfor one in {sources}: TABLE['html'].call(one)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""


def test_adf() -> None:
    """An Atlassian document becomes Markdown, block by block."""
    document = node(
        "doc",
        node("heading", words("Steps"), level=2),
        node("paragraph", words("a*b ", {"type": "strong"}), node("mention", text="@ann")),
        node("orderedList", node("listItem", node("paragraph", words("one")))),
        node("taskList", node("taskItem", words("done it"), state="DONE")),
        node("codeBlock", words("int a;"), language="java"),
        node(
            "panel",
            node("paragraph", words("x", {"type": "code"}, {"type": "link", "attrs": {"href": "https://x.example"}})),
        ),
        node(
            "table",
            node("tableRow", node("tableHeader", words("h"))),
            node("tableRow", node("tableCell", words("1|2"))),
        ),
        node("unknown", node("paragraph", words("kept"))),
    )
    assert TABLE["adf"].call(document) == (
        "**Steps**\n**a\\*b** @\u200bann\n1. one\n- [x] done it\n```java\nint a;\n```\n> [`x`](https://x.example)\n\n"
        "| h |\n|---|\n| 1\\|2 |\n\nkept"
    )
    assert TABLE["adf"].call_plain(document).startswith("Steps\na*b @")


def test_adf_is_bounded() -> None:
    """A document nested beyond reason, or with too many nodes, ends; a text is taken as text."""
    deep = words("core")
    for _ in range(300):
        deep = node("blockquote", deep)
    assert TABLE["adf"].call(deep) == ""
    assert len(TABLE["adf"].call([words("x") for _ in range(50_000)], 40_000)) <= 5000
    assert TABLE["adf"].call("*plain*") == "\\*plain\\*"


@pytest.mark.parametrize("odd", [["x"], {"x": 1}, None, 7, True])
def test_adf_with_odd_types(odd: Any) -> None:
    """A node whose type is no text gives the text that it carries."""
    for kind in ("doc", "paragraph", "bulletList", "taskList"):
        document = {"type": kind, "content": [{"type": odd, "content": [words("kept")]}, words("x", {"type": odd})]}
        assert "kept" in TABLE["adf"].call({"type": "doc", "content": [document]})


@settings(max_examples=150, deadline=None)
@given(MARKUP, st.sampled_from(["mrkdwn", "jira", "html", "markdown"]))
def test_nobody_is_mentioned(source: str, name: str) -> None:
    """Whatever the markup, the result mentions nobody and plain text has no invisible rest of a mention."""
    text = source + " @channel <!here>"
    assert "@channel" not in TABLE[name].call(text)
    assert "<!here>" not in TABLE[name].call(text)
