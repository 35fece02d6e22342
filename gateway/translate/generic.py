"""The generic translator: a useful message from any payload that no document knows.

It looks for what a reader wants first: a title, where to click, how bad it is, who did it, and the short facts; what is left
follows as a cut block of code. Values of keys that name a credential are never shown.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from gateway.jsonpath import MISSING
from gateway.mattermost.payload import Attachment, Field, Message
from gateway.model import JSON
from gateway.translate.functions import TABLE, escape

TITLES: Final = (
    "title", "subject", "summary", "headline", "event_title", "alert_name", "alertname", "rule_name", "check_name", "monitor_name",
    "display_name", "message", "msg", "text", "name", "short_description", "event", "event_type", "eventtype", "type", "action",
)  # fmt: skip
TEXTS: Final = (
    "description",
    "message",
    "msg",
    "text",
    "body",
    "details",
    "detail",
    "content",
    "comment",
    "note",
    "error",
    "reason",
    "output",
)
LINKS: Final = (
    "html_url",
    "web_url",
    "weburl",
    "permalink",
    "link",
    "links",
    "url",
    "href",
    "page_url",
    "target_url",
    "dashboard_url",
    "uri",
)
STATES: Final = (
    "status",
    "state",
    "severity",
    "level",
    "result",
    "outcome",
    "priority",
    "conclusion",
    "alert_state",
    "success",
)
ACTORS: Final = (
    "user",
    "actor",
    "author",
    "sender",
    "username",
    "user_name",
    "created_by",
    "triggered_by",
    "pusher",
    "owner",
    "from",
)
NAMES: Final = ("display_name", "displayname", "name", "login", "username", "email", "title")

FIELDS: Final = 12
"""How many facts the table shows."""
REST: Final = 1200
"""How many characters of the remaining payload are shown."""
ELEMENTS: Final = 5
"""How many elements of a top-level array get a block of their own."""

_CREDENTIAL = re.compile(
    r"(?:^|[_\-.])(?:token|secret|password|passwd|api_?key|authorization|signature|cookie|credentials?)(?:$|[_\-.])",
    re.I,
)
_LINK = re.compile(r"https?://\S+\Z")
_TITLE_LENGTH: Final = 150
_VALUE_LENGTH: Final = 200
_DEPTH: Final = 3

Leaf = tuple[str, JSON]


def generic(value: JSON, about: str, *, text_only: bool = False) -> Message:
    """A message about `value`; `about` ("GitHub: push") names the sender where the payload has no title of its own.

    With `text_only` the value is `{"text": ...}`: the body was text, or could not be parsed.
    """
    if text_only and isinstance(value, dict):
        return Message(attachments=[_from_text(str(value.get("text", "")), about)])
    elements = value if isinstance(value, list) else [value]
    attachments = [_from_value(element, about) for element in elements[:ELEMENTS]]
    if len(elements) > ELEMENTS:
        attachments.append(Attachment(text=f"and {len(elements) - ELEMENTS} more"))
    return Message(attachments=attachments)


def _from_text(text: str, about: str) -> Attachment:
    lines = text.strip().splitlines()
    if len(lines) <= 1:
        return Attachment(title=about, text=escape(text.strip()) or None)
    title = lines[0].strip()
    if len(title) > _TITLE_LENGTH:
        return Attachment(title=about, text=_code(text.strip()))
    return Attachment(author_name=about, title=title, text=_code("\n".join(lines[1:]).strip("\n")))


def _from_value(value: JSON, about: str) -> Attachment:
    if not isinstance(value, dict):
        return Attachment(title=about, text=escape(value) if isinstance(value, str) else _code(_json(value), "json"))
    leaves = list(_leaves(value))
    used: set[str] = set()
    title = _take(leaves, TITLES, used, str)
    link = next((text for path, text in leaves if _ends(path, LINKS) and _is_link(text)), None)
    state = _take(leaves, STATES, set(), (str, bool))
    text = _take(leaves, TEXTS, used, str)
    actor = _actor(value, leaves)
    fields = _fields(leaves, used)
    block = Attachment(
        author_name=" · ".join(part for part in (about if title else None, actor) if part) or None,
        color=_color(state),
        title=_cut(title, _TITLE_LENGTH) if title else about,
        title_link=str(link) if link else None,
        text=escape(_cut(text, 1500)) if text else None,
        fields=fields,
    )
    rest = _rest(value, used)
    if rest:
        block.text = f"{block.text}\n{rest}" if block.text else rest
    return block


def _leaves(value: Mapping[str, JSON], prefix: str = "", depth: int = 0) -> Iterator[Leaf]:
    """(path, scalar) of everything above a depth, shallow before deep, credentials left out."""
    deeper = []
    for key, inner in value.items():
        path = f"{prefix}.{key}" if prefix else key
        if _CREDENTIAL.search(key):
            continue
        if isinstance(inner, dict):
            deeper.append((path, inner))
        elif isinstance(inner, list):
            if inner and len(inner) <= 10 and all(isinstance(item, str | int | float) for item in inner):
                yield path, ", ".join(map(str, inner))
        elif inner is not None and inner != "":
            yield path, inner
    if depth + 1 < _DEPTH:
        for path, inner in deeper:
            yield from _leaves(inner, path, depth + 1)


def _last(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _ends(path: str, names: Sequence[str]) -> bool:
    return _last(path) in names


def _take(leaves: Sequence[Leaf], names: Sequence[str], used: set[str], kinds: type | tuple[type, ...]) -> JSON:
    """The first leaf by order of names, then of depth; its path is noted as used."""
    for name in names:
        for path, value in leaves:
            if path not in used and _last(path) == name and isinstance(value, kinds) and not _is_link(value):
                used.add(path)
                return value
    return None


def _is_link(value: JSON) -> bool:
    return isinstance(value, str) and len(value) < 2000 and _LINK.match(value) is not None


def _actor(value: Mapping[str, JSON], leaves: Sequence[Leaf]) -> str | None:
    for path, leaf in leaves:
        *parents, last = path.lower().split(".")
        named = last in ACTORS or (last in NAMES and parents and parents[-1] in ACTORS)
        if named and isinstance(leaf, str) and not _is_link(leaf):
            return _cut(leaf, 60)
    return None


def _color(state: JSON) -> str | None:
    if isinstance(state, bool):
        return "good" if state else "danger"
    color = TABLE["severity_color"].call(state) if state else None
    return str(color) if color else None


def _fields(leaves: Sequence[Leaf], used: set[str]) -> list[Field]:
    fields = []
    for path, value in leaves:
        text = str(value).strip() if not isinstance(value, bool) else ("yes" if value else "no")
        if path in used or _is_link(value) or not text or len(text) > _VALUE_LENGTH or "\n" in text:
            continue
        used.add(path)
        fields.append(Field(_label(path), escape(text), short=len(text) <= 40))
        if len(fields) == FIELDS:
            break
    return fields


def _label(path: str) -> str:
    """`data.check_name` -> "data check name", cut from the left: the last words tell most."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", path).replace("_", " ").replace(".", " ").split()
    return " ".join(words[-4:]).capitalize()


def _rest(value: JSON, used: set[str]) -> str | None:
    remaining = _without(value, used, "")
    return _code(_json(remaining), "json") if remaining not in (MISSING, {}, []) else None


def _without(value: JSON, used: set[str], path: str) -> JSON:
    """The value without what was shown; credentials masked, empty things gone."""
    if isinstance(value, dict):
        kept = {}
        for key, inner in value.items():
            if _CREDENTIAL.search(key):
                kept[key] = "***"
                continue
            left = _without(inner, used, f"{path}.{key}" if path else key)
            if left not in (MISSING, None, "", {}, []):
                kept[key] = left
        return kept or MISSING
    if isinstance(value, list):
        if path in used:
            return MISSING
        return [left for item in value if (left := _without(item, set(), "")) is not MISSING]
    return MISSING if path in used else value


def _json(value: JSON) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()


def _code(text: str, language: str = "") -> str:
    return str(TABLE["codeblock"].call(_cut(text, REST), language))


def _cut(text: JSON, limit: int) -> str:
    text = str(text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
