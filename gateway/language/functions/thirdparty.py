"""Third-party Markdown: its formatting and links stay; mentions, embedded images and HTML do not.

Most of it needs its links looked at and its headings made smaller. Where HTML or definitions of links stand in it, all
of it goes the way of its author's forge: Markdown becomes HTML, and that becomes Markdown as `html` makes it.
"""

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.haste import take
from gateway.language.functions.html import CLOSING, MAX_HTML, SHOWN, to_markdown
from gateway.language.functions.links import linked
from gateway.language.functions.markdown import LINE_BREAK, escape
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, Number, function
from gateway.language.functions.text import shorten
from gateway.mattermost.code import CodeRanges, without_gaps
from gateway.mattermost.mentions import silent
from gateway.mattermost.plain import unmark
from gateway.mattermost.split import excerpt
from gateway.model import JSON

_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})(.*)$")
_CODE_OR_COMMENT = re.compile(
    r"^[ ]{0,3}(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n(?:.*?^[ ]{0,3}(?P=fence)[`~]*[ \t]*$|.*)"
    r"|(?<!`)(?P<ticks>`{1,9})(?!`)[^\n]{0,300}?(?<!`)(?P=ticks)(?!`)"
    r"|(?P<comment><!--.*?(?:-->|\Z))",
    re.MULTILINE | re.DOTALL,
)
_TAGS: Final = "|".join(sorted(SHOWN))
_TAG = re.compile(rf"</?(?:{_TAGS})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_NO_TAG = re.compile(rf"<(?!/?(?:{_TAGS})(?=[\s/>]))", re.IGNORECASE)
_DEFINITION = re.compile(r"^[ ]*\[[^\]\^\n][^\]\n]{0,500}\]:[ \t]*\S", re.MULTILINE)
_NOTE = re.compile(r"^[ ]{0,3}\[\^(?P<name>[^\]\s]{1,100})\]:[^\n]*(?:\n(?:[ ]{2,}|\t)[^\n]*)*\n?", re.MULTILINE)
_NOTE_MARK = re.compile(r"\[\^([^\]\s]{1,100})\]")
_STEP = re.compile(r"[ ]{0,3}(#{1,3})[ \t]+(\S.{0,199})")
_UNDERLINED = re.compile(
    r"^(?![ ]{4}|[ ]{0,3}(?:[-+*>|#]|\d+[.)])(?:\s|$))(?=[^\n]*\S)(?P<title>[^\n|]+)\n[ ]{0,3}(?:=+|-{2,})[ \t]*$",
    re.MULTILINE,
)
_HEADING_LEVELS: Final = 6
_SOURCE: Final = 4
"""Characters of source for each that is shown, where HTML is: tags and addresses take room."""
_LEAST_SOURCE: Final = 2000
_OF_CHARACTER: Final = 5
"""Microseconds that the parser takes for a character, where each two begin a block."""
_MOST_BRACKETS: Final = 500
"""Brackets beyond which text is not parsed: the parser's time grows with their square."""


def tidy(markdown: str, limit: int, base: str = "", *, steps: bool = True) -> str:
    """Third-party Markdown fit for a message, at most about `limit` characters; see `excerpt` for how it is cut.

    Links and images become links to absolute addresses, resolved against `base` (`absolute_url`), headings bold lines,
    HTML Markdown; comments and footnotes go, mentions are made inert. Code is left alone. With `steps`, the text may be
    Textile, in which steps are numbered with `#`.
    """
    text = LINE_BREAK.sub("\n", markdown) if not markdown.isascii() or "\r" in markdown else markdown
    if "<!--" in text:
        text = _CODE_OR_COMMENT.sub(lambda found: "" if found["comment"] else found[0], text)
    if "[^" in text and _NOTE.search(text):
        text = _without_notes(text)
    if _needs_parser(text):
        shown = _parsed(text, min(MAX_HTML, max(_LEAST_SOURCE, _SOURCE * limit)), base)
    else:
        shown = "\n".join(
            [section if is_code else _prose(section, base, steps=steps) for is_code, section in _sections(text)]
        )
    return silent(excerpt(without_gaps(shown).strip("\n"), limit, CLOSING))


def _without_notes(text: str) -> str:
    """The text without footnotes and the marks of those."""
    names = {note["name"] for note in _NOTE.finditer(text)}
    return _NOTE_MARK.sub(lambda mark: "" if mark[1] in names else mark[0], _NOTE.sub("", text))


def _needs_parser(text: str) -> bool:
    """Whether HTML that is shown otherwise, or the definition of a link, stands outside of code."""
    if text.count("[") > _MOST_BRACKETS:
        return False
    tags = [match.start() for match in _TAG.finditer(text)] if "<" in text else []
    if tags:
        code = CodeRanges(text, strict=True)
        if not all(map(code.hold, tags)):
            return True
    definitions = [match.start() for match in _DEFINITION.finditer(text)] if "]:" in text else []
    return bool(definitions) and not all(map(CodeRanges(text, strict=True, spans=False).hold, definitions))


def _raw(_renderer: object, tokens: list[Token], index: int, _options: object, _env: object) -> str:
    """HTML as it stands; what only looks like a tag becomes text, as in `List<T>`."""
    return _NO_TAG.sub("&lt;", tokens[index].content)


_parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - the converter looks at them
_parser.add_render_rule("html_inline", _raw)
_parser.add_render_rule("html_block", _raw)
_parser.add_render_rule("hardbreak", lambda *_: "<br>")


def _parsed(text: str, room: int, base: str) -> str:
    """The beginning of the text, at most `room` characters of source."""
    source = text[:room]
    take(_OF_CHARACTER * len(source))
    shown = to_markdown(_parser.render(source), base, lambda words: escape(words, silent))
    return shown if len(text) <= room else f"{shown}\n…"


def _sections(markdown: str) -> list[tuple[bool, str]]:
    """The text as alternating prose and fenced code; True marks code."""
    sections: list[tuple[bool, str]] = []
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        found = _FENCE.match(line)
        opens = not fence and found is not None and not ("`" in found[1] and "`" in found[2])
        closes = bool(fence) and found is not None and found[1].startswith(fence) and not found[2].strip()
        if opens and lines:
            apart = [""] if lines[-1].lstrip().startswith(">") else []  # a quote goes on to the next blank line
            sections.append((False, "\n".join(lines + apart)))
            lines = []
        lines.append(line)
        if opens and found is not None:
            fence = found[1]
        elif closes:
            sections.append((True, "\n".join(lines)))
            lines, fence = [], ""
    if lines:
        sections.append((bool(fence), "\n".join(lines) + (f"\n{fence}" if fence else "")))
    return sections


def _prose(markdown: str, base: str, *, steps: bool) -> str:
    if "\n" in markdown and ("==" in markdown or "--" in markdown):
        markdown = _UNDERLINED.sub(lambda found: _bold(found["title"]), markdown)
    if "#" in markdown:
        markdown = "\n".join(_without_headings(markdown.split("\n"), numbered=steps))
    return linked(markdown, base)


def _without_headings(lines: list[str], *, numbered: bool) -> list[str]:
    """Headings as bold lines; steps as a list, if it may be `numbered`.

    Texts in Textile number steps with `#`. Two short lines that begin with a single `#`, one right under the other, are
    steps: a heading has something below it. Deeper ones among them are steps of a step.
    """
    shown = list(lines)
    at = 0
    while at < len(lines):
        steps = _steps(lines, at) if numbered else []
        if sum(len(mark) == 1 for mark, _ in steps) > 1:
            shown[at : at + len(steps)] = _numbered(steps)
        else:
            steps = steps[:1]
            shown[at] = _heading(lines[at])
        at += max(1, len(steps))
    return shown


def _steps(lines: list[str], at: int) -> list[tuple[str, str]]:
    """The marks and texts of the lines from `at` on that may be steps: the first is not a deeper one."""
    steps: list[tuple[str, str]] = []
    while at < len(lines) and (found := _STEP.fullmatch(lines[at])) and not lines[at].rstrip().endswith("#"):
        if not steps and len(found[1]) > 1:
            break
        steps.append((found[1], found[2].strip()))
        at += 1
    return steps


def _numbered(steps: list[tuple[str, str]]) -> list[str]:
    counts = [0, 0, 0]
    numbered = []
    for mark, text in steps:
        depth = len(mark) - 1
        counts[depth] += 1
        counts[depth + 1 :] = [0] * (2 - depth)
        numbered.append(f"{'   ' * depth}{counts[depth]}. {text}")
    return numbered


def _heading(line: str) -> str:
    """A heading as a bold line; every other line as it is."""
    bare = line.strip()
    marks = len(bare) - len(bare.lstrip("#"))
    if not 0 < marks <= _HEADING_LEVELS or not bare[marks:][:1].isspace() or line.startswith(("    ", "\t")):
        return line
    return _bold(bare[marks:].rstrip("#"))


def _bold(title: str) -> str:
    title = title.replace("**", "").strip()
    return f"**{title}**" if title else ""


def _plain(value: JSON, limit: Number = 16_000, base: JSON = "", files: JSON = "") -> JSON:  # noqa: ARG001 - as markdown
    """Third-party Markdown in plain-text keys."""
    most = count_of(limit, 16_000)
    return shorten(unmark(tidy(text_of(value), _SOURCE * most)), most)


@function(
    plain=_plain,
    doc="Markdown that somebody wrote, kept as formatting: HTML in it becomes Markdown, images become links, headings "
    "bold; comments and footnotes go, mentions notify nobody. Relative addresses are resolved against the base URL, "
    "`base` with the path `files` below it, or leave just their label. At most `limit` characters, with nothing "
    "left open.",
    examples=[
        Example(
            "{{ body | markdown }}",
            {"body": "# Why\n*fast* ![logo](https://x.example/l.png)<!-- x -->"},
            "**Why**\n*fast* [logo](https://x.example/l.png)",
        ),
        Example("{{ body | markdown(22) }}", {"body": "```\none two three four five\n```"}, "```\none two three…\n```"),
        Example(
            '{{ body | markdown(500, url, "/-/blob/HEAD/") }}',
            {"body": "[log](/uploads/9a/log.txt), [guide](docs/a.md)", "url": "https://gitlab.example/acme/api"},
            "[log](https://gitlab.example/acme/api/uploads/9a/log.txt), "
            "[guide](https://gitlab.example/acme/api/-/blob/HEAD/docs/a.md)",
        ),
        Example(
            "{{ body | markdown }}",
            {"body": "<b>Fast</b> start, see <a href='https://x.example/7'>#7</a>"},
            "**Fast** start, see [#7](https://x.example/7)",
        ),
    ],
)
def markdown(value: JSON, limit: Number = 16_000, base: JSON = "", files: JSON = "") -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    return Markup(tidy(text_of(value), count_of(limit, 16_000), _base(base, files)))


def _base(project: JSON, files: JSON) -> str:
    """The base URL of a project's texts; "" without its address."""
    if not isinstance(project, str) or not project:
        return ""
    return project.rstrip("/") + files if files and isinstance(files, str) else project
