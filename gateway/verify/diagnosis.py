"""Why a request is not authentic, in words for the operator: which proofs were looked for, and what is wrong with each.

Nothing here is for the sender, and nothing here depends on a secret: what it says follows from the request and from
the schemes alone.
"""

from collections.abc import Sequence

from msgspec import Struct

from gateway import jsonpath, units
from gateway.decode.content import Content
from gateway.model import Cause
from gateway.verify.carried import carries
from gateway.verify.encoding import decoded
from gateway.verify.hosts import host_of
from gateway.verify.keys import NO_KEYS, Fetch, KeyRequest, Keys, request_of
from gateway.verify.material import Source, as_text, basic_credentials, behind
from gateway.verify.message import sent_at, states_body
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, Scheme, TokenSecret
from gateway.verify.signature import (
    Signature,
    claim,
    elements,
    key_of,
    public_keys,
    read_signatures,
    stamp_of,
    texts_at,
)
from gateway.verify.webtoken import WebToken

_RANKS = (Cause.KEYS, Cause.STALE, Cause.WRONG_SECRET, Cause.UNSIGNED)
"""A request has one cause: that of the proof that came nearest to being one."""


class Diagnosis(Struct, frozen=True):
    """The cause of a refusal with status 401, and what was found of the proofs that were looked for."""

    cause: Cause
    why: str


class _Finding(Struct, frozen=True):
    """What is wrong with the proof that one scheme asks for; `proof` names it."""

    cause: Cause
    proof: str
    problem: str


def diagnose(
    schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float, keys: Keys = NO_KEYS
) -> Diagnosis:
    """The diagnosis of a request that satisfies none of the schemes at `now`, in seconds since the epoch.

    `keys` are the documents of public keys that were fetched for it.
    """
    active = [secret for secret in secrets if secret]
    if not active:
        return Diagnosis(Cause.UNSIGNED, "the route has no secret yet: nothing can prove who sent a request")
    found = [_find(scheme, active, content, now, keys) for scheme in schemes]
    cause = next(rank for rank in _RANKS if any(one.cause is rank for one in found))
    nearest = [one for one in found if one.cause is cause]
    others = [one.proof for one in found if one.cause is not cause]
    if cause is Cause.UNSIGNED and len(nearest) > 1 and all(one.problem == _MISSING for one in nearest):
        why = f"none of these is there: {', '.join(one.proof for one in nearest)}"
    else:
        why = "; ".join(f"{one.proof} {one.problem}" for one in nearest)
    return Diagnosis(cause, why + (f"; also looked for: {', '.join(others)}" if others else ""))


_MISSING = "is missing"


def _find(scheme: Scheme, secrets: Sequence[str], content: Content, now: float, keys: Keys) -> _Finding:
    proof = described(scheme)
    if isinstance(scheme, Signature):
        problem = _in_signature(scheme, secrets, content, now) or _in_keys(scheme, secrets, content, now, keys)
    elif isinstance(scheme, WebToken):
        problem = _in_token(scheme, secrets, content, now, keys)
    else:
        problem = _in_static(scheme, content)
    if problem is not None:
        return _Finding(problem[0], proof, problem[1])
    does = "does not match" if isinstance(scheme, Signature | WebToken) else "is not"
    if isinstance(scheme, Signature | WebToken) and (scheme.public_keys or scheme.fetch is not None):
        return _Finding(Cause.WRONG_SECRET, proof, "does not match the public key of the service")
    which = "the secret of the route" if len(secrets) == 1 else f"any of the {len(secrets)} secrets of the route"
    return _Finding(Cause.WRONG_SECRET, proof, f"{does} {which}")


def described(scheme: Scheme) -> str:
    """A scheme as the place where its proof stands: "the HMAC-SHA256 in the header X-Hub-Signature-256"."""
    if isinstance(scheme, Signature):
        return f"the {algorithm_of(scheme)} in {place(scheme.source)}"
    if isinstance(scheme, WebToken):
        return f"the {' or '.join(scheme.algorithms)} token in {place(scheme.source)}"
    if isinstance(scheme, PathSecret):
        return "the secret behind the name of the route in the URL"
    if isinstance(scheme, QuerySecret):
        return f"the query parameter {scheme.name}"
    if isinstance(scheme, BasicSecret):
        return "the password of HTTP Basic" if scheme.user else "user:password of HTTP Basic"
    if isinstance(scheme, TokenSecret):
        return f"the token at {jsonpath.written(scheme.path)} of the body"
    return f"the header {as_header(scheme.name)}" + (f" behind {scheme.prefix.strip()!r}" if scheme.prefix else "")


