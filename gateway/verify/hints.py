"""What may mend a request that is not authentic: a proof that would fit if one thing about it were another.

To look for it takes the secrets and many digests, so it is asked after the sender has its answer, and seldom: the
sender learns nothing of it, neither from the answer nor from its timing.
"""

import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.verify.diagnosis import as_header
from gateway.verify.encoding import decoded
from gateway.verify.schemes import HeaderSecret, PathSecret, QuerySecret, Scheme
from gateway.verify.signature import Claim, Signature, claim, proves, read_signatures

MOST_SECRETS: Final = 4
"""Secrets of a route that are tried; a route has two during a rotation."""

REWRITTEN: Final = 20_000
"""Bytes of a body that is written in other ways, to find out whether its signature fits one of them."""

INDENTED: Final = 4 * REWRITTEN
"""Characters of the longest such text: the lines of what is nested deeply begin with thousands of spaces."""

_LENGTHS: Final[Mapping[int, str]] = {16: "md5", 20: "sha1", 32: "sha256", 64: "sha512"}
"""The bytes of a digest, and its algorithm."""
_SPELLED: Final = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}
_PREFIXED = re.compile(r"(md5|sha1|sha256|sha512)=([0-9a-fA-F]{32,128})")
_KEYS: Final = ("utf8", "base64", "hex", "whsec")
_LINE_BREAK: Final = "with a line break at its end, or without one: set the same text at both ends"
_SPACES: Final = "with other white space around it: set the same text at both ends"


def find_hint(
    schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float, senders: Mapping[str, str]
) -> str:
    """The likeliest hint for a request that none of the schemes proves, "" without one.

    `senders` names the services whose requests carry a header, by that header in lower case.
    """
    active = [secret for secret in secrets if secret][:MOST_SECRETS]
    signatures = [scheme for scheme in schemes if isinstance(scheme, Signature) and scheme.is_plain]
    sure, unsure = _of_other_digests(signatures, active, content)
    found = [
        *(_of_stale(scheme, active, content, now) for scheme in signatures),
        *(_of_signature(scheme, active, content, now) for scheme in signatures),
        *(_of_static(scheme, active, content) for scheme in schemes),
        sure,
        _of_other_senders(content, senders),
        unsure,
    ]
    return next(filter(None, found), "")


def _of_stale(scheme: Signature, secrets: Sequence[str], content: Content, now: float) -> str:
    """Whether a stale signature is right apart from its age."""
    if scheme.window is None or claim(scheme, content, now) is not None:
        return ""
    claimed = claim(replace(scheme, window=None), content, now)
    if claimed is None:
        return ""
    fits = _fits(scheme, claimed, secrets)
    return "the signature itself fits: only the time is wrong" if fits else "the signature does not fit, either"


def _of_signature(scheme: Signature, secrets: Sequence[str], content: Content, now: float) -> str:
    """What a signature that was compared would fit."""
    claimed = claim(scheme, content, now)
    if claimed is None:
        return ""
    trials: list[tuple[bool, str]] = []
    for what, others in _respelled(secrets):
        trials.append((_fits(scheme, claimed, others), f"it fits the secret {what}"))
    for key in _KEYS:
        if key != scheme.key:
            fits = _fits(replace(scheme, key=key), claimed, secrets)
            trials.append((fits, f"it fits the secret as {_key_words(key)}: `key` of the scheme says {scheme.key}"))
    algorithm = _LENGTHS.get(len(claimed.signatures[0]), scheme.digest)
    fits = algorithm != scheme.digest and _fits(replace(scheme, digest=algorithm), claimed, secrets)
    trials.append((fits, f"signed with {_SPELLED[algorithm]}: turn on {_SPELLED[scheme.digest]} at the sender"))
    small = scheme.covers_body_alone and len(content.body) <= REWRITTEN
    messages = tuple(rewritings(content.body)) if small else ()
    fits = bool(messages) and _fits(scheme, Claim(claimed.signatures, messages), secrets)
    trials.append((fits, "it fits the body written in another way: something on the way, such as a proxy, changes it"))
    return next((words for fits, words in trials if fits), "")


