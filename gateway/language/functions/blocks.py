"""Slack's Block Kit as Markdown, by docs.slack.dev, "Blocks": layout blocks, their elements, and rich text.

Controls that work only in Slack (buttons without a link, menus) are shown as code: they must not look like links.
Blocks of unknown types still give the texts and blocks inside them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.language.functions.coerce import count_of, list_of, text_of
from gateway.language.functions.markdown import code_span, link_to, safe_url
from gateway.language.functions.markup import Markup
from gateway.language.functions.mrkdwn import to_markdown
from gateway.language.functions.plain import unmark
from gateway.language.functions.registry import Example, function
from gateway.language.functions.richtext import literal, rich_text
from gateway.language.functions.text import shorten
from gateway.language.functions.thirdparty import tidy
from gateway.model import JSON

_MAX_BLOCKS: Final = 200
_MAX_DEPTH: Final = 6
_DEFAULT_LENGTH: Final = 6000
_TEXT_LENGTH: Final = 12_000
"""Characters of one text that are looked at: Slack allows 3,000 in a section and 12,000 in a markdown block."""
_SHORT: Final = 3_000
"""Characters of a field or an element beside others that are looked at: Slack allows 2,000 and 3,000."""
_ROOM: Final = 100_000
"""Characters of all blocks together, as JSON, that are rendered."""
_ROWS: Final = 30
_RULE: Final = "---"

Block = Mapping[str, JSON]


class _Reader:
    """One walk over blocks; it stops after so many blocks and characters, and so deep, whatever the message holds."""

    def __init__(self) -> None:
        self._left = _MAX_BLOCKS
        self._room = _ROOM
        self._kinds: Mapping[str, Callable[[Block, int], str]] = {
            "section": self._section,
            "context": lambda block, _depth: _row(block, " "),
            "actions": lambda block, _depth: _row(block, " · "),
            "divider": lambda _block, _depth: _RULE,
            "header": lambda block, _depth: _bold(_text(block.get("text"))),
            "image": lambda block, _depth: _image(block),
            "video": lambda block, _depth: _video(block),
            "rich_text": lambda block, _depth: rich_text(block),
            "markdown": lambda block, _depth: tidy(text_of(block.get("text")), _TEXT_LENGTH),
            "table": lambda block, _depth: _table(block),
            "file": lambda _block, _depth: "",
        }

    def blocks(self, value: JSON, depth: int) -> list[str]:
        """The blocks in their order; rules only between others."""
        shown: list[str] = []
        for block in list_of(value)[: self._left] if depth <= _MAX_DEPTH else ():
            if self._room <= 0:
                break
            self._left -= 1
            text = self._block(block, depth).strip("\n") if isinstance(block, dict) else ""
            self._room -= len(text_of(block))
            if text.strip() and not (text == _RULE and shown[-1:] in ([], [_RULE])):
                shown.append(text)
        return shown[:-1] if shown[-1:] == [_RULE] else shown

    def _block(self, block: Block, depth: int) -> str:
        kind = block.get("type")
        render = self._kinds.get(kind) if isinstance(kind, str) else None
        return render(block, depth) if render else self._unknown(block, depth)

    def _section(self, block: Block, _depth: int) -> str:
        fields = [_field(_text(field, _SHORT)) for field in list_of(block.get("fields"))[:20]]
        return _lines([_text(block.get("text")), *fields, _element(block.get("accessory"))])

    def _unknown(self, block: Block, depth: int) -> str:
        """Cards, alerts, inputs, containers and types unknown today: title, texts, then inner blocks."""
        title = _text(block.get("title")) or _text(block.get("label"))
        texts = [_text(block.get(key)) for key in ("subtitle", "text", "body", "description")]
        inner: list[str] = []
        for key in ("hero_image", "blocks", "elements", "cards", "child_blocks"):
            value = block.get(key)
            inner += self.blocks([value] if isinstance(value, dict) else value, depth + 1)
        buttons = [_element(element) for element in list_of(block.get("actions"))[:25]]
        return _lines([_bold(title), *texts, *inner, " · ".join(button for button in buttons if button)])


def _lines(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part.strip())


def _text(value: JSON, most: int = _TEXT_LENGTH) -> str:
    """A text object as Markdown; a bare string, which Slack would refuse but senders try, counts as mrkdwn."""
    if isinstance(value, dict):
        words = shorten(text_of(value.get("text")), most)
        return literal(words) if value.get("type") == "plain_text" else to_markdown(words)
    return to_markdown(shorten(value, most)) if isinstance(value, str) else ""


def _field(markdown: str) -> str:
    """A cell of a section on one line: "**Environment:** prod" where Slack has the name above its value."""
    name, line_break, content = markdown.strip().partition("\n")
    if not line_break or "```" in content:
        return markdown
    colon = "" if unmark(name).rstrip().endswith((":", "?")) else ":"
    return f"{name.rstrip()}{colon} {' '.join(content.split())}"


def _bold(markdown: str) -> str:
    line = " ".join(markdown.split())
    return f"**{line}**" if line else ""


def _row(block: Block, join: str) -> str:
    """Elements side by side; a picture beside text is decoration and is dropped."""
    elements = [element for element in list_of(block.get("elements"))[:25] if isinstance(element, dict)]
    worded = [element for element in elements if element.get("type") != "image"]
    return join.join(text for element in worded or elements if (text := _element(element)))


def _element(value: JSON) -> str:
    """A text, a picture, a button or another control: as a link if it has a URL, else as its label."""
    if not isinstance(value, dict):
        return ""
    kind = value.get("type")
    if kind in ("mrkdwn", "plain_text"):
        return _text(value, _SHORT)
    if kind == "image":
        return link_to(literal(text_of(value.get("alt_text")) or "image"), text_of(value.get("image_url")))
    if kind == "overflow":
        return " · ".join(text for option in list_of(value.get("options"))[:10] if (text := _element(option)))
    label = _words(value.get("text")) or _words(value.get("placeholder"))
    url = text_of(value.get("url"))
    return link_to(literal(label), url) if safe_url(url) else code_span(label)


def _words(value: JSON) -> str:
    """The bare text of a text object."""
    return shorten(text_of(value.get("text")), 200) if isinstance(value, dict) else ""


def _image(block: Block) -> str:
    """A picture is the content here, so it is shown; one that only Slack can fetch is named."""
    alt = literal((text_of(block.get("alt_text")) or "image").replace("[", "(").replace("]", ")"))
    target = safe_url(text_of(block.get("image_url")))
    picture = f"![{' '.join(alt.split())}]({target})" if target else alt
    return _lines([_bold(_text(block.get("title"))), picture])


def _video(block: Block) -> str:
    title = _words(block.get("title")) or text_of(block.get("alt_text")) or "video"
    url = text_of(block.get("title_url")) or text_of(block.get("video_url"))
    return _lines([link_to(literal(title), url), _text(block.get("description"))])


def _table(block: Block) -> str:
    rows = [list_of(row)[:20] for row in list_of(block.get("rows"))[: _ROWS + 1]]
    cells = [[_cell(cell) for cell in row] for row in rows if row]
    if not cells:
        return ""
    width = max(map(len, cells))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in cells]
    left = len(list_of(block.get("rows"))) - len(rows)
    more = [f"\n… and {left} more rows"] if left > 0 else []
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:], *more])


def _cell(value: JSON) -> str:
    """A cell is raw text or rich text."""
    cell = value if isinstance(value, dict) else {"text": value}
    text = rich_text(cell) if cell.get("type") == "rich_text" else literal(text_of(cell.get("text")))
    return " ".join(text.split()).replace("|", "\\|")


def _join_blocks(shown: Sequence[str], limit: int) -> str:
    """Blocks with a blank line between them, whole ones as long as they fit: a cut inside could leave a mark open."""
    kept: list[str] = []
    left = limit
    for block in shown:
        if len(block) > left:
            kept.append("…" if kept else tidy(block, limit))
            break
        kept.append(block)
        left -= len(block) + 2
    return "\n\n".join(kept)


def _plain(value: JSON, n: JSON = _DEFAULT_LENGTH) -> JSON:
    """Blocks in plain-text keys."""
    return unmark(blocks(value, n))


@function(
    plain=_plain,
    doc="Slack's Block Kit (the array `blocks` of a message) as Markdown, at most about `n` characters: buttons with a "
    "URL become links, other controls are named.",
    examples=[
        Example(
            "{{ blocks | blocks }}",
            {
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "Deploy of api"}},
                    {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Where*\nprod"}]},
                    {"type": "actions", "elements": [{"type": "button", "text": {"text": "Open"}, "url": "https://x.example"}]},
                ]
            },
            "**Deploy of api**\n\n**Where**: prod\n\n[Open](https://x.example)",
        ),
    ],
)  # fmt: skip
def blocks(value: JSON, n: JSON = _DEFAULT_LENGTH) -> JSON:
    """See the registration; a single block counts as an array of one."""
    if isinstance(value, Markup):
        return value
    several = [value] if isinstance(value, dict) else value
    return Markup(_join_blocks(_Reader().blocks(several, 0), count_of(n, _DEFAULT_LENGTH)))
