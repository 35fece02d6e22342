"""Where requests of an unknown service say what happened, and what they repeat when they are sent again.

Both are written as selectors of a service document. What a key means is known from `language.functions.clues`; that it
differs between the requests, or is the same in all, tells the rest.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from gateway import jsonpath
from gateway.catalog.draft_message import steps_of, usable
from gateway.language.functions import clues
from gateway.language.functions.clues import EVENTS, NOUNS, VERBS
from gateway.language.functions.coerce import text_of
from gateway.language.functions.credentials import words_of
from gateway.language.functions.tree import Leaf, tree_of
from gateway.model import JSON, Request

_EVENT_HEADER = re.compile(r"(?:x-)?(?:[\w-]+-)?(?:event|topic|trigger|hook-resource)(?:-(?:key|type|name|kind))?")
_EVENT_QUERY: Final = ("event", "event_type", "type", "topic", "action", "hook")
_NAME = re.compile(r"[A-Za-z][\w.:#/ +-]{1,79}")
_DELIVERY_HEADER = re.compile(
    r"(?:x-)?(?:[\w-]+-)?(?:delivery|delivery-id|webhook-id|request-id|event-id|event-uuid|request-uuid|message-id|hook-uuid"
    r"|idempotency-key|delivery-uuid|msg-id|svix-id)"
)
_SAID_TO_BE = re.compile(
    r"(?:[\w-]*-)?(?:delivery(?:-id|-uuid)?|(?:request|message|msg)-(?:id|uuid)|idempotency-key|svix-id)"
)
"""Headers that are called the id of a delivery; "X-Webhook-Id" may be that of a subscription."""
_STANDARD: Final = ("webhook-id", "webhook-timestamp")
"""The header of an id, and the one beside which it is that of a message: https://www.standardwebhooks.com."""
_DELIVERY_KEYS: Final = (
    "delivery_id", "event_id", "notification_id", "message_id", "webhook_id", "request_id", "idempotency_key",
    "event_uuid", "uuid", "id",
)  # fmt: skip
_PLAIN_IDS: Final = ("uuid", "id")
"""Keys that are an id of the delivery in the envelope of an event alone: elsewhere they are those of the thing.

Whoever takes the id of an order for that of a delivery loses every later event of the order as a repeat.
"""
_SAID_KEYS: Final = ("delivery_id", "idempotency_key")
"""Keys that are called the id of a delivery."""
_CONTENTS: Final = ("data", "payload", "object", "resource", "detail", "body")
"""Keys of what an envelope holds."""
_LEAST_ID: Final = 16
"""Characters that the id of a delivery has at least, where its key does not say that it is one."""

Raw = dict[str, Any]


class Seen(Struct, frozen=True):
    """One request and its decoded payload; of XML the shape of a document decides what is a list (`xmlshape`)."""

    request: Request
    value: JSON
    is_xml: bool = False

    @property
    def leaves(self) -> Sequence[Leaf]:
        """The leaves of the payload."""
        return tree_of(self.value).leaves if isinstance(self.value, dict) else ()


def event_selectors(seen: Sequence[Seen]) -> list[Raw]:
    """The parts of the event name, as `event` of a service document; none where nothing names it."""
    header, body = _header(seen), _in_body(seen, EVENTS)
    noun, verb = _in_body(seen, NOUNS), _in_body(seen, VERBS)
    if header is not None:
        happened = body is not None and _all_have(body, seen)
        return [header, verb] if verb and not happened and "." not in verb["json"] else [header]
    if body is None and (query := _in_query(seen)) is not None:
        return [query]
    if body is None:
        named = [one for one in (noun, verb) if one is not None]
        return named or _present(seen)
    missing = [one for one in seen if _value(body, one) is None]
    if missing and noun is not None and all(_value(noun, one) for one in missing):
        return [{"any": [body, {"all": [noun, verb]} if verb and _all_have(verb, missing) else noun]}]
    return [body]


class Delivery(Struct, frozen=True):
    """The `selectors` of a delivery id. `is_shown` says that it is one: it differed, or is called so.

    Whatever a sender repeats in another event, and is taken for its id, makes the gateway lose that event.
    """

    selectors: Sequence[Mapping[str, Any]] = ()
    is_shown: bool = False


def delivery_of(seen: Sequence[Seen], event: Sequence[Mapping[str, Any]]) -> Delivery:
    """What stays the same in repeats of an event and differs between events, as `delivery_id`; none where unknown."""
    found = list(_deliveries(seen, event))
    return next((one for one in found if one.is_shown), found[0] if found else Delivery())


def repeated(ids: Sequence[str], seen: Sequence[Seen]) -> int:
    """How many requests have an id that another request has, which is no repeat of theirs."""
    bodies: dict[str, set[bytes]] = {}
    for text, one in zip(ids, seen, strict=True):
        bodies.setdefault(text, set()).add(one.request.body)
    return sum(bool(text) and len(bodies[text]) > 1 for text in ids)


