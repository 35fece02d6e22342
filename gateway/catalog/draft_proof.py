"""How requests of an unknown service prove their sender: where a signature stands, how it is written, what it covers.

Where and how shows in the requests. What it covers, and which key, does not: with the secret, the usual ways are tried
until one fits (`proven`); without it the likeliest is written, and said to be unproven.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import permutations, product
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.catalog.draft_names import Seen
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.language.functions.credentials import names_credential
from gateway.model import Request
from gateway.verify.encoding import decoded
from gateway.verify.hints import rewritings
from gateway.verify.schemes import Scheme
from gateway.verify.signer import chosen
from gateway.verify.verify import parse_scheme, verify

Raw = dict[str, Any]

_SIGNED_HEADER = re.compile(r"signature|hmac|-sign$|-digest$|hub-sha")
_DIGESTS: Final[Mapping[int, str]] = {64: "sha512", 32: "sha256", 20: "sha1", 16: "md5"}
_TIME_HEADER = re.compile(r"timestamp|-time$|-ts$")
_ID_HEADER = re.compile(r"(?:webhook|svix|msg|message|delivery|request|event)[\w-]*-?id$|-delivery$")
_TAGGED = re.compile(r"(?P<tag>v\d\w?),(?P<text>[A-Za-z0-9+/=_-]+)(?: v\d\w?,[A-Za-z0-9+/=_-]+)*")
_VERSIONED = re.compile(r"v[1-9]\d?")
"""The key of a signature of which a sender adds another for each secret while they rotate: "v1=...,v1=..."."""
_PREFIXED = re.compile(r"(?P<prefix>[A-Za-z][\w-]{0,20}[=:]\s?)(?P<text>[A-Za-z0-9+/=_-]{20,})")
_STAMP = re.compile(r"\d{10}(?:\.\d+)?|\d{13}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?")
_PLAIN = re.compile(r"[\w-]+")
_KEYS: Final = ("utf8", "whsec", "base64", "hex")
_TRIED: Final = 3
"""Requests that a composition is tried on."""
_BODIES: Final = 12
"""Spellings of a JSON body that are tried: what was pasted may have been laid out anew."""
_ORDERED: Final = 3
"""Values beside a signature in the body of which every order is tried."""
_OF_KEY: Final = 64
"""Bytes of the shortest signature by a private key: Ed25519."""
_LARGEST: Final = 5_000_000


class Proof(Struct, frozen=True):
    """What `verify` of a service document says: schemes, and how sure they are.

    `proven`: a secret was given and fits. `comment` is for the author. `signed` are the headers that a sender makes
    anew for each request, which a sample leaves to its runner.
    """

    schemes: Sequence[Raw]
    comment: str
    proven: bool = False
    signed: frozenset[str] = frozenset()


def proof_of(seen: Sequence[Seen], secret: str = "") -> Proof:
    """The proof that requests carry."""
    signatures = list(_signatures(seen))
    if secret:
        for raw in _trials(signatures, seen):
            if held := _held(raw, seen, secret):
                return Proof([raw], f"the secret that was given proves {held}", True, _signed(raw))
        if (static := _static_of(seen, secret)) is not None:
            return Proof([static], "the secret that was given stands here", True)
    if signatures:
        likely = _likeliest(signatures[0], seen)
        why = "the secret that was given proves none of the ways that were tried; the likeliest is" if secret else ""
        how = "name the secret with --secret-env to try others" if not secret else "see the page of the service"
        return Proof([likely], f"not proven: {why or 'the likeliest is'} this; {how}", signed=_signed(likely))
    if (found := _static(seen)) is not None:
        return Proof([found], "not proven: this looks like the secret", signed=frozenset())
    if place := _by_key(seen[0]):
        return Proof([], f"not proven: {place} may be a signature by a public key; see the page of the service")
    return Proof([], "nothing in these requests proves their sender: the secret is that of the URL, Bearer or Basic")


def _signatures(seen: Sequence[Seen]) -> Iterator[Raw]:
    """The places of signatures that all requests may have, each as a scheme without what it covers; long ones first."""
    found: list[tuple[int, Raw]] = []
    for name in dict.fromkeys(header for one in seen for header in one.request.headers):
        if _SIGNED_HEADER.search(name) and (read := _written(name, seen)) is not None:
            found.append((read[0], {**read[1], "header": _cased(name)}))
    for path, text in _in_body(seen[0].value if seen else None):
        if (read := _read(text.strip())) is not None and _beside(path, seen[0].value):
            found.append((read[0], {**read[1], "json": path}))
    for _, raw in sorted(found, key=lambda one: -one[0]):
        yield {"hmac": raw.pop("hmac"), **raw}


def _written(name: str, seen: Sequence[Seen]) -> tuple[int, Raw] | None:
    """How the signatures in a header are written: in pairs where one of the requests has several."""
    texts = dict.fromkeys(one.request.headers[name].strip() for one in seen if name in one.request.headers)
    known = [read for text in texts if (read := _read(text)) is not None]
    return next((read for read in known if "pairs" in read[1]), known[0] if known else None)


def _in_body(value: Any) -> Iterator[tuple[str, str]]:
    """Signatures in the body, at most in an object of its own: `signature`, `signature.signature`."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(key, str) and key.lower() in ("signature", "sign", "hmac"):
            if isinstance(inner, str):
                yield key, inner
            elif isinstance(inner, dict) and isinstance(inner.get(key), str):
                yield f"{key}.{key}", inner[key]


