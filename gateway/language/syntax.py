"""Why the engine does not read a template, in the words of its author: what is missing or odd there, and where.

Asked only of a template that the engine refuses, so nothing here decides what is valid.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.language.lint import TAGS, Code, Token, Unusable

_ENDS: Final = {"if": "endif", "for": "endfor", "set": "endset"}
_WITHIN: Final = {"else": ("if", "for"), "elif": ("if",)}
"""The tags inside of others, and of which."""
_WORDS: Final = frozenset("if elif else for in set and or not is".split())
_LACKING: Final = {"|": "a function", "is": "a test", ".": "a key"}
"""What is missing behind a sign that ends an expression; a value behind the others."""
_OPEN: Final = frozenset("| . + - / % < > = , is if elif in and or not".split())
"""What no expression ends with."""
_KNOWN: Final = frozenset("+-/%.,:|()[]{}<>=!")
_MEANT: Final = {"&": "`and` is the word for it", "!": "`not` is the word for it", "?": "write `a if condition else b`"}
_END_OF_INPUT: Final = "unexpected end of input"


def unusable(code: Code, detail: str, at: int) -> Unusable:
    """The error of a template that the engine refuses with `detail`, in the line that begins at offset `at`."""
    for part in _parts(code):
        if found := _of_part(part):
            return found
    if found := _of_blocks(code):
        return found
    if detail.startswith(_END_OF_INPUT) and code:
        last = next(token for token in reversed(code) if token.kind == "opening")
        return Unusable(f"`{last.text}` has no end: `{_closing(last)}` is missing", last.at)
    if "`=`" in detail:
        return Unusable("`=` gives an argument its value; what compares is `==`", at)
    return Unusable(detail, at)


def _closing(opening: Token) -> str:
    return "}}" if opening.text == "{{" else "%}"


def _parts(code: Code) -> Iterator[Sequence[Token]]:
    """The tokens of each expression and tag, its opening first."""
    starts = [index for index, token in enumerate(code) if token.kind == "opening"]
    for start, end in zip(starts, [*starts[1:], len(code)], strict=False):
        yield code[start:end]


def _of_part(part: Sequence[Token]) -> Unusable | None:
    """What is odd within one expression or tag, by itself."""
    for index in range(1, len(part)):
        before, token, after = part[index - 1], part[index], part[index + 1 : index + 2]
        if token.kind == "sign" and (token.text not in _KNOWN or (token.text == "!" and not _is_sign(after, "="))):
            return Unusable(_of_sign(part, index), token.at)
        if _is_value(before) and _is_value(token):
            return Unusable(f"between `{before.text}` and `{token.text}` an operator is missing", token.at)
    last, tag = part[-1], part[1].text if part[0].text == "{%" and len(part) > 1 else ""
    if len(part) == 1:
        return Unusable(f"nothing stands between `{last.text}` and `{_closing(last)}`", last.at)
    if last.text in _OPEN or (last.text == "else" and tag != "else"):
        return Unusable(f"behind `{last.text}`, {_LACKING.get(last.text, 'a value')} is missing", last.at)
    return None


def _is_sign(after: Sequence[Token], text: str) -> bool:
    return bool(after) and after[0].text == text


def _is_value(token: Token) -> bool:
    return token.kind in {"string", "number"} or (token.kind == "name" and token.text not in _WORDS | TAGS)


def _of_sign(part: Sequence[Token], index: int) -> str:
    """What to write instead of a character that no expression has."""
    sign = part[index].text
    if sign in "'\"":
        return f"the text that {sign} begins has no end"
    if sign in _MEANT:
        return f"`{sign}` is no operator; {_MEANT[sign]}"
    if index + 1 < len(part) and part[index + 1].kind == "name" and part[index + 1].at == part[index].at + 1:
        key = sign + part[index + 1].text
        return f"a key that begins with `{sign}` stands in brackets: write {_before(part, index)}['{key}']"
    return f"`{sign}` has no meaning here"


def _before(part: Sequence[Token], index: int) -> str:
    """The path that stands before a key, as it is written; that of the payload where none does."""
    if part[index - 1].text != ".":
        return "payload"
    start = index - 1
    while part[start - 1].text == "." or (part[start - 1].kind == "name" and part[start - 1].text not in _WORDS):
        start -= 1
    return "".join(token.text for token in part[start : index - 1])


def _of_blocks(code: Code) -> Unusable | None:
    """A tag without its end, or an end without its tag."""
    open_: list[Token] = []
    for part in _parts(code):
        tag = part[1]
        if part[0].text != "{%":
            continue
        inner = open_[-1].text if open_ else ""
        if tag.text in ("if", "for") or (tag.text == "set" and not any(token.text == "=" for token in part)):
            open_.append(tag)
        elif tag.text in _WITHIN:
            if inner not in _WITHIN[tag.text]:
                return Unusable(f"`{{% {tag.text} %}}` stands in no `{{% if %}}`", tag.at)
        elif tag.text in _ENDS.values():
            if not open_:
                return Unusable(f"`{{% {tag.text} %}}` ends nothing", tag.at)
            if tag.text != _ENDS[inner]:
                return Unusable(f"before `{{% {tag.text} %}}`, `{{% {_ENDS[inner]} %}}` is missing", tag.at)
            open_.pop()
    if not open_:
        return None
    last = open_[-1]
    return Unusable(f"`{{% {_ENDS[last.text]} %}}` is missing: `{{% {last.text} %}}` has no end", last.at)