def _deliveries(seen: Sequence[Seen], event: Sequence[Mapping[str, Any]]) -> Iterator[Delivery]:
    """What may be the id of a delivery, headers before keys of bodies."""
    for name in _common_headers(seen):
        texts = [one.request.headers[name] for one in seen]
        if _DELIVERY_HEADER.fullmatch(name) and all(texts) and not repeated(texts, seen):
            standard = name == _STANDARD[0] and _STANDARD[1] in seen[0].request.headers
            is_said = standard or _SAID_TO_BE.fullmatch(name) is not None
            yield Delivery([{"header": _cased(name)}], is_said or len(set(texts)) > 1)
    homes = {jsonpath.parse(path)[:-1] for path in _paths(event)}
    for key in _DELIVERY_KEYS:
        for leaf in _common(seen, key):
            values = [jsonpath.lookup(one.value, steps_of(leaf.path)) for one in seen]
            if key in _PLAIN_IDS and not (leaf.path[:-1] in homes and _in_envelopes(leaf, values, seen)):
                continue
            texts = [text_of(value) for value in values]
            if all(texts) and not repeated(texts, seen):
                yield Delivery([{"json": _path(leaf)}], key in _SAID_KEYS or len(set(texts)) > 1)


def _in_envelopes(leaf: Leaf, values: Sequence[JSON], seen: Sequence[Seen]) -> bool:
    """Whether the ids stand in envelopes, beside what these hold, and are long enough for ids of deliveries."""
    homes = (jsonpath.lookup(one.value, steps_of(leaf.path[:-1])) for one in seen)
    held = all(isinstance(home, dict) and any(isinstance(home.get(key), dict) for key in _CONTENTS) for home in homes)
    return held and all(len(text_of(value)) >= _LEAST_ID for value in values)


def _header(seen: Sequence[Seen]) -> Raw | None:
    """The header of the event name that most requests have."""
    counts = [
        (sum(name in one.request.headers for one in seen), -len(name), name)
        for name in dict.fromkeys(header for one in seen for header in one.request.headers)
        if _EVENT_HEADER.fullmatch(name[:100])
        and all(_is_name(one.request.headers[name]) for one in seen if name in one.request.headers)
    ]
    return {"header": _cased(max(counts)[2])} if counts else None


def _in_query(seen: Sequence[Seen]) -> Raw | None:
    found = (name for name in _EVENT_QUERY if all(_is_name(one.request.query.get(name, "")) for one in seen))
    return next(({"query": name} for name in found), None)


def _in_body(seen: Sequence[Seen], names: Mapping[str, int]) -> Raw | None:
    """The likeliest leaf of this kind, one that all requests have before others."""
    weights: dict[tuple[str, ...], list[float]] = {}
    for one in seen:
        for leaf in one.leaves:
            if usable(leaf.path) and (weight := clues.event(leaf, names)) is not None:
                weights.setdefault(leaf.path, []).append(weight)
    if not weights:
        return None
    best = min(weights, key=lambda path: (len(seen) - len(weights[path]), min(weights[path])))
    return {"json": jsonpath.written(steps_of(best))[1:].removeprefix(".")}


def _present(seen: Sequence[Seen]) -> list[Raw]:
    """A selector by the one object that only some of the requests have: `{"build": {...}}`, `{"issue": {...}}`."""
    payloads = [one.value for one in seen if isinstance(one.value, dict)]
    keys = [{key for key, inner in one.items() if isinstance(inner, dict)} for one in payloads]
    if len(keys) < 2:
        return []
    common = set.intersection(*keys)
    own = [sorted(one - common) for one in keys]
    telling = {one[0]: one[0] for one in own if len(one) == 1 and usable((one[0],)) and "." not in one[0]}
    return [{"present": telling}] if len(telling) > 1 and all(len(one) == 1 for one in own) else []


def _common_headers(seen: Sequence[Seen]) -> Iterator[str]:
    return (name for name in seen[0].request.headers if all(name in one.request.headers for one in seen))


def _common(seen: Sequence[Seen], key: str) -> Iterator[Leaf]:
    """The leaves under this key that stand near the top of every payload."""
    for leaf in seen[0].leaves:
        if leaf.word == key and leaf.depth <= 2 and usable(leaf.path):
            values = [jsonpath.lookup(one.value, steps_of(leaf.path)) for one in seen]
            if all(isinstance(value, str | int) and not isinstance(value, bool) for value in values):
                yield leaf


def _value(selector: Mapping[str, Any], one: Seen) -> str | None:
    found = jsonpath.lookup(one.value, jsonpath.parse(selector["json"]))
    return text_of(found) if isinstance(found, str | int) and found != "" else None


def _all_have(selector: Mapping[str, Any], seen: Sequence[Seen]) -> bool:
    return all(_value(selector, one) is not None for one in seen)


def _paths(selectors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in selectors:
        if "json" in one:
            yield one["json"]
        yield from _paths([*one.get("any", ()), *one.get("all", ())])


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text.strip()) is not None


def _path(leaf: Leaf) -> str:
    return jsonpath.written(steps_of(leaf.path))[1:].removeprefix(".")


def _cased(header: str) -> str:
    """A header name in its usual capitals."""
    return "-".join(part[:1].upper() + part[1:] for part in header.split("-"))


def file_name(event: str) -> str:
    """The name of the document for an event: "order_paid" for "order.paid"; "event" for one without a name."""
    name = re.sub(r"[^a-z0-9_]+", "_", words_of(event)).strip("_")[:60]
    return f"{name}_event" if name in ("service", "shared") else name or "event"
