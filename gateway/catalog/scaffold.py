"""A first draft of a service from one request that it sent: schema, translator and sample, to be edited."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.catalog import drafts, yamlfile
from gateway.language.functions import TABLE
from gateway.language.functions.clues import ACTORS, LINKS, MESSAGES, STATES, TEXTS, TITLES
from gateway.language.lint import METHODS
from gateway.model import JSON

_FACTS: Final = 6
_RESERVED: Final = frozenset("and or not in is if else true false none True False None payload request".split())
"""Keys that have another meaning in templates."""
_DEPTH: Final = 4
_KINDS: Final = {
    bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null", dict: "object", list: "array",
}  # fmt: skip
_EVENT_HEADERS: Final = ("event", "topic", "hook-resource", "event-key", "event-type")
_EVENT_KEYS: Final = ("event", "event_type", "eventType", "type", "action", "kind", "webhookEvent")
_SIGNATURE: Final = ("signature", "hmac")
_DELIVERY: Final = ("delivery", "request-id", "webhook-id", "event-uuid")
_UNINTERESTING: Final = (
    "content-type",
    "content-length",
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "connection",
)


def infer(value: JSON) -> dict[str, JSON]:
    """A JSON Schema that the value matches: its types and keys, at most 4 levels of objects deep."""
    return _infer([value], 0)


def _infer(values: Sequence[JSON], depth: int) -> dict[str, JSON]:
    """The schema that values (at least one) have in common; the elements of an array share one schema."""
    kinds = {_KINDS[type(value)] for value in values}
    if len(kinds) > 1:
        return {}
    schema: dict[str, JSON] = {"type": kinds.pop()}
    if schema["type"] == "array":
        elements = [element for value in values for element in value]
        items = _infer(elements, depth + 1) if elements else {}
        return {**schema, "items": items} if items else schema
    if schema["type"] == "object" and depth < _DEPTH:
        values_by_key: dict[str, list[JSON]] = {}
        for key, inner in (pair for value in values for pair in value.items()):
            values_by_key.setdefault(key, []).append(inner)
        known = {key: inner for key, inner in values_by_key.items() if any(one is not None for one in inner)}
        if known and depth == 0:
            schema["required"] = list(known)
        if known:
            schema["properties"] = {key: _infer(inner, depth + 1) for key, inner in known.items()}
    return schema


def scaffold(name: str, headers: Mapping[str, str], body: JSON) -> dict[str, str]:
    """File name -> text of a new service's folder: service.yaml, event.yaml and samples/event.usual.yaml.

    `headers` and `body` are those of the request; `body` is an object.
    """
    interesting = {key: text for key, text in headers.items() if key.lower() not in _UNINTERESTING}
    service = {
        "$schema": "../service.schema.json",
        "name": name.replace("-", " ").title(),
        "docs": drafts.DOCS,
        "event": _event(interesting, body),
        "delivery_id": [{"header": header} for header in _like(interesting, _DELIVERY)[:1]],
        "verify": [{"hmac": "sha256", "header": header} for header in _like(interesting, _SIGNATURE)[:1]],
        "setup": drafts.SETUP,
    }
    translator = {
        "$schema": "../translator.schema.json",
        "title": drafts.TITLE.format(service["name"]),
        "events": ["*"] if service["event"] else [""],
        "input": infer(body),
        "message": {"attachments": [_attachment(body)]},
    }
    sample = {"request": {"headers": dict(interesting), "body": body}, "expect": {"outcome": "message"}}
    return {
        "service.yaml": yamlfile.dump({key: part for key, part in service.items() if part}),
        "event.yaml": yamlfile.dump(translator),
        "samples/event.usual.yaml": yamlfile.dump(sample),
    }


def _like(headers: Mapping[str, str], words: tuple[str, ...]) -> list[str]:
    return [header for header in headers if any(word in header.lower() for word in words)]


def _event(headers: Mapping[str, str], body: JSON) -> list[dict[str, str]]:
    named = _like(headers, _EVENT_HEADERS)[:1]
    keys = [key for key in _EVENT_KEYS if isinstance(body.get(key), str)][:1]
    return [*({"header": header} for header in named), *({"json": key} for key in keys)]


def _attachment(body: Mapping[str, JSON]) -> dict[str, Any]:
    """An attachment from the paths that the generic translator would prefer, too."""
    paths = dict(_scalars(body))
    used: set[str] = set()

    def take(words: Iterable[str]) -> str | None:
        path = next(
            (path for word in words for path in paths if path not in used and path.split(".")[-1].lower() == word), None
        )
        used.add(path or "")
        return path

    title, link, state, actor, text = (take(words) for words in ((*TITLES, *MESSAGES), LINKS, STATES, ACTORS, TEXTS))
    facts = [path for path, value in paths.items() if path not in used and len(str(value)) <= 60][:_FACTS]
    shown = {
        "color": state and _insert(state, "severity_color"),
        "author_name": actor and _insert(actor),
        "title": _insert(title) if title else "Something happened",
        "title_link": link and _insert(link),
        "text": text and _insert(text, "cut(400)"),
        "fields": [
            {"title": path.split(".")[-1].replace("_", " ").capitalize(), "value": _insert(path)} for path in facts
        ],
    }
    return {key: part for key, part in shown.items() if part}


def _expression(path: str) -> str:
    """The path as a template expression; one with a reserved word or the name of a method is quoted for `path`."""
    first, *inner = path.split(".")
    return f"payload | path('{path}')" if first in _RESERVED or not METHODS.isdisjoint(inner) else path


def _insert(path: str, function: str = "") -> str:
    assert not function or function.partition("(")[0] in TABLE  # noqa: S101 - a draft must not name an unknown function
    return "{{ " + _expression(path) + (f" | {function}" if function else "") + " }}"


def _scalars(value: Mapping[str, JSON], prefix: str = "") -> list[tuple[str, JSON]]:
    found: list[tuple[str, JSON]] = []
    for key, inner in value.items():
        if not key.isidentifier():
            continue
        if isinstance(inner, dict) and prefix.count(".") < 1:
            found.extend(_scalars(inner, f"{prefix}{key}."))
        elif inner is not None and not isinstance(inner, dict | list):
            found.append((prefix + key, inner))
    return sorted(found, key=lambda pair: pair[0].count("."))