def _beside(path: str, value: Any) -> list[Raw]:
    """The texts and numbers in the object of a signature: it cannot cover all of the body that it stands in."""
    home, _, own = path.rpartition(".")
    fields = value[home] if home else value
    return [
        {"json": f"{home}.{key}" if home else key}
        for key, inner in fields.items()
        if key != own and isinstance(inner, str | int) and not isinstance(inner, bool) and _PLAIN.fullmatch(key)
    ]


def _read(text: str) -> tuple[int, Raw] | None:
    """The length of the digest and how the signature is written; None for what is none."""
    if tagged := _TAGGED.fullmatch(text):
        return _as(tagged["text"], {"tagged": tagged["tag"]})
    for delimiter in (",", ";"):
        pairs = [piece.strip().partition("=") for piece in text.split(delimiter)]
        if (len(pairs) < 2 and not _VERSIONED.fullmatch(pairs[0][0])) or not all(sign for _, sign, _ in pairs):
            continue
        stamps = [key for key, _, value in pairs if _STAMP.fullmatch(value)]
        for key, _, value in pairs:
            keys = {"signature": key, **({"timestamp": stamps[0]} if stamps else {})}
            how = keys if delimiter == "," else {**keys, "delimiter": delimiter}
            if (read := _as(value, {"pairs": how})) is not None:
                return read
    if prefixed := _PREFIXED.fullmatch(text):
        return _as(prefixed["text"], {"prefix": prefixed["prefix"]}) or _as(text, {})
    return _as(text, {})


def _as(text: str, how: Raw) -> tuple[int, Raw] | None:
    for encoding in ("hex", "base64", "base64url"):
        raw = decoded(text, encoding)
        if raw is not None and len(raw) in _DIGESTS:
            written = {} if encoding == "hex" else {"encoding": encoding}
            return len(raw), {"hmac": _DIGESTS[len(raw)], **how, **written}
    return None


def _stamp(raw: Raw, seen: Sequence[Seen]) -> Raw | None:
    """The keys of a scheme that say where the timestamp stands; None where there is none."""
    if "timestamp" in raw.get("pairs", {}):
        return {}
    for one in seen[:1]:
        for name, text in one.request.headers.items():
            if _TIME_HEADER.search(name) and _STAMP.fullmatch(text.strip()):
                unit = "iso" if "T" in text else "ms" if len(text.strip()) == 13 else "s"
                return {"timestamp": {"header": _cased(name)}, **({} if unit == "s" else {"unit": unit})}
    return None