def algorithm_of(scheme: Signature) -> str:
    """The algorithm of a signature: "HMAC-SHA256", "Ed25519 signature"."""
    names = {"hmac": "HMAC-", "hash": "digest ", "ecdsa": "ECDSA-P256-", "rsa": "RSA-"}
    name = names.get(scheme.algorithm, "Ed25519") + scheme.digest.upper()
    pss = "-PSS" if scheme.style == "pss" else ""
    return name + pss + ("" if scheme.has_secret_key else " signature")


def place(source: Source) -> str:
    """A place in a request, in words."""
    if source.kind == "header":
        return f"the header {as_header(source.name)}"
    if source.kind == "json":
        return f"{jsonpath.written(source.path)} of the body"
    return f"the form field {source.name}" if source.kind == "form" else "the same header"


def as_header(name: str) -> str:
    """A header name as senders write it: "X-Hub-Signature-256"."""
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-"))


def _in_static(scheme: Scheme, content: Content) -> tuple[Cause, str] | None:
    """What is wrong with the place where a plain secret should stand; None when there is one."""
    request = content.request
    missing = Cause.UNSIGNED, _MISSING
    if isinstance(scheme, PathSecret):
        return None if request.path_secret else missing
    if isinstance(scheme, QuerySecret):
        return None if request.query.get(scheme.name) else missing
    if isinstance(scheme, HeaderSecret):
        text = request.headers.get(scheme.name, "").strip()
        if not text:
            return missing
        return None if behind(scheme.prefix, text) is not None else (Cause.UNSIGNED, "begins with something else")
    if isinstance(scheme, BasicSecret):
        text = request.headers.get("authorization", "").strip()
        if not text:
            return missing
        user, colon, _ = basic_credentials(text).partition(":")
        if not colon:
            return Cause.UNSIGNED, "is missing: the header Authorization holds something else"
        named = not scheme.user or user == scheme.user
        return None if named else (Cause.WRONG_SECRET, f"is that of another user than {scheme.user}")
    found = [as_text(one) for one in content.glimpse.each(scheme.path)] if isinstance(scheme, TokenSecret) else []
    return None if any(found) else missing


def _in_signature(scheme: Signature, secrets: Sequence[str], content: Content, now: float) -> tuple[Cause, str] | None:
    """What is wrong with a signature before it is compared; None when it was compared with every secret."""
    if scheme.each is not None:
        found = elements(scheme, content)
        if not found:
            return Cause.UNSIGNED, _MISSING
        problems = [_in_signature(one, secrets, content, now) for one in found]
        return next((one for one in problems if one is not None), None)
    if not texts_at(scheme.source, content):
        return Cause.UNSIGNED, _MISSING
    texts, beside = read_signatures(scheme, content)
    if not texts:
        return Cause.UNSIGNED, f"is not written as it should be: {_form(scheme)} is missing"
    if not any(decoded(text.strip(), scheme.encoding) for text in texts[:1]):
        return Cause.UNSIGNED, f"is not written as it should be: it is not {scheme.encoding}"
    if problem := _in_stamp(scheme, content, now, beside):
        return problem
    if claim(scheme, content, now) is None:
        return Cause.UNSIGNED, "covers a part of the request that is missing"
    if scheme.stated is not None and not states_body(scheme.stated, content):
        return Cause.WRONG_SECRET, "is that of another body"
    return _in_also(scheme, secrets, content)


def _in_stamp(scheme: Signature, content: Content, now: float, beside: str | None) -> tuple[Cause, str] | None:
    """What is wrong with the timestamp of a signature, which may stand `beside` it."""
    if scheme.timestamp is None:
        return None
    stamp = stamp_of(scheme, content, beside)
    sent = None if stamp is None else sent_at(stamp.strip(), scheme.unit)
    if stamp is None or sent is None:
        wrong = _MISSING if stamp is None else "is no time"
        return Cause.UNSIGNED, f"has no timestamp: that in {place(scheme.timestamp)} {wrong}"
    if scheme.window is not None and abs(now - sent) > scheme.window:
        return Cause.STALE, _stale(now - sent, scheme.window)
    return None


