"""Markdown with its marks taken off, for keys that Mattermost shows as plain text."""

import re

_FENCED = re.compile(
    r"^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*(?:\n|\Z)(?P<content>.*?)(?:^[ ]{0,3}(?P=fence)[`~]*[ ]*(?:\n|\Z)|\Z)",
    re.MULTILINE | re.DOTALL,
)
_LINE_MARK = re.compile(r"^[ ]{0,3}(?:#{1,6}[ ]+|(?:>[ ]?)+)", re.MULTILINE)
_SPAN = re.compile(
    r"""
      \\(?P<escaped>[!-/:-@\[-`{-~])
    | !?\[(?P<label>(?:[^\[\]\\\n]|\\.|\[[^\[\]\n]{0,500}\]){0,300})\]\([^()\s]{0,4000}\)
    | (?P<ticks>(?<!`)`{1,9}(?!`))(?P<code>[^\n]{0,4000}?)(?<!`)(?P=ticks)(?!`)
    | (?P<mark>\*{1,3}|~~|(?<![A-Za-z0-9])_{1,3}|_{1,3}(?![A-Za-z0-9]))
    | (?P<entity>&(?:lt|\#91|\#93);)
    | (?P<invisible>\u200b)
    """,
    re.VERBOSE,
)
_ENTITIES = {"&lt;": "<", "&#91;": "[", "&#93;": "]"}


def _strip_mark(match: re.Match[str]) -> str:
    match match.lastgroup:
        case "escaped":
            return match["escaped"]
        case "label":
            return _SPAN.sub(_strip_mark, match["label"])
        case "code":
            return match["code"].strip()
        case "entity":
            return _ENTITIES[match["entity"]]
    return ""


def unmark(markdown: str) -> str:
    """The words of Markdown that this package makes: links become their labels, fences, quotes and emphasis go."""
    parts: list[str] = []
    at = 0
    for block in _FENCED.finditer(markdown):
        parts += _words(markdown[at : block.start()]), block["content"].replace("\u200b", "")
        at = block.end()
    return "".join([*parts, _words(markdown[at:])]).strip()


def _words(markdown: str) -> str:
    """The words of Markdown without fences."""
    return _SPAN.sub(_strip_mark, _LINE_MARK.sub("", markdown))