def _identity(seen: Sequence[Seen]) -> Raw | None:
    names = (name for one in seen[:1] for name in one.request.headers if _ID_HEADER.search(name))
    return next(({"header": _cased(name)} for name in names), None)


def _messages(seen: Sequence[Seen], *, stamped: bool) -> Iterator[list[Any]]:
    """What a signature may cover, the usual first."""
    identity = _identity(seen)
    if not stamped:
        yield ["body"]
        yield ["url", "body"]
        yield ["url", {"form": "sorted"}]
        yield from ([[identity, "body"], [identity, ".", "body"]] if identity else ())
        yield ["body", "url"]
        yield ["method", "url", "body"]
        return
    yield ["timestamp", ".", "body"]
    if identity:
        yield [identity, ".", "timestamp", ".", "body"]
    yield ["v0:", "timestamp", ":", "body"]
    yield ["timestamp", ":", "body"]
    yield ["timestamp", "body"]
    yield ["body", "timestamp"]
    yield ["body", ".", "timestamp"]
    if identity:
        yield [identity, "timestamp", "body"]
        yield [identity, ":", "timestamp", ":", "body"]
    yield ["timestamp", "\n", "body"]
    yield ["timestamp", "method", "url", "body"]
    yield ["method", "url", "timestamp", "body"]


def _trials(signatures: Sequence[Raw], seen: Sequence[Seen]) -> Iterator[Raw]:
    for raw in signatures:
        if "json" in raw:
            beside = _beside(raw["json"], seen[0].value)
            orders = permutations(beside) if len(beside) <= _ORDERED else [beside]
            yield from (_scheme(raw, None, list(order), key) for key, order in product(_KEYS, orders))
            continue
        stamp = _stamp(raw, seen)
        covers: list[tuple[Raw | None, list[Any]]] = (
            [(stamp, one) for one in _messages(seen, stamped=True)] if stamp is not None else []
        )
        covers += [(None, one) for one in _messages(seen, stamped=False)]
        for key, (where, message) in product(_KEYS, covers):
            yield _scheme(raw, where, message, key)


def _scheme(raw: Raw, stamp: Raw | None, message: list[Any], key: str) -> Raw:
    made = {**raw, **(stamp or {})}
    if stamp is None and "timestamp" in made.get("pairs", {}):
        made["pairs"] = {name: text for name, text in made["pairs"].items() if name != "timestamp"}
    if message != ["body"]:
        made["message"] = message
    return made if key == "utf8" else {**made, "key": key}


def _likeliest(raw: Raw, seen: Sequence[Seen]) -> Raw:
    if "json" in raw:
        return _scheme(raw, None, _beside(raw["json"], seen[0].value), "utf8")
    stamp, identity = _stamp(raw, seen), _identity(seen)
    if "tagged" in raw and stamp is not None and identity:  # Standard Webhooks
        return _scheme(raw, stamp, [identity, ".", "timestamp", ".", "body"], "whsec")
    if raw.get("prefix") == "v0=" and stamp is not None:  # Slack, Zoom
        return _scheme(raw, stamp, ["v0:", "timestamp", ":", "body"], "utf8")
    return _scheme(raw, stamp, ["timestamp", ".", "body"] if stamp is not None else ["body"], "utf8")


def _held(raw: Raw, seen: Sequence[Seen], secret: str) -> str:
    """How many requests the secret proves, whatever pasting did to their bodies; "" unless it does the first ones.

    Those are the first that carry the signature.
    """
    try:
        scheme = parse_scheme({**raw, "window": "off"})
    except ValueError:
        return ""
    carrying = [one for one in seen if raw.get("header", "").lower() in one.request.headers or "json" in raw]
    if not (carrying and all(_proves(scheme, one, secret) for one in carrying[:_TRIED])):
        return ""
    held = len(carrying[:_TRIED]) + sum(_proves(scheme, one, secret) for one in carrying[_TRIED:])
    return f"the signatures of {held} of {len(seen)} requests"


