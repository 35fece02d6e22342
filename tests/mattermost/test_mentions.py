"""Third-party text notifies nobody, and stays what it was for every reader."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mattermost.mentions import announce, harmless, restore, silent

Z = "\u200b"

# Words that Mattermost's own splitting of a text makes, and the mention in one.
_WORD = re.compile(r"[\w:.\-@]+")
_FRAGMENTS = ["@all", "@channel", "@joe", "<!here>", "<!all>", "<@abc>", "<a|b>", "&#64;", "&commat;", "~town", ":cat:"]
_GLUE = [
    " ",
    "",
    ".",
    "-",
    "_",
    ":",
    "x",
    "\n",
    "`",
    "*",
    "\\",
    "|",
    "<",
    ">",
    "/",
    "https://h/",
    "www.x",
    "a@b.c",
    "é",
]
soup = st.lists(st.sampled_from(_FRAGMENTS + _GLUE), max_size=14).map("".join)


def _is_mention(word: str) -> bool:
    """Tell whether the server would look up a name in this word."""
    parts = [word.lstrip(":.-_"), *re.split(r"[.\-:]", word)]
    return any(re.match(r"@[A-Za-z0-9_]", part) for part in parts)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ask @joe now", f"ask @{Z}joe now"),
        ("@channel", f"@{Z}channel"),
        ("a.@all", f"a.@{Z}all"),
        ("_@all_", f"_@{Z}all_"),
        ("&#64;all", f"&#64;{Z}all"),
        ("&#x40;all", f"&#x40;{Z}all"),
        ("<@U123>", f"<@{Z}U123>"),
        ("see ~town-square", f"see ~{Z}town-square"),
        ("std :cat: and :+1:", f"std :{Z}cat: and :{Z}+1:"),
        ("a:cat:b :ours: urn:ours:", f"a:{Z}cat:b :{Z}ours: urn:ours:"),
        ("https://h.example/@joe/x", "https://h.example/@%6Aoe/x"),
        ("www.h.example/@joe", "www.h.example/@%6Aoe"),
    ],
)
def test_what_would_act_is_made_inert(raw, expected):
    """Mentions, conversions, channel links and emoji stay visible and do nothing."""
    assert harmless(raw) == expected
    assert restore(expected) == raw


@pytest.mark.parametrize(
    "text",
    [
        "joe@example.com and foo_@example.com",
        "at 12:30:45 in 2026",
        "arn:aws:sns:eu-west-1:123456789012:alarms and urn:isbn:0451450523",
        "arn:aws:iam::123456789012:role/admin",
        "| a | b |\n|:-:|---|",
        "~~~python\nx\n~~~",
        "lodash@4.17.21 ~1.2.3 ~/bin",
        "if a < b or c > d",
        "https://h.example/a?b=1&c=:x:#y~z",
        "mailto:joe@example.com",
        "https://user:pw@h.example/path",
        "@@ -1,2 +3,4 @@",
        "<!here> <https://x.example|click> `sort < in | uniq > out`",
    ],
)
def test_what_does_nothing_is_untouched(text):
    """Addresses, times, tables, fences, versions and URLs are left alone."""
    assert harmless(text) == text


def test_authors_keep_links_and_emoji():
    """`silent` stops notifications only."""
    assert silent("<!here> :cat: ~town <u|l> @joe") == f"<!here> :cat: ~town <u|l> @{Z}joe"


@given(soup)
def test_harmless_is_idempotent_and_undone_by_restore(text):
    """Twice is once, and `restore` gives back every text without such characters of its own."""
    once = harmless(text)
    assert harmless(once) == once
    assert restore(once) == text
    assert restore(silent(text)) == text
    assert silent(once) == once


@given(soup)
def test_no_mention_survives(text):
    """No word of the text, split as the server splits it, is a mention."""
    decoded = harmless(text).replace("&#64;", "@").replace("&commat;", "@")
    assert not [word for word in _WORD.findall(decoded) if _is_mention(word)]


@pytest.mark.parametrize(
    "text", ["<" * 200_000, ":" + "a" * 200_000, "<a|" * 70_000 + ">", "_" * 200_000, "&#0" * 70_000]
)
def test_hostile_texts_cost_linear_time(text):
    """Texts made to trip a backtracking matcher are done in a moment."""
    assert len(harmless(text)) >= len(text)


def test_a_sigil_spelt_inside_a_url_does_nothing():
    """A character reference for `@` mentions nobody inside a URL either."""
    assert harmless("https://h.example/&#64;joe") == f"https://h.example/&#64;{Z}joe"
    assert restore(harmless("https://h.example/&#64;joe")) == "https://h.example/&#64;joe"


def test_announcements_in_slacks_notation():
    """Where mentions may notify, they are Mattermost's, also those that were escaped; nothing else is."""
    assert announce(f"<!here> <{Z}!all> `<!channel>` <!everyone> !here") == "@here @all `@channel` <!everyone> !here"
