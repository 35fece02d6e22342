"""What to do about a line that is no YAML: nearly always an expression that has to stand in quotes does not."""

import re
from typing import Final

_LONGEST: Final = 80
"""Characters of the longest line that a remedy repeats."""

_ENTRY = re.compile(r"(?P<front>[\s-]*(?:[\w.?-]+:[ \t]+)?)(?P<value>\S.*)")
_BEGUN = re.compile(r"""(?P<quote>['"])(?P<text>[^'"]*)(?P=quote)(?P<more>\s*[^\s,}\]#].*)""")
"""A quoted text at the beginning of a value, and something behind it: `'a' if b else 'c'`, `"{{ a }}": b`."""
_KEY = re.compile(r"(?:^|[{,\s-])(?P<key>[@`%][\w-]+\??)(?=:(?:\s|$))")
"""A key that begins with a sign which YAML keeps for itself: `@id: text`."""
_SIGNS: Final = "@`%*&!-?"
"""Signs with a meaning of their own at the beginning of a value."""

CORRECT: Final = "correct the YAML there"
_QUOTE: Final = "put the expression in quotes"


def remedy(text: str, line: int) -> str:
    """What to do about a line (from 1) of a text at which the YAML parser gave up."""
    lines = text.splitlines()
    found = _ENTRY.fullmatch(lines[line - 1]) if 0 < line <= len(lines) else None
    if found is None:
        return CORRECT
    front, value = found["front"], found["value"].rstrip()
    if "\t" in front:
        return "indent with spaces, not with tabs"
    if named := _KEY.search(value):
        return f'put the key in quotes: "{named["key"]}": ...'
    if value[0] in "{[" and value[:2] not in ("{{", "{%"):
        return f'{_QUOTE}: "{{{{ ... }}}}"' if _is_bare(value) else CORRECT
    if value[0] in "|>":
        return f"begin the text on the next line, or put it in quotes: {_quoted(front, value[1:].strip())}"
    if value[0] in "'\"":
        return _half_quoted(front, value)
    if "{{" in value or "{%" in value:
        return f"{_QUOTE}: {_quoted(front, value)}"
    if value[0] == "*":
        return f"`*` repeats what `&` has named before; for a text, put the text in quotes: {_quoted(front, value)}"
    return f"put the text in quotes: {_quoted(front, value)}" if ": " in value or value[0] in _SIGNS else CORRECT


def _half_quoted(front: str, value: str) -> str:
    """Of a value that goes on behind its quotes: a template that ends too early, or an expression that begins so."""
    begun = _BEGUN.fullmatch(value)
    if begun is None:
        return CORRECT
    whole = begun["text"] + begun["more"] if "{{" in begun["text"] else f"{{{{ {value} }}}}"
    return f"{_QUOTE}, all of it: {_quoted(front, whole)}"


def _is_bare(value: str) -> bool:
    """Whether a template stands in a list or object of one line without quotes."""
    return "{{" in re.sub(r"""'[^']*'|"[^"]*\"""", "", value) or bool(_BEGUN.search(value))


def _quoted(front: str, value: str) -> str:
    """The line with its value in quotes; one that is too long, or may be a secret, by its form only."""
    if len(value) > _LONGEST or "secret" in front:
        return f'{front.strip()} "..."'
    if '"' not in value and "\\" not in value:
        return f'{front.strip()} "{value}"'.strip()
    doubled = value.replace("'", "''")
    return f"{front.strip()} '{doubled}'".strip()
