"""Atlassian Document Format (Jira Cloud's rich text) as Markdown, by developer.atlassian.com."""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.markdown import code_block, code_span, escape, link_to, quoted, without_images
from gateway.language.functions.markup import Markup
from gateway.language.functions.names import name_in
from gateway.language.functions.registry import Example, Number, function
from gateway.language.functions.text import shorten
from gateway.language.functions.thirdparty import tidy
from gateway.language.functions.time import moment_of
from gateway.mattermost.plain import unmark
from gateway.model import JSON

_MAX_DEPTH: Final = 30
_MAX_NODES: Final = 5000
_DEFAULT_LENGTH: Final = 4000
_MARKS: Final = {"strong": "**", "em": "_", "strike": "~~"}
_INLINE_TYPES = "text hardBreak mention emoji inlineCard date status placeholder mediaInline inlineExtension"
_INLINE: Final = tuple(_INLINE_TYPES.split())  # no set: what senders write for a type may be no text

Node = Mapping[str, JSON]


class _Reader:
    """One walk over a document; it stops after so many nodes and so deep, whatever the document holds."""

    def __init__(self, payload: JSON = None) -> None:
        self._payload = payload
        self._left = _MAX_NODES
        self._blocks: Mapping[str, Callable[[Node, int], str]] = {
            "heading": self._heading,
            "codeBlock": self._code_block,
            "blockquote": self._quote,
            "panel": self._quote,
            "expand": self._expand,
            "nestedExpand": self._expand,
            "bulletList": self._list,
            "orderedList": self._list,
            "taskList": self._list,
            "decisionList": self._list,
            "table": self._table,
            "rule": lambda _node, _depth: "---",
            "blockCard": lambda node, _depth: _card(node),
            "embedCard": lambda node, _depth: _card(node),
            "media": lambda node, _depth: link_to(escape(_attr(node, "alt") or "attachment"), _attr(node, "url")),
        }

    def blocks(self, node: Node, depth: int) -> list[str]:
        """The blocks inside a node; inline nodes side by side make one paragraph."""
        found: list[str] = []
        line: list[str] = []
        for child in self._children(node, depth):
            if child.get("type") in _INLINE:
                line.append(self._mention(child) if child.get("type") == "mention" else _inline(child))
                continue
            found += ["".join(line), self._block(child, depth + 1)]
            line = []
        return [block for block in [*found, "".join(line)] if block.strip()]

    def _children(self, node: Node, depth: int) -> list[Node]:
        content = node.get("content")
        if not isinstance(content, list) or depth > _MAX_DEPTH:
            return []
        children: list[Node] = [child for child in content[: self._left] if isinstance(child, dict)]
        self._left = max(0, self._left - len(children))
        return children

    def _block(self, node: Node, depth: int) -> str:
        kind = node.get("type")
        render = self._blocks.get(kind) if isinstance(kind, str) else None
        return render(node, depth) if render else "\n".join(self.blocks(node, depth))

    def _mention(self, node: Node) -> str:
        """Who is mentioned: the name in the node, else that of its account in the payload, else the account's id."""
        known = _attr(node, "text") or name_in(self._payload, _attr(node, "id")) or _attr(node, "id")
        return escape("@" + known.removeprefix("@"))

    def _heading(self, node: Node, depth: int) -> str:
        title = " ".join(" ".join(self.blocks(node, depth)).replace("**", "").split())
        return f"**{title}**" if title else ""

    def _code_block(self, node: Node, depth: int) -> str:
        return code_block(
            "".join(text_of(child.get("text")) for child in self._children(node, depth)), _attr(node, "language")
        )

    def _quote(self, node: Node, depth: int) -> str:
        return quoted("\n".join(self.blocks(node, depth)))

    def _expand(self, node: Node, depth: int) -> str:
        title = _attr(node, "title").strip()
        return "\n".join([*([f"**{escape(title)}**"] if title else []), *self.blocks(node, depth)])

    def _list(self, node: Node, depth: int) -> str:
        bullet = "1. " if node.get("type") == "orderedList" else "- "
        points: list[str] = []
        for item in self._children(node, depth):
            if item.get("type") in ("taskList", "bulletList", "orderedList"):
                points.append("  " + self._block(item, depth + 1).replace("\n", "\n  "))
                continue
            box = {"DONE": "[x] ", "TODO": "[ ] "}.get(_attr(item, "state"), "")
            body = "\n".join(self.blocks(item, depth + 1)).replace("\n", "\n" + " " * len(bullet))
            points.append(f"{bullet}{box}{body}" if body else "")
        return "\n".join(point for point in points if point)

    def _table(self, node: Node, depth: int) -> str:
        rows = [
            [" ".join(" ".join(self.blocks(cell, depth + 2)).split()).replace("|", "\\|") for cell in cells]
            for cells in (self._children(row, depth + 1) for row in self._children(node, depth))
            if cells
        ]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join(["", *lines[:1], "|" + "---|" * len(rows[0]), *lines[1:], ""]) if rows else ""


