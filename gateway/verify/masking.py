"""The masks of secrets in requests. What the journal keeps, and all that is shown of it, went through this module.

The promise: a secret of the route, and every credential that the request presented, stands in no header, no name or
value of the query, no part of the URL and no text of the body that is kept, whichever place repeats it: proxies copy
URLs and headers into others. A header or parameter that is made for a credential is masked whatever it holds.

Secrets are found as they are, in the encodings of URLs, JSON, HTML and forms, and in base64. Where one is found only
after decoding, the whole value goes. Values below SHORTEST characters are masked in their own places alone: elsewhere
they would be parts of ordinary words. A body is kept as it came unless a secret stands in it; then it is kept inflated.
The body of a request that only a signature can prove is not searched: its secret is never sent. Nor is it searched for
more than `_TOKENS` different tokens, which no authentic request has.
"""

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.carried import Carried
from gateway.verify.material import as_text, basic_credentials, behind, octets
from gateway.verify.schemes import HeaderSecret, QuerySecret, Scheme, TokenSecret, sent
from gateway.verify.signature import Signature

T = TypeVar("T")

MASK: Final = "***"
SHORTEST: Final = 4
"""Characters of the shortest secret of a route that is masked inside other text."""
SHORTEST_PRESENTED: Final = 8
"""The same of a credential that a request presents: it may be any word."""

_NUMBER_MASK: Final = "0"
"""What stands for a token that is a number, so that the body stays JSON."""
_TOKENS: Final = 16
"""How many different tokens of one body are masked."""
_DECODINGS: Final = 3
"""How often a text is decoded in search of a secret: a proxy may encode what is encoded."""
_PAIRS: Final = 1000
_REMEMBERED: Final = 256
"""Of how many sets of secrets the spellings are kept for the next request; each takes up to 80 times its length."""
_USUAL: Final = 500
"""Characters of all secrets of a set, or of all names of headers, for which that is kept."""

_BARE_URL = re.compile(r"https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._~/-]*)?")
"""A URL without user, query and fragment: nothing in it can be a secret but a segment of the path."""
_CREDENTIALS: Final = (
    "authorization", "cookie", "passw", "secret", "apikey", "api-key", "authtoken", "auth-token", "accesstoken",
    "access-token",
)  # fmt: skip
"""What stands in the name of a header that is made for a credential, whichever it is."""


def kept_request(content: Content, schemes: Sequence[Scheme], secrets: Sequence[str] = ()) -> Request:
    """The request as the journal keeps it, by the promise above. `secrets` are those of its route."""
    request = content.request
    more = [scheme for scheme in schemes if not isinstance(scheme, Signature) or scheme.also]
    sending = sent(more) if more else []  # a signature sends no secret
    headers = {scheme.name for scheme in sending if isinstance(scheme, HeaderSecret)}
    query = {scheme.name for scheme in sending if isinstance(scheme, QuerySecret)}
    tokens = body_tokens(content, sending) if sending else []
    known = (*secrets, *_presented(request, sending, tokens))
    needles = _needles(known)
    texts = "\n".join((request.url, *request.headers.values(), *request.query, *request.query.values()))
    bare = not request.path_secret and _BARE_URL.fullmatch(request.url)
    searched = sending or request.path_secret
    body = _kept_body(content.body, tokens, _needles_of_bodies(known)) if searched else content.body
    if (
        bare
        and body is content.body
        and headers.isdisjoint(request.headers)
        and not _is_for_credentials("\n".join(request.headers))
        and query.isdisjoint(request.query)
        and not _holds(texts, needles)
    ):
        return request  # nearly all requests
    kept = {
        name: MASK if name in headers or _is_for_credentials(name) else _masked(value, needles)
        for name, value in request.headers.items()
    }
    if body is not content.body:
        kept.pop("content-encoding", None)
    return msgspec.structs.replace(
        request,
        headers=kept,
        query={_masked(name, needles): _in_query(name, value, query, needles) for name, value in request.query.items()},
        path_secret="",
        url=_masked_url(request.url, request.path_secret, query, needles),
        body=request.body if body is content.body else body,
    )


def body_tokens(content: Content, schemes: Sequence[Scheme]) -> list[str]:
    """The different values that `{token: PATH}` schemes read in the body: credentials, of which nothing is shown.

    An authentic request has one. To an open route anybody may send many: the body is searched for the first `_TOKENS`.
    """
    found = [content.glimpse.each(scheme.path) for scheme in schemes if isinstance(scheme, TokenSecret)]
    texts = dict.fromkeys(text for values in found for value in values if (text := as_text(value)))
    texts.pop(_NUMBER_MASK, None)
    return list(texts)[:_TOKENS]


def mask_tokens(body: bytes, tokens: Sequence[str], mask: str = MASK) -> bytes:
    """The body with tokens masked, however they are spelt in it. It takes about 0.1 us a byte."""
    for token in sorted(tokens, key=len, reverse=True):
        pattern = b"".join(b"(?:" + b"|".join(map(re.escape, _spellings(sign))) + b")" for sign in token)
        body = re.sub(pattern, lambda _: mask.encode(), body)
    return body


def _is_for_credentials(names: str) -> bool:
    """Whether a name of a header, or one of several, is made for a credential."""
    return (_remembered_for_credentials if len(names) <= _USUAL else _hold_credentials)(names)


def _hold_credentials(names: str) -> bool:
    return any(word in names for word in _CREDENTIALS)


_remembered_for_credentials = lru_cache(_REMEMBERED)(_hold_credentials)
"""A sender has the same headers in each request."""


