"""Links of third-party Markdown: what they lead to, and what of them stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions.links import linked
from tests.cost import seconds_of

PARSER = MarkdownIt("commonmark")
X = "https://x.example"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"[a]({X}/b) ![c]({X}/d 'title')", f"[a]({X}/b) [c]({X}/d)"),
        (f"[![build]({X}/i.svg)]({X}/ci)", f"[build]({X}/ci)"),
        (f"[![a](i.png) b ![c]({X}/i)]({X})", f"[a b c]({X})"),
        (f"[![a]({X}/i)](rel)", f"[a]({X}/i)"),
        ("[a](rel) ![b](rel) [c](<a b> 'x') [d](/a b) [e](\n/f\n)", "a b c d e"),
        ("[a](javascript:alert(1)) [b](data:x,y) [c](//x.example)", "a b c"),
        (f"[a [b] c]({X}/(d)) [`]`]({X})", f"[a [b] c]({X}/%28d%29) [`]`]({X})"),
        (f"[]({X}/e) ![]({X}/f) ![](rel)", f"[{X}/e]({X}/e) [image]({X}/f) image"),
        (f"[a](<{X}/b> =500x20) [m](mailto:a@x.example)", f"[a]({X}/b) [m](mailto:a@x.example)"),
        (f"[a]({X}/b?c=1&amp;d=2) \\[e](rel)", f"[a]({X}/b?c=1&d=2) \\[e](rel)"),
        ("`[a](rel)` [b\n\nc](rel) [d] [e][f]", "`[a](rel)` [b\n\nc](rel) [d] [e][f]"),
        (f"<{X}/a*b>, {X}/c*d", f"{X}/a%2Ab, {X}/c%2Ad"),
        ("](a ![b](c)) ![d](e)", "](a b) d"),
        ("    ```\n[a](rel)\n\n![b](c)", "    ```\na\n\nb"),
    ],
)
def test_links(source: str, expected: str) -> None:
    """Absolute web and mail addresses are linked to, a badge once; images and other addresses leave their labels."""
    assert linked(source, "") == expected


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("a.md", f"{X}/docs/a.md"),
        ("../a", f"{X}/a"),
        ("/a", f"{X}/a"),
        ("?b", f"{X}/docs/page?b"),
        ("#c", f"{X}/docs/page#c"),
        ("//y.example/d", "https://y.example/d"),
    ],
)
def test_addresses_are_resolved(to: str, expected: str) -> None:
    """As RFC 3986 does it."""
    assert linked(f"[x]({to})", f"{X}/docs/page") == f"[x]({expected})"


@settings(max_examples=400, deadline=None)
@given(st.text(st.sampled_from("[]()!\\`a /\n<>\"'#"), max_size=40))
def test_no_address_stays_relative(source: str) -> None:
    """Whatever brackets stand around it: in Mattermost it would lead to Mattermost."""
    for block in PARSER.parse(linked(source, "")):
        for token in block.children or ():
            assert token.type != "image"
            assert token.type != "link_open" or ":" in str(token.attrs["href"])


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "](a",
        "[a](",
        "[![a](b)](c)",
        "](((",
        "](" + "a" * 1000,
        "[a](b" + " " * 1900 + "c)",
        "\\",
        "[`",
        "<https://x|",
    ],
)
def test_time_is_linear(unit: str) -> None:
    """Brackets that are never closed are looked at once."""
    assert seconds_of(lambda: linked(unit * (100_000 // len(unit)), "")) < 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"!![a]({X}/a)", f"!\u200b[a]({X}/a)"),
        (f"![[a]({X}/a)](rel)", f"[a]({X}/a)"),
        (f"[!](rel)![a]({X}/a)", f"!\u200b[a]({X}/a)"),
        ("[" * 20 + f"![a]({X}/a)", "[" * 19 + f"[!&#91;a]({X}/a)"),
    ],
)
def test_a_link_never_becomes_an_image(text: str, expected: str) -> None:
    """Not with a `!` before what was an image, and not deeper than brackets are looked at."""
    assert linked(text, "") == expected