def _attr(node: Node, name: str) -> str:
    attributes = node.get("attrs")
    return text_of(attributes.get(name)) if isinstance(attributes, dict) else ""


def _card(node: Node) -> str:
    url = _attr(node, "url")
    return link_to(escape(url), url)


def _inline(node: Node) -> str:
    """One inline node; unknown ones give the text that they carry."""
    match node.get("type"):
        case "text":
            return _with_marks(text_of(node.get("text")), node.get("marks"))
        case "hardBreak":
            return "\n"
        case "emoji":
            return escape(_attr(node, "text") or _attr(node, "shortName"))
        case "inlineCard":
            return _card(node)
        case "date":
            moment = moment_of(_attr(node, "timestamp"))
            return moment.strftime("%Y-%m-%d") if moment else ""
    return escape(_attr(node, "text"))


def _with_marks(text: str, marks: JSON) -> str:
    """Text with its marks; white space stays outside of them, where Markdown wants it."""
    listed = marks if isinstance(marks, list) else []
    known = {text_of(mark.get("type")): mark for mark in listed if isinstance(mark, dict)}
    core = text.strip()
    if not core or not known:
        return escape(text)
    shown = code_span(core) if "code" in known else escape(core)
    for kind, mark in _MARKS.items():
        shown = f"{mark}{shown}{mark}" if kind in known else shown
    if "link" in known:
        shown = link_to(shown, _attr(known["link"], "href"))
    start = len(text) - len(text.lstrip())
    return text[:start] + shown + text[start + len(core) :]


def _document(value: JSON) -> Node:
    """The root: a document, a list of nodes, or a text that is no document at all."""
    if isinstance(value, dict):
        return value
    content = value if isinstance(value, list) else [{"type": "text", "text": text_of(value)}]
    return {"type": "doc", "content": content}


def _plain(value: JSON, limit: Number = _DEFAULT_LENGTH, payload: JSON = None) -> JSON:
    """A document in plain-text keys."""
    return shorten(unmark(adf(value, 20_000, payload)), count_of(limit, _DEFAULT_LENGTH))


@function(
    plain=_plain,
    doc="An Atlassian document (the object in Jira Cloud's descriptions and comments) as Markdown, at most `limit` "
    "characters; a text instead of an object stays text. With `payload`, mentions without a name get it from there.",
    examples=[
        Example(
            "{{ description | adf }}",
            {
                "description": {
                    "type": "doc",
                    "content": [
                        {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Steps"}]},
                        {
                            "type": "paragraph",
                            "content": [
                                {"type": "text", "text": "see "},
                                {
                                    "type": "text",
                                    "text": "page",
                                    "marks": [{"type": "link", "attrs": {"href": "https://x.example"}}],
                                },
                            ],
                        },
                    ],
                }
            },
            "**Steps**\nsee [page](https://x.example)",
        ),
    ],
)
def adf(value: JSON, limit: Number = _DEFAULT_LENGTH, payload: JSON = None) -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    shown = without_images("\n".join(_Reader(payload).blocks(_document(value), 0)))
    return Markup(tidy(shown, count_of(limit, _DEFAULT_LENGTH)))
