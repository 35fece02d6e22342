"""What a body is, by its declared type and by its look; charsets become UTF-8."""

import pytest

from gateway.decode.look import declared_kind, guesses, media_type, recode_to_utf8


def test_the_media_type_has_no_parameters():
    """Case, blanks and parameters do not count."""
    assert media_type(" Application/JSON ; charset=x") == "application/json"


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ("application/json", "json"), ("application/vnd.x+json", "json"), ("text/xml", "xml"), ("a/b+xml", "xml"),
        ("application/x-www-form-urlencoded", "form"), ("multipart/form-data", "multipart"),
        ("text/plain", ""), ("", ""),
    ],
)  # fmt: skip
def test_declared_kinds(media, kind):
    """A media type declares one kind or none."""
    assert declared_kind(media) == kind


@pytest.mark.parametrize(
    ("media", "body", "kinds"),
    [
        ("application/x-www-form-urlencoded", b'{"a": 1}', ["json", "form"]),
        ("application/xml", b"{", ["xml", "json"]),
        ("", b"\xef\xbb\xbf <a/>", ["xml"]),
        ("text/html", b"<a/>", []),
        ("", b'--x\r\nContent-Disposition: form-data; name="a"', ["multipart"]),
        ("", b"a=1&b=2", ["form"]),
        ("text/plain", b"a=1", []),
        ("text/plain", b"payload={", ["form"]),
        ("application/json", b"'payload=[", ["json", "form"]),
        ("", b"words", []),
    ],
)
def test_guesses(media, body, kinds):
    """The declared kind goes first, except that what begins like JSON is rarely a form."""
    assert list(guesses(media, body)) == kinds


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-16", "utf-16-le", "shift_jis", "koi8-r"])
def test_charsets_become_utf_8(charset):
    """Also of bodies that are decoded in many pieces."""
    text = "Disk full " * 20_000
    assert recode_to_utf8(text.encode(charset), f"text/plain; charset={charset}") == text.encode()


@pytest.mark.parametrize("charset", ["utf-8", "zlib", "iso-8859-12", "punycode"])
def test_what_is_no_other_charset_changes_nothing(charset):
    """Codecs that are none, and numbers that no charset has, leave the bytes alone."""
    assert recode_to_utf8(b"\xc3\xa4", f"text/plain; charset={charset}") == b"\xc3\xa4"


def test_xml_that_declares_its_charset_stays():
    """Its parser follows the declaration."""
    body = b"<?xml version='1.0' encoding='latin-1'?><a>\xe4</a>"
    assert recode_to_utf8(body, "text/xml; charset=iso-8859-1") == body