def _of_static(scheme: Scheme, secrets: Sequence[str], content: Content) -> str:
    """What a plain secret would fit."""
    request = content.request
    if isinstance(scheme, PathSecret):
        given = request.path_secret
    elif isinstance(scheme, QuerySecret):
        given = request.query.get(scheme.name, "")
    elif isinstance(scheme, HeaderSecret):
        given = request.headers.get(scheme.name, "").strip().removeprefix(scheme.prefix)
    else:
        return ""
    if not given:
        return ""
    trials = [
        (any(_equal(one, other) for one in {given, given.strip()} for other in others), what)
        for what, others in _respelled(secrets)
    ]
    return next((f"it is the secret {what}" for fits, what in trials if fits), "")


def _of_other_digests(schemes: Sequence[Signature], secrets: Sequence[str], content: Content) -> tuple[str, str]:
    """What a signature in another header says of itself, such as `sha1=...` where only SHA-256 is looked for.

    The first hint is sure, as the signature fits; the second one says that there is one. A name is repeated only where
    it is the beginning of a name that was looked for: others are the words of a stranger.
    """
    wanted = {scheme.source.name for scheme in schemes}
    if not schemes or any(read_signatures(scheme, content)[0] for scheme in schemes):
        return "", ""
    for name, text in content.request.headers.items():
        match = _PREFIXED.fullmatch(text.strip())
        if match is None or name in wanted:
            continue
        algorithm, signature = match[1], decoded(match[2], "hex") or b""
        known = any(one.startswith(name) for one in wanted)
        where = f"the header {as_header(name)}" if known else "another header"
        if not _fits(replace(schemes[0], digest=algorithm, key="utf8"), Claim((signature,), content.bodies), secrets):
            return "", f"{where} holds a {_SPELLED[algorithm]} signature, which does not fit, either"
        better = _SPELLED[schemes[0].digest]
        only = f"signed with {_SPELLED[algorithm]} only, in {where}"
        return f"{only}: turn on {better} at the sender, or write a `verify` for that header into the route", ""
    return "", ""


def _of_other_senders(content: Content, senders: Mapping[str, str]) -> str:
    """Whose headers are there, where another service was expected."""
    for name in content.request.headers:
        if whose := senders.get(name):
            return f"the header {as_header(name)} is there, which {whose} sends: is the service of this route right?"
    return ""


def _respelled(secrets: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Secrets as people copy them by mistake, with what is different about them."""
    lines = [other for one in secrets for other in (f"{one}\n", f"{one}\r\n", one.rstrip("\r\n"))]
    spaces = [other for one in secrets for other in (one.strip(), f"{one} ", f" {one}")]
    yield _LINE_BREAK, [one for one in lines if one not in secrets]
    yield _SPACES, [one for one in spaces if one not in secrets]
    yield "in quotation marks: take them off", [f"{mark}{one}{mark}" for one in secrets for mark in "\"'"]


def rewritings(body: bytes) -> Iterator[bytes]:
    """The body as its sender may have written it, if something on the way wrote it anew."""
    yield body + b"\n"
    yield body.rstrip(b"\r\n")
    yield body.replace(b"\r\n", b"\n")
    yield body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for escaped in (False, True):
        compact = json.dumps(value, ensure_ascii=escaped, separators=(",", ":"))
        texts = [compact, compact.replace("/", "\\/"), json.dumps(value, ensure_ascii=escaped)]
        if indented := _indented(value, escaped):
            texts += indented, f"{indented}\n"
        for text in texts:
            yield text.encode("utf-8", "replace")


def _indented(value: Any, escaped: bool) -> str:
    """A value with a line for each part of it; "" when that would be longer than INDENTED characters."""
    pieces: list[str] = []
    room = INDENTED
    for piece in json.JSONEncoder(ensure_ascii=escaped, indent=2).iterencode(value):
        room -= len(piece)
        if room < 0:
            return ""
        pieces.append(piece)
    return "".join(pieces)


def _fits(scheme: Signature, claimed: Claim, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed it."""
    return any(proves(scheme, claimed, secret) is not None for secret in secrets)


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass"))


def _key_words(key: str) -> str:
    return {"utf8": "plain text", "whsec": "base64 behind whsec_"}.get(key, key)