def _proves(scheme: Any, one: Seen, secret: str) -> bool:
    request = one.request
    urls = dict.fromkeys((request.url, request.url.replace("https://", "http://", 1)))
    bodies = dict.fromkeys((request.body, *rewritings(request.body)))
    for url, body in product(urls, list(bodies)[:_BODIES]):
        with suppress(Refused):
            verify([scheme], [secret], Content(msgspec.structs.replace(request, url=url, body=body)), 0.0)
            return True
    return False


def _static_of(seen: Sequence[Seen], secret: str) -> Raw | None:
    """The place where the secret itself stands."""
    request = seen[0].request
    for name, text in request.headers.items():
        if text.strip().endswith(secret) and len(text) < len(secret) + 30:
            prefix = text.strip().removesuffix(secret)
            return {"header": _cased(name), **({"prefix": prefix} if prefix else {})}
    places: list[Raw] = [{"basic": True}, *({"query": name} for name, text in request.query.items() if text == secret)]
    for raw in places:
        if _fits_static(raw, seen[0], secret):
            return raw
    tokens = ({"token": key} for key, text in _scalars(seen[0].value) if text == secret)
    return next(tokens, None)


def _fits_static(raw: Raw, one: Seen, secret: str) -> bool:
    with suppress(Refused, ValueError):
        verify([parse_scheme(raw)], [secret], Content(one.request), 0.0)
        return True
    return False


def _static(seen: Sequence[Seen]) -> Raw | None:
    """What looks like a secret that is sent as it is, and is the same in all requests."""
    for name in seen[0].request.headers:
        texts = {one.request.headers.get(name, "") for one in seen}
        if len(texts) != 1 or name == "cookie" or not names_credential(name):
            continue
        text = texts.pop()
        if _is_signature(name, text):
            continue
        if name == "authorization":
            kind = text.partition(" ")[0]
            return {"basic": True} if kind.lower() == "basic" else {"header": "Authorization", "prefix": f"{kind} "}
        return {"header": _cased(name)}
    for name in seen[0].request.query:
        if names_credential(name):
            return {"query": name}
    named = ((key, text) for key, text in _scalars(seen[0].value) if names_credential(key) and "." not in key)
    keys = ((key, text) for key, text in named if not _is_signature(key, text))
    same = (key for key, text in keys if all(dict(_scalars(one.value)).get(key) == text for one in seen))
    return next(({"token": key} for key in same), None)


def _by_key(one: Seen) -> str:
    """The place of what is too long for the HMAC of a secret, as signatures by private keys are; "" for none."""
    places = (*one.request.headers.items(), *_scalars(one.value))
    return next((name for name, text in places if _is_signature(name, text)), "")


def _is_signature(name: str, text: str) -> bool:
    """Whether a text is called a signature and looks like one, which is no secret."""
    if not _SIGNED_HEADER.search(name.lower()):
        return False
    return any(len(decoded(text.strip(), how) or b"") >= _OF_KEY for how in ("hex", "base64", "base64url"))


def proven(schemes: Sequence[Scheme], request: Request, secret: str) -> bool:
    """Whether a secret proves a request by one of the schemes of a service, at the time that it was sent at."""
    try:
        content = Content.of(request, _LARGEST)
        verify(schemes, [secret], content, chosen(schemes, content).sent(content) or 0.0)
    except (Refused, ValueError):
        return False
    return True


def _scalars(value: Any) -> Iterator[tuple[str, str]]:
    """The texts at the top of a body by their keys."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, str) and inner and _PLAIN.fullmatch(str(key)):
            yield key, inner


def _signed(raw: Raw) -> frozenset[str]:
    names = [raw.get("header", ""), (raw.get("timestamp") or {}).get("header", "")]
    return frozenset(name.lower() for name in names if name)


def _cased(header: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in header.split("-"))
