"""Values that have broken gateways: texts in every markup that templates read, and JSON that is odd, or none."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, Final

JSON = Any

MARKS: Final = tuple(
    (
        "* _ ` ~ # > | < [ ] ( ) ! \\ & @ : = + - {code} {quote} {panel} {color:red} {{ }} ?? h1. bq. || ``` ~~~ ** "
        "__ ~~ <b> </b> <a href= <p> <pre> <li> <td> <!-- --> <![CDATA[ ]]> &lt; &#64; &commat; &#x40; <!channel> "
        "<!here> <@U1> <#C1|x> <!date^1^{date}|x> <!subteam^S1|@all> @all @channel @here ~town-square :smile: "
        ":+1: http:// www. https://x.example/ ftp:// mailto:a@b.example javascript: \u200b \u202e \u2028 "
        "\x7f \x1b[31m \r \n \r\n \t \0 \ufeff \ud800 \udfff {% if %} {% raw %} ${x} %s %n ' \" ; -- /* \U0001f4a5 "
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301 \ufe0f ﷽ ß İ ǰ "
        "[x](http://y) ![x](http://y) <http://x|y> [x|http://y] [~ada] ^a^ *b* _i_ "
        "!http://x/y.png! -s- +u+ 2026-03-02T10:20:30Z"
    ).split(" ")
)
"""Pieces of Markdown, HTML, mrkdwn, Jira's wiki, mentions, URLs, controls, and characters that are hard to cut."""

TEXTS: Final = (
    "", " ", "\n", "null", "None", "true", "0", "-0", "1e999", "NaN", "0x10", "../../etc/passwd", "\0", "\ud800",
    "\ufffe", "https://" + "a" * 300 + ".example/", "https://[::1", "https://user:pa ss@h:99999/%zz",
    "http://x/" + "%41" * 700, "//", "https://@@@/", "data:text/html,<script>", "refs/heads/" + "f/" * 200,
    "refs/tags/", "0" * 40, "g" * 40, "#12345", "#zzz", "good", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:60Z", "1e18", "-1", "P1Y", "@channel", "<!channel>", "<a href='x'>" * 50, "<div>" * 300,
    "<!DOCTYPE x [<!ENTITY y 'z'>]>", "]]>", "-->", "<script>", "[" * 500, "]" * 500, "(" * 500, "`" * 300, "*" * 500,
    "_" * 500, "~" * 500, ">" * 300, "|" * 300, "\\" * 300, "&" * 300, "{" * 300, "!" * 300, ":a" * 200, "@a" * 200,
    "{code}" * 51, "{quote}" * 51, "[a|" * 200, "<a|" * 200, "![[" * 200, "https://" * 100, "www." * 100, "a@" * 200,
    "&#64" * 100, "```\n" * 50, "> " * 200 + "x", "- " * 200, "1. " * 200, "\t" * 200, "\r" * 300, "\u200b" * 300,
    "e" + "\u0301" * 500, "\U0001f468\u200d" * 200, "|a|b|\n" * 60, "||h||\n" * 30, "x" * 63, "x" * 64, "x" * 65,
    "W" * 4001, "W " * 2000, "\n" * 3000,
)  # fmt: skip
"""Whole texts: each was chosen for one function that reads text."""

SCALARS: Final = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 5e-324, 2**31, 2**53 + 1, 2**63 - 1, 2**64 - 1, -(2**63), 10**18, "",
    [], {}, [[]], [{}], {"": ""}, [None], {"a": None}, [0] * 50, [""] * 50, {"type": "doc"}, {"text": []},
    {"name": {"name": {}}},
)  # fmt: skip

RAW: Final = (
    b"1e999", b"-1e999", b"9" * 400, b"-" + b"9" * 20, b"0." + b"1" * 500, b"1E+2", b"NaN", b"Infinity", b"-", b"01",
    b"nul", b"'x'", b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\\x"',
    b'"a\nb"', b'"', b"", b"{", b"]", b"/**/1", b'{"a":1,"a":2}', b'{"":1,"":{}}', b"[1,]", b'{"a":1,}',
    b'{"__proto__":{"a":1}}', b'{"$ref":"#"}', b"[" * 63 + b"]" * 63, b"[" * 70 + b"]" * 70, b"[" * 1100 + b"]" * 1100,
    b"[" * 20000, b'{"a":' * 500 + b"1" + b"}" * 500, b"\xef\xbb\xbf1", b"\x00",
)  # fmt: skip
"""Tokens in the place of a value, for what no JSON encoder writes."""

