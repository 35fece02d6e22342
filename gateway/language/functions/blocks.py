"""Slack's Block Kit as Markdown, by docs.slack.dev, "Blocks": layout blocks, their elements, and rich text.

Controls that work only in Slack (buttons without a link, menus) are shown as code: they must not look like links.
Blocks of unknown types still give the texts and blocks inside them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.language.functions.blockparts import (
    SHORT,
    TEXT_LENGTH,
    Block,
    beside,
    bold_line,
    element,
    lines_of,
    part_of,
    picture_url,
    rich,
    row,
    text_object,
    words,
)
from gateway.language.functions.blocktables import chart, table
from gateway.language.functions.coerce import count_of, list_of, text_of
from gateway.language.functions.emoji import drawn
from gateway.language.functions.markdown import link_to, safe_url
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, Number, function
from gateway.language.functions.richtext import literal, rich_text
from gateway.language.functions.thirdparty import tidy
from gateway.mattermost.plain import unmark
from gateway.model import JSON

_MAX_BLOCKS: Final = 300
_MAX_DEPTH: Final = 6
_DEFAULT_LENGTH: Final = 6000
_ROOM: Final = 300_000
"""Characters of all blocks together, as JSON, that are rendered: what Mattermost takes of a request."""
_LONGEST: Final = 80_000
"""Characters of Markdown that all blocks together become: five posts of Mattermost."""
_RULE: Final = "---"


class _Reader:
    """One walk over blocks; it stops after so many blocks and characters, and so deep, whatever the message holds."""

    def __init__(self) -> None:
        self._left = _MAX_BLOCKS
        self._room = _ROOM
        self._kinds: Mapping[str, Callable[[Block, int], str]] = {
            "section": self._section,
            "context": lambda block, _depth: row(block, " "),
            "actions": lambda block, _depth: row(block, " · "),
            "divider": lambda _block, _depth: _RULE,
            "header": lambda block, _depth: bold_line(text_object(block.get("text"))),
            "image": lambda block, _depth: _image(block),
            "video": lambda block, _depth: _video(block),
            "rich_text": lambda block, _depth: rich_text(block),
            "markdown": lambda block, _depth: tidy(text_of(block.get("text")), TEXT_LENGTH),
            "table": lambda block, _depth: table(block),
            "data_table": lambda block, _depth: lines_of(
                [bold_line(literal(words(block.get("caption")))), table(block)]
            ),
            "data_visualization": lambda block, _depth: chart(block),
            "file": lambda block, _depth: _file(block),
            "alert": lambda block, _depth: _alert(block),
            "plan": lambda block, _depth: _plan(block),
            "task_card": lambda block, _depth: _task(block),
            "input": lambda block, _depth: _input(block),
            "context_actions": lambda block, _depth: row(block, " · "),
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
        fields = [_field(text_object(field, SHORT)) for field in list_of(block.get("fields"))[:20]]
        return lines_of([text_object(block.get("text")), *fields, element(block.get("accessory"))])

    def _unknown(self, block: Block, depth: int) -> str:
        """Cards, carousels, containers and types unknown today: title, texts, then inner blocks."""
        title = rich(block.get("rich_text_title")) or text_object(block.get("title")) or text_object(block.get("label"))
        texts = [text_object(block.get(key)) for key in ("subtitle", "text", "body", "description")]
        inner: list[str] = []
        for key in ("hero_image", "blocks", "elements", "cards", "child_blocks"):
            value = block.get(key)
            inner += self.blocks([value] if isinstance(value, dict) else value, depth + 1)
        buttons = [element(one) for one in list_of(block.get("actions"))[:25]]
        return lines_of([bold_line(title), *texts, *inner, beside(buttons, " · ")])


def _field(markdown: str) -> str:
    """A cell of a section on one line: "**Environment:** prod" where Slack has the name above its value."""
    name, line_break, content = markdown.strip().partition("\n")
    if not line_break or "```" in content:
        return markdown
    colon = "" if unmark(name).rstrip().endswith((":", "?")) else ":"
    return f"{name.rstrip()}{colon} {' '.join(content.split())}"


def _image(block: Block) -> str:
    """A picture is the content here, so it is shown; one that only Slack can fetch is named."""
    alt = literal((text_of(block.get("alt_text")) or "image").replace("[", "(").replace("]", ")"))
    target = safe_url(text_of(block.get("image_url")))
    picture = f"![{' '.join(alt.split())}]({target})" if target else link_to(alt, picture_url(block))
    return lines_of([bold_line(text_object(block.get("title"))), picture])


def _video(block: Block) -> str:
    title = words(block.get("title")) or text_of(block.get("alt_text")) or "video"
    url = text_of(block.get("title_url")) or text_of(block.get("video_url"))
    makers = [literal(maker) for key in ("author_name", "provider_name") if (maker := words(block.get(key)))]
    return lines_of([link_to(literal(title), url), " · ".join(makers), text_object(block.get("description"))])


def _file(block: Block) -> str:
    """A remote file, which has an id, and in messages that were fetched more than that."""
    file = block.get("file")
    name = words(part_of(file, "title")) or words(part_of(file, "name")) or words(block.get("external_id")) or "file"
    return link_to(literal(name), text_of(part_of(file, "permalink")) or text_of(part_of(file, "external_url")))


_LEVELS: Final = {
    "info": ":information_source:", "warning": ":warning:", "error": ":no_entry:", "success": ":white_check_mark:"
}  # fmt: skip


def _alert(block: Block) -> str:
    """An alert with its level in words, as a text has no colour."""
    level, text = text_of(block.get("level")), text_object(block.get("text"))
    mark = _LEVELS.get(level)
    return beside([f"{mark} **{level.capitalize()}:**", text], " ") if mark and text else text


_STATES: Final = {
    "pending": ":hourglass_flowing_sand:", "in_progress": ":arrows_counterclockwise:", "complete": ":white_check_mark:",
    "error": ":x:",
}  # fmt: skip


def _plan(block: Block) -> str:
    tasks = [_task(task) for task in list_of(block.get("tasks"))[:50] if isinstance(task, dict)]
    return "\n\n".join(part for part in [bold_line(literal(words(block.get("title")))), *tasks] if part)


def _task(block: Block) -> str:
    """A task with its status in words, its details and output, and the sources that it used."""
    status = words(block.get("status"))
    title = bold_line(literal(words(block.get("title")) or "task"))
    head = " ".join(part for part in (_STATES.get(status, ""), title) if part)
    if status:
        head += f" ({literal(status.replace('_', ' '))})"
    sources = [_source(source) for source in list_of(block.get("sources"))[:20] if isinstance(source, dict)]
    used = f"Sources: {' · '.join(sources)}" if sources else ""
    return lines_of([head, rich(block.get("details")), rich(block.get("output")), used])


def _source(source: Block) -> str:
    url = text_of(source.get("url"))
    return link_to(literal(words(source.get("text")) or url), url)


def _input(block: Block) -> str:
    """What is asked, with what is there to answer."""
    return lines_of(
        [bold_line(text_object(block.get("label"))), element(block.get("element")), text_object(block.get("hint"))]
    )


def _join_blocks(shown: Sequence[str], limit: int) -> str:
    """Blocks with a blank line between them, whole ones as long as they fit: a cut inside could leave a mark open."""
    kept: list[str] = []
    left = limit
    for index, block in enumerate(shown):
        if len(block) > left:
            more = f"_({len(shown) - index} more blocks are left out)_" if limit > _DEFAULT_LENGTH else "…"
            kept.append(more if kept else tidy(block, limit))
            break
        kept.append(block)
        left -= len(block) + 2
    return "\n\n".join(kept)


def _plain(value: JSON, limit: Number = _DEFAULT_LENGTH) -> JSON:
    """Blocks in plain-text keys."""
    return drawn(unmark(blocks(value, limit)))


@function(
    plain=_plain,
    doc="Slack's Block Kit (the array `blocks` of a message) as Markdown, at most about `limit` characters: buttons "
    "with a URL become links, other controls are named.",
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
def blocks(value: JSON, limit: Number = _DEFAULT_LENGTH) -> JSON:
    """See the registration; a single block counts as an array of one."""
    if isinstance(value, Markup):
        return value
    several = [value] if isinstance(value, dict) else value
    return Markup(_join_blocks(_Reader().blocks(several, 0), count_of(limit, _DEFAULT_LENGTH, _LONGEST)))
