"""How a request proves itself, as lines of a POSIX shell: a secret where it belongs, or a signature by openssl.

The lines use the variables SECRET and BODY, and set KEY, STAMP, ID, DIGEST and SIGNATURE.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.console.curl import quote
from gateway.verify.material import Source
from gateway.verify.message import Part, is_header
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, Scheme
from gateway.verify.signature import NUMBERED, Signature
from gateway.verify.webtoken import WebToken

_STAMPS: Final = {
    "s": "$(date +%s)",
    "ms": "$(date +%s)000",
    "iso": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
    "http": "$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')",
}
_ENCODINGS: Final = {
    "hex": "-r | cut -d' ' -f1",
    "base64": "-binary | openssl base64 -A",
    "base64url": "-binary | openssl base64 -A | tr '+/' '-_'",
}
_FROM_BASE64: Final = "| openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n'"
_IN_URL: Final = """SECRET="$(printf %s "$SECRET" | od -An -v -tx1 | tr -d '\\n' | tr ' ' %)\""""


class Written(Struct, frozen=True):
    """A proof in parts of a command: lines `before` it, what follows its `url`, its `options`.

    `names` are the headers that the proof sets.
    """

    before: Sequence[str] = ()
    url: str = ""
    options: Sequence[str] = ()
    names: Sequence[str] = ()


def unproven() -> Written:
    """No proof, for a route that is open."""
    return Written()


def write(schemes: Sequence[Scheme]) -> Written | None:
    """The proof by one of the schemes; None when a command can satisfy none of them.

    A secret in a header is the simplest, one in the URL, where logs show it, comes last.
    """
    found = [made for scheme in sorted(schemes, key=_rank) if (made := _written(scheme)) is not None]
    return found[0] if found else None


def headers(schemes: Sequence[Scheme]) -> set[str]:
    """The headers in which schemes look for proofs."""
    found = set()
    for scheme in schemes:
        if isinstance(scheme, HeaderSecret):
            found.add(scheme.name)
        elif isinstance(scheme, Signature | WebToken):
            places = (scheme.source, scheme.timestamp if isinstance(scheme, Signature) else None)
            found |= {place.name for place in places if place is not None and place.kind == "header"}
    return found


def _rank(scheme: Scheme) -> int:
    return 0 if isinstance(scheme, HeaderSecret | BasicSecret) else 1 if isinstance(scheme, Signature) else 2


def _written(scheme: Scheme) -> Written | None:
    match scheme:
        case PathSecret():
            return Written([_IN_URL], '"/$SECRET"')
        case QuerySecret(name):
            return Written([_IN_URL], f'"?{name}=$SECRET"')
        case HeaderSecret(name, prefix):
            return Written(options=[f'--header {quote(f"{name}: {prefix}")}"$SECRET"'], names=[name])
        case BasicSecret(user):
            return Written(options=[f'--user {quote(f"{user}:") if user else ""}"$SECRET"'], names=["authorization"])
        case Signature():
            return _signed(scheme)
    return None  # a token in the body: the sample has another one; a web token: nobody here has the key


def _signed(scheme: Signature) -> Written | None:
    stated = scheme.stated.source if scheme.stated is not None else None
    parts = [_part(part, scheme.unit, stated) for part in scheme.message]
    if not _repeatable(scheme) or None in parts:
        return None
    before, key = _key(scheme)
    options, names = [], [scheme.source.name.replace(NUMBERED, "1")]
    if scheme.timestamp is not None:
        before.append(f'STAMP="{_STAMPS[scheme.unit]}"')
        if scheme.timestamp.kind == "header":
            names.append(scheme.timestamp.name)
            options.append(f'--header {quote(f"{scheme.timestamp.name}: ")}"$STAMP"')
        elif scheme.timestamp.kind != "pair":
            return None
    if scheme.stated is not None and stated is not None:
        before.append(f'DIGEST={quote(scheme.stated.prefix)}"{_digest(scheme.stated.digest, scheme.stated.encoding)}"')
        names.append(stated.name)
        options.append(f'--header {quote(f"{stated.name}: ")}"$DIGEST"')
    if signed := sorted(scheme.headers - {*names}):
        before.append('ID="first-$(date +%s)"')
        options += [f'--header {quote(f"{name}: ")}"$ID"' for name in signed]
    message = " ".join(part for part in parts if part is not None)
    digest = f"openssl dgst -{scheme.digest} {key} {_ENCODINGS[scheme.encoding]}"
    before.append(f'SIGNATURE="$(printf %s {message} | {digest})"')
    options.append(f"--header {quote(f'{names[0]}: {scheme.prefix}')}{_value(scheme)}")
    return Written(before, "", options, [*names, *signed])


def _repeatable(scheme: Signature) -> bool:
    """Whether openssl can make such a signature, and a header is its place."""
    is_hmac = scheme.algorithm == "hmac" and not (scheme.also or scheme.each is not None or scheme.holds_secret)
    in_headers = scheme.source.kind == "header" and (scheme.stated is None or is_header(scheme.stated.source))
    return is_hmac and in_headers


def _digest(algorithm: str, encoding: str) -> str:
    """What makes the digest of the body."""
    return f'$(printf %s "$BODY" | openssl dgst -{algorithm} {_ENCODINGS[encoding]})'


def _value(scheme: Signature) -> str:
    """The signature as its header has it."""
    if scheme.pairs is not None:
        stamp = f'{scheme.pairs.timestamp}="$STAMP"{quote(scheme.pairs.delimiter)}' if scheme.pairs.timestamp else ""
        return f'{stamp}{scheme.pairs.signature}="$SIGNATURE"'
    return f'{scheme.tagged},"$SIGNATURE"' if scheme.tagged else '"$SIGNATURE"'


def _key(scheme: Signature) -> tuple[list[str], str]:
    """The lines that set KEY, if any, and the options of openssl that name the key."""
    if scheme.key == "utf8":
        return [], '-hmac "$SECRET"'
    bare = "${SECRET#whsec_}" if scheme.key == "whsec" else "$SECRET"
    lines = [] if scheme.key == "hex" else [f'KEY="$(printf %s "{bare}" {_FROM_BASE64})"']
    return lines, f'-mac HMAC -macopt hexkey:"${"SECRET" if scheme.key == "hex" else "KEY"}"'


def _part(part: Part, unit: str, stated: Source | None) -> str | None:
    """A part of the signed message as a word of the shell; None for one that it cannot make."""
    match part.kind:
        case "text":
            return quote(part.text)
        case "body":
            return '"$BODY"'
        case "timestamp":
            return '"$STAMP"'
        case "stamp" if part.text == unit:
            return '"$STAMP"'
        case "method":
            return "POST"
        case "digest" if part.text != "crc32":
            return f'"{_digest(*part.text.split("-"))}"'
        case "source" if is_header(part.source):
            return '"$DIGEST"' if part.source == stated else '"$ID"'
    return None