_NODES: Final = (
    "doc paragraph heading bulletList orderedList listItem taskList taskItem codeBlock blockquote panel table tableRow "
    "tableCell expand text mention emoji date inlineCard mediaSingle media rule hardBreak section context actions "
    "divider header image video rich_text rich_text_section rich_text_list rich_text_quote rich_text_preformatted "
    "mrkdwn plain_text button overflow markdown file card zz"
).split()


_TAGS: Final = (
    "p div span br b i a code pre kbd ul ol li table tr td th blockquote h1 h3 img del sub script style svg head hr q"
).split()
_ATTRIBUTES: Final = ("", "", " href='https://x.example/a b'", ' src="//x" alt="]("', " a=b c", " href=javascript:x")


def html(rng: Random) -> str:
    """HTML: elements within each other, some of them left open, some with attributes."""
    pieces = []
    for _ in range(rng.randrange(1, 30)):
        tag = rng.choice(_TAGS)
        attribute = rng.choice(_ATTRIBUTES)
        pieces.append(rng.choice((f"<{tag}{attribute}>", f"</{tag}>", rng.choice(MARKS), "word", "<", "&lt;", "\n")))
    return "".join(pieces)


def text(rng: Random) -> str:
    """A text that is hard for somebody: one of the list, HTML, or pieces in a row, now and then a long one."""
    dice = rng.random()
    if dice < 0.45:
        return rng.choice(TEXTS) if dice < 0.35 else html(rng)
    pieces = rng.choices(MARKS, k=rng.randrange(1, 12))
    word = rng.choice(("", " ", "a", "x y", "\n"))
    one = word.join(pieces)
    dice = rng.random()
    if dice < 0.01:
        return one * (rng.randrange(200_000, 1_000_000) // max(1, len(one)))
    return one * rng.choice((50, 500, 3000)) if dice < 0.06 else one


def tree(rng: Random, left: int = 12, depth: int = 0) -> JSON:
    """A document as Atlassian and Slack write them: nodes with types, marks, attributes and content, all odd."""
    node: dict[str, JSON] = {"type": rng.choice(_NODES)}
    if rng.random() < 0.6:
        node["text"] = text(rng)[:2000] if rng.random() < 0.7 else {"type": "mrkdwn", "text": text(rng)[:2000]}
    if rng.random() < 0.3:
        node["attrs"] = {
            key: text(rng)[:300]
            for key in rng.sample(("url", "level", "language", "id", "text", "state", "timestamp"), 2)
        }
    if rng.random() < 0.3:
        node["marks"] = [
            {"type": rng.choice(("strong", "em", "code", "link", "strike", 7))} for _ in range(rng.randrange(4))
        ]
    if left > 1 and depth < 40 and rng.random() < 0.8:
        key = rng.choice(("content", "elements", "blocks", "fields", "rows"))
        count = rng.randrange(1, 4)
        node[key] = [tree(rng, left // count, depth + 1) for _ in range(count)]
    return node


def value(rng: Random) -> JSON:
    """Any JSON value that an encoder can write."""
    make: Callable[[Random], JSON] = rng.choices((text, _scalar, tree, _large), (5, 4, 2, 0.4))[0]
    return make(rng)


def _scalar(rng: Random) -> JSON:
    """One of the odd values; a copy, since it may be changed further."""
    return deepcopy(rng.choice(SCALARS))


def _large(rng: Random) -> JSON:
    """Much of the same: a long array, an object of many keys, a deep one."""
    count = rng.choice((100, 1000, 5000))
    kind = rng.randrange(4)
    if kind == 0:
        return [_scalar(rng)] * count
    if kind == 1:
        return {f"k{number}": rng.choice(MARKS) for number in range(count)}
    if kind == 2:
        return [{"name": text(rng)[:50], "title": "t", "url": "https://x.example"}] * count
    deep: JSON = "bottom"
    for number in range(rng.choice((20, 62, 64, 200))):
        deep = [deep] if number % 2 else {"a": deep}
    return deep