def _in_also(scheme: Signature | WebToken, secrets: Sequence[str], content: Content) -> tuple[Cause, str] | None:
    """Whether the secret lacks that must stand beside a signature."""
    if not scheme.also or any(carries(one, secrets, content) for one in scheme.also):
        return None
    there = any(_in_static(one, content) is None for one in scheme.also)
    beside = " or ".join(described(one) for one in scheme.also)
    problem = f"is not enough: {beside} {'is not the secret of the route' if there else _MISSING}"
    return Cause.WRONG_SECRET if there else Cause.UNSIGNED, problem


def _in_keys(
    scheme: Signature, secrets: Sequence[str], content: Content, now: float, keys: Keys
) -> tuple[Cause, str] | None:
    """Why there is no key with which a signature could be compared; None when there is one."""
    if scheme.has_secret_key:
        unusable = _unusable(scheme, secrets)
        return (Cause.WRONG_SECRET, unusable) if unusable else None
    if scheme.fetch is not None and (problem := _in_fetch(scheme.fetch, request_of(scheme.fetch, content), keys)):
        return problem
    if public_keys(scheme, content, secrets, now, keys):
        return None
    where = "the certificate is not valid now, or of another name" if scheme.fetch else "the secret is no public key"
    return Cause.WRONG_SECRET, f"cannot be compared: {where}"


def _in_fetch(fetch: Fetch, request: KeyRequest | None, keys: Keys) -> tuple[Cause, str] | None:
    if request is None:
        return Cause.UNSIGNED, f"names no key on the hosts {', '.join(fetch.hosts)}"
    if request.url not in keys:
        return Cause.KEYS, f"cannot be compared: its key cannot be fetched from {host_of(request.url)} now"
    return None


def _in_token(
    scheme: WebToken, secrets: Sequence[str], content: Content, now: float, keys: Keys
) -> tuple[Cause, str] | None:
    """What is wrong with a token; None when it was compared with every key."""
    from gateway.verify import jws  # the parser of schemes has loaded it

    if not texts_at(scheme.source, content):
        return Cause.UNSIGNED, _MISSING
    token = jws.token_of(scheme, content)
    if token is None:
        return Cause.UNSIGNED, f"is not written as it should be: it is no token of {' or '.join(scheme.algorithms)}"
    if problem := jws.problem_of(scheme, token, secrets, content, now):
        if problem.startswith("stale"):
            return Cause.STALE, f"is {problem}"
        return Cause.WRONG_SECRET, problem
    if scheme.fetch is not None:
        if unfetched := _in_fetch(scheme.fetch, jws.request_for(scheme, token, content), keys):
            return unfetched
        if not jws.keys_of(scheme, token, secrets, content, now, keys):
            return Cause.WRONG_SECRET, "names a key that is not among those of the service"
    return _in_also(scheme, secrets, content)


def _form(scheme: Signature) -> str:
    if scheme.pairs is not None:
        return f"its pair {scheme.pairs.signature}="
    return f"its tag {scheme.tagged}" if scheme.tagged else f"{scheme.prefix} in front of it"


def _stale(age: float, window: float) -> str:
    """How stale, by which clock, and what that means: the sender's clock goes wrong, or the request was held up."""
    by, allowed = units.written(abs(age)), units.written(window)
    if age < 0:
        return (
            f"is stale: its timestamp is {by} ahead of this machine's clock, {allowed} are allowed; the sender's clock "
            "is ahead, or this one is behind"
        )
    return (
        f"is stale: its timestamp is {by} old by this machine's clock, {allowed} are allowed; the sender's clock is "
        f"{by} behind, or the request was held up or sent again"
    )


def _unusable(scheme: Signature, secrets: Sequence[str]) -> str:
    """Why no secret of the route can be the key of a scheme; "" when one can."""
    for secret in secrets:
        try:
            key_of(scheme, secret)
        except ValueError as error:
            problem = str(error)
        else:
            return ""
    return f"cannot be compared: {problem}"