def _presented(request: Request, schemes: Sequence[Carried], tokens: Sequence[str]) -> list[str]:
    """The credentials that a request presents, as they stand there and decoded, but for those that may be any word."""
    found = [request.path_secret, *tokens]
    for scheme in schemes:
        if isinstance(scheme, QuerySecret):
            found.append(request.query.get(scheme.name, ""))
        elif isinstance(scheme, HeaderSecret):
            text = request.headers.get(scheme.name, "").strip()
            rest = behind(scheme.prefix, text)
            found.append(text if rest is None else rest.strip())
    if authorization := request.headers.get("authorization"):
        basic = basic_credentials(authorization)
        found += [authorization.strip().partition(" ")[2].strip(), basic, basic.partition(":")[2]]
    return [text for text in found if len(text) >= SHORTEST_PRESENTED]


def _remembering(find: Callable[[tuple[str, ...]], T]) -> Callable[[tuple[str, ...]], T]:
    """Keep what is found for secrets of usual length. Strangers may present any others to an open route."""
    remembered = lru_cache(_REMEMBERED)(find)
    return lambda secrets: (remembered if sum(map(len, secrets)) <= _USUAL else find)(secrets)


@_remembering
def _needles(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """What to look for: every secret in the spellings that contain no part of what surrounds it, the longest first."""
    known = [secret for secret in secrets if len(secret) >= SHORTEST]
    return _longest_first([spelling for secret in known for spelling in (*_written(secret), *_in_base64(secret))])


@_remembering
def _needles_of_bodies(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    """The same for bodies, which are long: without base64."""
    known = [secret for secret in secrets if len(secret) >= SHORTEST]
    return tuple(map(octets, _longest_first([spelling for secret in known for spelling in _written(secret)])))


def _longest_first(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(texts), key=len, reverse=True))


def _written(secret: str) -> Iterator[str]:
    """A secret as it is, in URLs and forms, in JSON, and in HTML."""
    raw = octets(secret)
    yield from (secret, quote(raw, safe=""), quote_plus(raw), json.dumps(secret)[1:-1], html.escape(secret))


def _in_base64(secret: str) -> Iterator[str]:
    """The middle of a secret in base64, which does not depend on what surrounds it."""
    raw = octets(secret)
    for before in range(3):  # what stands before it shifts its bits
        coded = base64.b64encode(bytes(before) + raw).decode()
        middle = coded[-(-before * 4 // 3) : (before + len(raw)) * 8 // 6]
        if len(middle) >= SHORTEST_PRESENTED:
            yield from (middle, middle.replace("+", "-").replace("/", "_"))


def _holds(text: str, needles: Sequence[str]) -> bool:
    """Whether a secret stands in a text, as it is or encoded."""
    for needle in needles:  # a generator costs as much as the search itself
        if needle in text:
            return True
    return _hidden(text, needles)


def _hidden(text: str, needles: Sequence[str]) -> bool:
    """Whether a secret shows only when the text is decoded."""
    for _ in range(_DECODINGS):
        if not needles or not ("%" in text or "&" in text or "\\" in text):
            return False
        decoded = html.unescape(unquote(text))
        for one in (decoded, decoded.replace("+", " "), _unescape(decoded)):
            if any(needle in one for needle in needles):
                return True
        if decoded == text:
            return False
        text = decoded
    return False


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\([\"'/\\])")


def _unescape(text: str) -> str:
    """The text with the escapes of JSON undone."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], text)


def _masked(text: str, needles: Sequence[str]) -> str:
    for needle in needles:
        text = text.replace(needle, MASK)
    return MASK if _hidden(text, needles) else text


def _in_query(name: str, value: str, names: AbstractSet[str], needles: Sequence[str]) -> str:
    return MASK if name in names else _masked(value, needles)


def _kept_body(body: bytes, tokens: Sequence[str], needles: Sequence[bytes]) -> bytes:
    """The body without tokens and secrets; the same object when there are none in it."""
    kept = body
    for token in sorted(tokens, key=len, reverse=True):
        plain = octets(token)
        mask = _NUMBER_MASK if token.isdecimal() and b'"' + plain + b'"' not in body else MASK
        shorter = kept.replace(plain, mask.encode())
        kept = shorter if shorter != kept else mask_tokens(kept, [token], mask)
    for needle in needles:
        if needle in kept:
            kept = kept.replace(needle, MASK.encode())
    return body if kept == body else kept


def _masked_url(url: str, path_secret: str, names: AbstractSet[str], needles: Sequence[str]) -> str:
    """The URL without secrets, user and fragment; empty if it is no URL."""
    try:
        scheme, host, path, text, _ = urlsplit(url)
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_PAIRS)
    except ValueError:
        return ""
    segments = [
        MASK if path_secret and unquote(segment) == path_secret else _masked(segment, needles)
        for segment in path.split("/")
    ]
    shown = [(_masked(name, needles), _in_query(name, value, names, needles)) for name, value in pairs]
    encoded = urlencode(shown, safe="*", quote_via=quote, errors="replace")
    host = _masked(host.rpartition("@")[2], needles)
    kept = urlunsplit((scheme, host, "/".join(segments), encoded, ""))
    return "" if _holds(kept, needles) else kept


def _spellings(sign: str) -> list[bytes]:
    """A character as bodies may write it: plainly, in a JSON string, in a form, in XML."""
    plain = sign.encode("utf-8", "surrogatepass")
    units = memoryview(sign.encode("utf-16-le", "surrogatepass")).cast("H")
    found = [plain, html.escape(sign).encode("utf-8", "surrogatepass")]
    for hexadecimal in ("x", "X"):
        found.append("".join(f"\\u{unit:04{hexadecimal}}" for unit in units).encode())
        found.append("".join(f"%{octet:02{hexadecimal}}" for octet in plain).encode())
    found += [b"\\" + plain] * (sign in '"\\/') + [b"+"] * (sign == " ")
    return sorted(dict.fromkeys(found), key=len, reverse=True)
