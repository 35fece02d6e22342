"""Textile as Redmine understands it, as Markdown, by Redmine's page "Text formatting".

The library `textile` makes HTML of it, but reads a line that begins with `#123` as the 123rd step of a list, loses some
`<pre><code>` blocks, knows no macros and no wiki links, and takes time that grows with the square of `-a -a -a`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote as percent_encode

from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.markdown import (
    LINE_BREAK,
    code_block,
    code_span,
    escape,
    link_to,
    quoted,
    without_images,
)
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, Number, function
from gateway.language.functions.thirdparty import markdown, tidy
from gateway.language.functions.weave import DEFAULT_LENGTH, MAX_DEPTH, around, source_of, weave
from gateway.mattermost.plain import unmark
from gateway.model import JSON

_OPENING = re.compile(
    r"<(?P<pre>pre)\b[^<>\n]{0,200}>(?:[ \n]{0,4}<code\b(?P<options>[^<>\n]{0,200})>)?"
    r"|<(?P<code>code)\b(?P<own>[^<>\n]{0,200})>(?=[ ]{0,4}\n)"
    r"|<(?P<notextile>notextile)>(?=[ ]{0,4}\n)"
    r"|^\{\{(?P<collapse>collapse)(?:\((?P<title>[^()\n]{0,200})\))?[ ]{0,4}$",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING: Final = {
    "pre": re.compile(r"(?:</code>)?[ \n]{0,4}</pre>", re.IGNORECASE),
    "code": re.compile(r"</code>", re.IGNORECASE),
    "notextile": re.compile(r"</notextile>", re.IGNORECASE),
    "collapse": re.compile(r"^\}\}", re.MULTILINE),
}
_LANGUAGE = re.compile(r"class=[\"'](?:language-)?([\w+#.-]{1,30})")
_LOOK: Final = r"(?:\([^()\n]{0,100}\)|\{[^{}\n]{0,100}\}|\[[^\[\]\n]{0,100}\]|[<>=()]){0,4}"
"""What may stand between a mark and its dot: classes, styles, languages, alignment, padding."""

_LINE = re.compile(
    rf"""(?:
      h[1-6]{_LOOK}\.[ ]+(?P<heading>.+)
    | (?P<block>bq|p|fn(?P<note>\d{{1,4}})){_LOOK}\.\.?[ ]+(?P<text>.+)
    | notextile\.\.?[ ]+(?P<raw>.+)
    | (?P<bullet>[*\#]{{1,8}}){_LOOK}[ ]+(?P<item>.+)
    | (?P<quote>(?:>[ ]?){{1,8}})(?P<quoted>.*)
    | (?P<rule>-{{3,}})[ ]*
    | (?P<table>table{_LOOK}\.)[ ]*
    )$""",
    re.VERBOSE,
)
_CELL = re.compile(r"((?:\[\[[^\[\]\n]{1,500}\]\]|(?<![\w@])@[^@\n]{1,4000}@(?![\w@])|[^|])*)\|")
"""A table cell and the bar behind it; bars inside of wiki links and code do not end a cell."""
_CELL_LOOK = re.compile(
    rf"(?=[_/\\(\[{{<>=^~-])(?:_|[/\\](?P<span>\d{{1,2}})|[\^~-]|{_LOOK}){{1,4}}\.(?:[ ]|$|(?<=_\.))"
)
_INLINE = re.compile(
    r"""
      <(?P<tag>code|kbd|notextile)\b[^<>\n]{0,200}>(?P<inner>[^<\n]{1,4000})</(?P=tag)>
    | (?<![\w@])@(?=\S)(?P<mono>[^@\n]{1,4000})(?<=\S)@(?![\w@])
    | "(?P<label>[^"\n]{1,1000})":(?P<url>(?:/|\#|www\.|mailto:|[a-zA-Z]{2,10}://)[^\s"<>|]{1,2000})
    | (?<![\w!])![<>=]?(?P<image>https?://[^!\s()|<>]{1,2000}|[^!\s()|<>]{1,2000}\.\w{2,5})(?:\((?P<alt>[^()\n]{0,200})\))?!
      (?::(?P<target>https?://[^\s"<>|]{1,2000}))?(?!\w)
    | (?P<bare>https?://[^\s"<>|]{1,2000})
    | !(?P<literal>\[\[|\{\{|\#\d)
    | \[\[(?P<wiki>[^\[\]\n]{1,500})\]\]
    | \{\{(?P<macro>[<>]?\w{1,40})(?:\((?P<arguments>[^()\n]{0,500})\))?\}\}
    | (?<![\w/&\#])\#(?P<issue>\d{1,9})(?!\w)
    | (?<!\S)==(?=\S)(?P<raw>[^=\n]{1,4000})(?<=\S)==(?!\S)
    | \*\*(?=\S)(?P<strong>[^*\n]{1,4000})(?<=\S)\*\*
    | (?<![\w*])\*(?=\S)(?P<bold>[^*\n]{1,4000})(?<=\S)\*(?![\w*])
    | (?<![\w_])__(?=\S)(?P<emphasis>[^_\n]{1,4000})(?<=\S)__(?![\w_])
    | (?<![\w_])_(?=\S)(?P<italic>[^_\n]{1,4000})(?<=\S)_(?![\w_])
    | (?<![\w-])-(?P<strike>[^\s\n-][^\n-]{0,4000})(?<=\S)-(?![\w-])
    | (?<![\w+])\+(?P<under>[^\s\n+][^\n+]{0,4000})(?<=\S)\+(?![\w+])
    | (?<![\w^])\^(?=\S)(?P<above>[^^\n]{1,200})(?<=\S)\^
    | (?<![\w~])~(?=\S)(?P<below>[^~\n]{1,200})(?<=\S)~
    | \?\?(?=\S)(?P<cite>[^?\n]{1,4000})\?\?
    | %(?:\{[^{}\n]{0,100}\}|\([^()\n]{0,100}\))(?P<styled>[^%\n]{1,4000})%
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MARKS: Final = {"strong": "**", "bold": "**", "emphasis": "_", "italic": "_", "strike": "~~", "cite": "_"}
_TITLE = re.compile(r"\([^()]{0,200}\)$")
_DROPPED: Final = frozenset({"toc", ">toc", "<toc", "child_pages", "last_updated_at", "last_updated_by"})
"""Macros that make what a message has no use for."""

_MAX_BLOCKS_DEPTH: Final = 3
_MAX_COLUMNS: Final = 20

_TEXTILE = re.compile(
    rf"""
      ^(?: h[1-6]{_LOOK}\.[ ]+\S | bq{_LOOK}\.[ ]+\S | p(?=[(\[{{<>=]){_LOOK}\.[ ]+\S
         | \*{{2,8}}[ ]+\S | \|_\. | \#[ ]+\S[^\n]*\n{{1,2}}(?=\#[ ]+\S) )
    | "[^"\n]{{1,1000}}":(?:/|mailto:|https?://)[^\s"]
    | (?<![\w@])@(?=\S)[^@\n]{{1,200}}(?<=\S)@(?![\w@])
    | <pre\b
    | (?<![\w!])!https?://[^!\s()]{{1,2000}}!
    """,
    re.MULTILINE | re.VERBOSE,
)
_MARKDOWN = re.compile(
    r"""
      ^(?: [ ]{0,3}(?:`{3}|~{3}) | \#{2,6}[ ]+\S | [*+-][ ]\[[ xX]\] | ={3,}[ ]*$ )
    | \]\( | `[^`\n]{1,200}` | ~~[^~\n]{1,200}~~
    """,
    re.MULTILINE | re.VERBOSE,
)


def is_textile(text: str) -> bool:
    """Whether the text has more marks that only Textile knows than marks that only Markdown knows.

    Marks of both, such as `*x*` and `- x`, tell nothing. One line `# x` is a heading of Markdown, two in a row are
    steps.
    """
    lines = text.replace("\r\n", "\n")
    found = len(_TEXTILE.findall(lines))
    return found > 0 and found > len(_MARKDOWN.findall(lines))


def to_markdown(text: str, root: str = "") -> str:
    """Textile as Markdown; issues and paths become links where `root`, the address of the Redmine, is known."""
    return without_images(_Page(root.rstrip("/")).blocks(LINE_BREAK.sub("\n", text), 0))


@dataclass(slots=True)
class _Lines:
    """The lines of a passage so far, and what the next one may belong to."""

    made: list[str] = field(default_factory=list)
    steps: list[tuple[str, int]] = field(default_factory=list)
    """The sign of the items of each level of the list under way, and how many there are."""
    in_quote: bool = False

    def add(self, line: str) -> None:
        """Add a line, and a blank one before it where Markdown would take it for a part of the block above.

        Text right below a table would be one of its rows, and right below a quote part of that; a rule right below text
        would make it a heading. Only what is no item ends a list: Markdown counts on below a blank line.
        """
        above = self.made[-1] if self.made else ""
        continues = any(above.startswith(sign) and not line.startswith(sign) for sign in ("|", "> "))
        if line and (continues or (line == "---" and above)):
            self.made.append("")
        self.made.append(line)

    def bullet(self, marks: str) -> str:
        """The indented bullet or number of a list item."""
        above, sign = len(marks) - 1, marks[-1]
        self.steps += [("", 0)] * (above + 1 - len(self.steps))
        before, count = self.steps[above]
        number = count + 1 if before == sign else 1
        self.steps[above:] = [(sign, number)]
        return "   " * above + (f"{number}. " if sign == "#" else "- ")


class _Page:
    """The conversion of one text; `root` is the address that paths and issues are under, or ""."""

    def __init__(self, root: str) -> None:
        self._root = root

    def blocks(self, text: str, depth: int) -> str:
        parts: list[str] = []
        at = 0
        for opening, end, after in _found_blocks(text) if depth < _MAX_BLOCKS_DEPTH else ():
            parts += (self._lines(text[at : opening.start()]), self._block(opening, text[opening.end() : end], depth))
            at = after
        return _joined([part.strip("\n") for part in [*parts, self._lines(text[at:])] if part.strip()])

    def _block(self, opening: re.Match[str], content: str, depth: int) -> str:
        if opening["notextile"]:
            return escape(content)
        if opening["collapse"]:
            title = escape((opening["title"] or "").split(",")[0].strip())
            return "\n".join([*([f"**{title}**"] if title else []), self.blocks(content, depth + 1)])
        language = _LANGUAGE.search(opening["options"] or opening["own"] or "")
        return code_block(content, language[1].lower() if language else "")

    def _lines(self, text: str) -> str:
        lines = _Lines()
        for line in text.strip("\n").split("\n"):
            bare = line.strip()
            if not bare:
                lines.in_quote = False
                lines.add("")
            elif bare.startswith("|") and bare.endswith("|") and len(bare) > 1:
                for row in self._row(bare, first=not (lines.made and lines.made[-1].startswith("|"))):
                    lines.made.append(row)
            else:
                self._line(bare, lines)
        return "\n".join(lines.made)

    def _line(self, line: str, lines: _Lines) -> None:
        found = _LINE.match(line)
        if found is None or not found["bullet"]:
            lines.steps = []
        if found is None:
            lines.add(("> " if lines.in_quote else "") + self._inline(line, 0))
        elif found["heading"]:
            lines.add(around("**", self._inline(found["heading"].strip(), MAX_DEPTH)))
        elif found["block"]:
            lines.in_quote = found["block"] == "bq"
            sign = "> " if lines.in_quote else f"[{found['note']}] " if found["note"] else ""
            lines.add(sign + self._inline(found["text"], 0))
        elif found["bullet"]:
            lines.add(lines.bullet(found["bullet"]) + self._inline(found["item"], 0))
        elif found["quote"]:
            lines.add(quoted("> " * (found["quote"].count(">") - 1) + self._inline(found["quoted"].strip(), 0)))
        elif found["raw"]:
            lines.add(escape(found["raw"]))
        elif found["rule"]:
            lines.add("---")

    def _row(self, line: str, *, first: bool) -> list[str]:
        """A table row; the first one gets the delimiter that Markdown needs, below a blank line."""
        cells: list[str] = []
        for cell in _CELL.findall(line[1:]):
            look = _CELL_LOOK.match(cell)
            content = cell[look.end() :] if look else cell
            cells.append(self._inline(content.strip(), 0).replace("|", "\\|"))
            span = int(look["span"]) if look and look["span"] and "\\" in look[0] else 1
            cells += [""] * min(span - 1, _MAX_COLUMNS - len(cells))
        row = "| " + " | ".join(cells) + " |"
        return ["", row, "|" + "---|" * len(cells)] if first else [row]

    def _inline(self, text: str, depth: int) -> str:
        def render(match: re.Match[str]) -> str:
            kind = match.lastgroup or ""
            match kind:
                case "inner":
                    return escape(match["inner"]) if match["tag"].lower() == "notextile" else code_span(match["inner"])
                case "mono":
                    return code_span(match["mono"])
                case "url":
                    return self._link(match["label"], match["url"], depth)
                case "image" | "alt" | "target":
                    return self._image(match)
                case "literal" | "raw" | "bare":
                    return escape(match[kind])
                case "wiki":
                    return self._wiki(match["wiki"])
                case "macro" | "arguments":
                    return _macro(match)
                case "issue":
                    return link_to(f"#{match['issue']}", self._root and f"{self._root}/issues/{match['issue']}")
            inner = self._inline(match[kind], depth + 1) if depth < MAX_DEPTH else escape(match[kind])
            return around(_MARKS.get(kind, ""), inner)

        return weave(text, _INLINE, render)

    def _link(self, label: str, found: str, depth: int) -> str:
        """A link; what ends the sentence around it is no part of its address."""
        url = found.rstrip(".,;:!?'")
        if (url.endswith(")") and url.count(")") > url.count("(")) or (url.endswith("]") and "[" not in url):
            url = url[:-1]
        behind = found[len(url) :]
        name = _TITLE.sub("", label).strip() or label
        shown = self._inline(name, depth + 1) if depth < MAX_DEPTH else escape(name)
        return link_to(shown, self._absolute(url)) + escape(behind)

    def _absolute(self, url: str) -> str:
        """The address of a link's target; "" for one within the page, and for a path on a server that is not known."""
        if url.startswith("/"):
            return self._root and self._root + url
        return f"https://{url}" if url.lower().startswith("www.") else url

    def _image(self, match: re.Match[str]) -> str:
        source = match["image"]
        label = escape((match["alt"] or "").strip() or source.rpartition("/")[2] or source)
        return link_to(label, match["target"] or self._absolute(source))

    def _wiki(self, content: str) -> str:
        """A wiki link; it has an address where it names its project."""
        place, _, label = content.partition("|")
        project, colon, page = place.rpartition(":")
        name, _, _ = page.partition("#")
        shown = escape(label.strip() or name.replace("_", " ").strip() or place)
        if not (self._root and colon and project.strip() and name.strip()):
            return shown
        path = f"{percent_encode(project.strip(), '')}/wiki/{percent_encode(name.strip().replace(' ', '_'), '')}"
        return link_to(shown, f"{self._root}/projects/{path}")


def _joined(parts: list[str]) -> str:
    """The parts below each other, with a blank line where one would become part of the quote or table above it."""
    joined = "".join(parts[:1])
    for part in parts[1:]:
        last = joined.rpartition("\n")[2]
        joined += ("\n\n" if part.startswith("|") or last.startswith((">", "|")) else "\n") + part
    return joined


def _macro(match: re.Match[str]) -> str:
    """What a macro stands for, as far as it can be told: the first of its arguments, nothing, or its text."""
    name = match["macro"].lower()
    first = (match["arguments"] or "").split(",")[0].strip()
    if name in ("include", "thumbnail") and first:
        return escape(first)
    return "" if name in _DROPPED else escape(match[0])


def _found_blocks(text: str) -> Iterator[tuple[re.Match[str], int, int]]:
    """The opening of each block, the end of its content, and the end of its closing.

    Code that is not closed reaches to the end of the text. Other blocks that are not closed are text; their closing is
    looked for once, so that the time grows with the text alone.
    """
    unclosed: set[str] = set()
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        kind = next(name for name in _CLOSING if opening[name])
        closing = None if kind in unclosed else _CLOSING[kind].search(text, opening.end())
        if closing is not None:
            at = closing.end()
            yield opening, closing.start(), at
        elif kind == "pre":
            yield opening, len(text), len(text)
            return
        else:
            unclosed.add(kind)
            at = opening.end()


def _plain(value: JSON, limit: Number = DEFAULT_LENGTH, root: JSON = "") -> JSON:
    """Textile in plain-text keys."""
    return unmark(textile(value, limit, root))


@function(
    plain=_plain,
    doc="Textile, Redmine's older text formatting, as Markdown: headings, emphasis, links, images, lists, tables, "
    "quotes, code and macros. `limit` limits the source; `root` is the address of the Redmine, for links to issues and "
    "paths.",
    examples=[
        Example(
            "{{ text | textile }}",
            {"text": 'h2. Steps\n# open "the page":https://x.example/a\n# press @a_b@'},
            "**Steps**\n1. open [the page](https://x.example/a)\n2. press `a_b`",
        ),
        Example(
            "{{ text | textile(400, site) }}",
            {"text": "*Same* as #12", "site": "https://redmine.example"},
            "**Same** as [#12](https://redmine.example/issues/12)",
        ),
    ],
)
def textile(value: JSON, limit: Number = DEFAULT_LENGTH, root: JSON = "") -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    return Markup(to_markdown(source_of(value, limit), text_of(root)))


def _plain_of_either(value: JSON, limit: Number = DEFAULT_LENGTH, written_in: JSON = "", root: JSON = "") -> JSON:
    """`textile_or_markdown` in plain-text keys."""
    return unmark(textile_or_markdown(value, limit, written_in, root))


@function(
    plain=_plain_of_either,
    doc="A text of a server that knows Textile and Markdown, as Redmine does: `written_in` says which of them "
    'it is ("textile" or "markdown"); without it, the marks in the text do. `limit` and `root` as for `textile`.',
    examples=[
        Example("{{ text | textile_or_markdown }}", {"text": "h2. Why\n*slow*"}, "**Why**\n**slow**"),
        Example("{{ text | textile_or_markdown }}", {"text": "## Why\n*slow*"}, "**Why**\n*slow*"),
        Example('{{ text | textile_or_markdown(400, "textile") }}', {"text": "*slow*"}, "**slow**"),
    ],
)
def textile_or_markdown(value: JSON, limit: Number = DEFAULT_LENGTH, written_in: JSON = "", root: JSON = "") -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    known = text_of(written_in).strip().lower()
    if known == "textile" or (known != "markdown" and is_textile(text_of(value))):
        return textile(value, limit, root)
    if known == "markdown":  # lines that begin with # are headings then, even one under the other
        return Markup(tidy(text_of(value), count_of(limit, DEFAULT_LENGTH), steps=False))
    return markdown(value, limit)
