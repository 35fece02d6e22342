"""What the body of a request may be: by its Content-Type first, by its look second.

Senders are careless with Content-Type: SNS and OpenSearch send JSON as text/plain, `curl -d` sends it as a form, some
send none. So the declared type is the first guess, and the look of the body is the second.
"""

import re
from collections.abc import Iterator

from gateway.decode import unencoded

_LOOKS_LIKE_FORM = re.compile(rb"[\w.\-\[\]%+*]{1,200}=[^\s<{]*\Z")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:\-]+)""", re.I)
# Codecs that turn bytes into text in linear time; others that Python knows are no charsets.
_CHARSETS = re.compile(
    r"iso-?8859-?\d+|latin-?1|windows-?125\d|cp125\d|utf-?(?:16|32)-?(?:le|be)?|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gbk|gb2312|gb18030|big5",
    re.I,
)
_OF_ONE_BYTE = re.compile(r"iso|latin|windows|cp|koi8", re.I)
_CHUNK = 65_536
"""Bytes of such a charset that are decoded in one call: undefined ones take 100 ns each, while no other thread runs."""


def media_type(content_type: str) -> str:
    """The type in a Content-Type, without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def declared_kind(media: str) -> str:
    """The kind that a media type declares: json, form, multipart or xml, "" for any other."""
    if media == "application/json" or media.endswith(("/json", "+json", "/x-json")):
        return "json"
    if media == "application/x-www-form-urlencoded":
        return "form"
    if media.startswith("multipart/"):
        return "multipart"
    return "xml" if media.endswith(("/xml", "+xml")) else ""


def guesses(media: str, body: bytes) -> Iterator[str]:
    """Kinds to try, most likely first: a form that begins like JSON is JSON under the default type of many clients."""
    declared = declared_kind(media)
    if declared == "form" and _apparent_kind(body, media) == "json":
        yield from ("json", "form")
        return
    if declared:
        yield declared  # nearly every request ends here: how it looks need not be known
    looks = _apparent_kind(body, media)
    if looks and looks != declared:
        yield looks


def recode_to_utf8(body: bytes, content_type: str) -> bytes:
    """Recode the body when the sender declares another charset; XML that declares its own stays as it is."""
    charset = _CHARSET.search(content_type) if "charset" in content_type else None
    if charset is None or not _CHARSETS.fullmatch(charset[1]) or body.lstrip().startswith(b"<?xml"):
        return body
    step = _CHUNK if _OF_ONE_BYTE.match(charset[1]) else len(body)
    try:
        parts = [body[at : at + step].decode(charset[1], "replace") for at in range(0, len(body), step or 1)]
    except LookupError:  # iso-8859-12 and other numbers that no charset has
        return body
    return "".join(parts).encode("utf-8", "replace")


def _apparent_kind(body: bytes, media: str) -> str:
    start = body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return "json"
    if start.startswith(b"<"):
        return "" if media == "text/html" else "xml"
    if b"=" in start[:30] and unencoded.looks_unencoded(start):
        return "form"
    if media.startswith("text/"):
        return ""
    if start.startswith(b"--") and b"content-disposition" in body[:1000].lower():
        return "multipart"
    return "form" if _LOOKS_LIKE_FORM.match(body.strip()) else ""
