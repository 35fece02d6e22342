"""Values made fit to send: what is usable stays, what can be repaired is, and the rest is absent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mattermost import clean

ANY = st.text() | st.text(st.sampled_from("ab \t\r\n\x00\x07\x0b\ud800\udc00\u200b\U0001f600"), max_size=12)
PARTS = """http HTTPS :// x.example @ : 80 /a ?b=c # % %zz %41 é [::1] " < |""".split()
ADDRESSES = st.lists(st.sampled_from([*PARTS, " ", "\n", "\ud800"]), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\r\nb\rc", "a\nb\nc"), ("a\x00\x1bb", "ab"), ("\ud83d\ude00", "\U0001f600"), ("a\ud800b", "a\ufffdb"),
        ("a\tb\n", "a\tb\n"), (" \n\t", None), ("\x00\x07", None), ("", None), (None, None), ("\u00a0", None),
        (" a ", " a "),
    ],
)  # fmt: skip
def test_text(value, text):
    """Line ends become LF, halves of pairs are joined or replaced, what cannot be seen is no text."""
    assert clean.text(value) == text


@given(ANY)
def test_clean_text_is_clean(value):
    """The result can be encoded, has something to see, no controls, and is its own result."""
    found = clean.text(value)
    if found is not None:
        assert found.encode()
        assert found.strip()
        assert all(character in "\n\t" or ord(character) >= 32 for character in found)
        assert clean.text(found) == found


@given(ANY, st.integers(1, 20))
def test_a_line_is_one_and_short(value, limit):
    """However many lines came, one comes out, within the limit."""
    found = clean.line(value, limit)
    assert found is None or (0 < len(found) <= limit and "\n" not in found and "\t" not in found)


def test_cuts_show():
    """What is cut ends with an ellipsis, without the space before it; what fits is whole."""
    assert clean.cut("one two", 5) == "one\u2026"
    assert clean.cut("one two", 7) == "one two"
    assert clean.cut("one", 1) == "\u2026"
    assert clean.line("one\n two", 20) == "one two"


@pytest.mark.parametrize(
    ("value", "color"),
    [
        ("good", "good"), (" Warning ", "warning"), ("#36a64f", "#36a64f"), ("#36A64F", "#36A64F"),
        ("36a64f", "#36a64f"), ("#AbC", "#aabbcc"), ("abc", "#aabbcc"),
        ("#12345", None), ("#1234567", None), ("red", None), ("", None),
        (None, None), ("#36a64f\n", "#36a64f"), ("#ggg", None),
    ],
)  # fmt: skip
def test_colors(value, color):
    """Names in any case and hex of three or six digits, with or without its mark."""
    assert clean.color(value) == color


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://x.example", "https://x.example"), ("https://x.example:8443/a?b#c", "https://x.example:8443/a?b#c"),
        (" HTTP://x.example/a b ", "http://x.example/a%20b"), ("https://x.example/%zz%41%", "https://x.example/%25zz%41%25"),
        ("https://[::1]/x", "https://[::1]/x"), ("https://a:b@x.example", "https://a:b@x.example"),
        ("https://x.example:port", None), ("https://x_y.example/ü", "https://x_y.example/ü"), ("https://", None),
        ("https:///a", None), ("//x.example", None), ("ftp://x.example", None), ("javascript:alert(1)", None),
        ("https://x.example/a\nb", None), ("https://x.example/<b>", None), ("https://x|y.example", None),
        ("https://%41.example", None), ("", None), (None, None), ("\x00", None),
        ("https://x.example/" + "a" * 2031, None),
        ("https://x.example/" + "é" * 1015, "https://x.example/" + "é" * 1015),
        ("https://x.example/" + "é" * 1016, None),
    ],
)  # fmt: skip
def test_addresses(value, address):
    """Http and https with a host, within so many bytes; spaces and stray percent signs are repaired."""
    assert clean.web_address(value) == address


@given(ADDRESSES)
def test_a_repaired_address_needs_no_more_repair(value):
    """What comes out is an address, of bounded length, and its own result."""
    found = clean.web_address(value, 40)
    if found is not None:
        assert clean.is_web_address(found, 40)
        assert len(found.encode()) <= 40
        assert clean.web_address(found, 40) == found


@pytest.mark.parametrize(
    ("value", "name"),
    [(":tada:", "tada"), ("+1", "+1"), (" :white_check_mark: ", "white_check_mark"), ("a b", None), ("::", None),
     ("é", None), ("a" * 65, None), (":a:b:", None), ("", None), (None, None)],
)  # fmt: skip
def test_emoji(value, name):
    """A name with or without its colons."""
    assert clean.emoji(value) == name
