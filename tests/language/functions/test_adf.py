"""Atlassian documents as Markdown: block by block, and bounded whatever they hold."""

from typing import Any

import pytest

from gateway.language.functions import TABLE


def node(kind: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    """A node of an Atlassian document."""
    return {"type": kind, "content": list(content), "attrs": attrs}


def words(text: str, *marks: dict[str, Any]) -> dict[str, Any]:
    """A text node with marks."""
    return {"type": "text", "text": text, "marks": list(marks)}


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


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (node("expand", node("paragraph", words("x")), title="T*"), "**T\\***\nx"),
        (
            node("bulletList", node("listItem", words("a"), node("bulletList", node("listItem", words("b"))))),
            "- a\n  - b",
        ),
        (node("paragraph", node("date", timestamp="1769868300000"), node("status", text=" DONE")), "2026-01-31 DONE"),
        (node("paragraph", node("emoji", shortName=":x:"), node("mention", id="7")), ":\u200bx:@\u200b7"),
        (node("paragraph", node("inlineCard", url="https://x.example")), "[https://x.example](https://x.example)"),
        (node("blockCard", url="javascript:x"), "javascript:x"),
        (node("media", alt="p", url="https://x.example/i"), "[p](https://x.example/i)"),
        (node("media", id="7"), "attachment"),
        (node("paragraph", words("a"), node("hardBreak"), words("b")), "a\nb"),
        (node("heading", words("h ", {"type": "strong"}), words("i")), "**h i**"),
        (node("heading"), ""),
        (node("paragraph", words("a ", {"type": "strong"}), words("b", {"type": "code"})), "**a** `b`"),
        (node("paragraph", words("b", {"type": "code"}, {"type": "em"})), "_`b`_"),
        (node("codeBlock", words("```\nx")), "````\n```\nx\n````"),
        (node("table"), ""), (node("rule"), "---"),
        (node("taskList", node("taskItem", words("x"), state="TODO")), "- [ ] x"),
    ],
)  # fmt: skip
def test_each_kind_of_node(document: dict[str, Any], expected: str) -> None:
    """What a document may hold, and how Mattermost shows it; what says nothing leaves nothing."""
    assert TABLE["adf"].call(node("doc", document)) == expected


def test_accounts_have_the_names_of_the_payload() -> None:
    """A mention without a text has the name that the payload says, else the account's id."""
    mentions = [{"type": "mention", "attrs": {"id": known}} for known in ("a1", "b2")]
    payload = {"lead": {"accountId": "a1", "displayName": "Ada *L*"}}
    assert TABLE["adf"].call(mentions, 400, payload) == "@\u200bAda \\*L\\*@\u200bb2"
    assert TABLE["adf"].call_plain(mentions, 400, payload) == "@Ada *L*@b2"
