"""The generic translator: a useful message from any payload without a translator of its own.

It looks for a title, a link, a severity, an actor and short facts; the remaining payload follows as a block of code of
limited length. Credentials are never shown.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from gateway.language.functions import TABLE, escape
from gateway.language.functions.coerce import text_of
from gateway.language.functions.facts import Leaf, Path, as_json, hide, label, leaves, shown, without, words_of
from gateway.language.functions.markdown import link_to
from gateway.language.functions.text import shorten
from gateway.mattermost.payload import Attachment, Field, Message
from gateway.model import JSON

GENERIC: Final = "generic"
"""The name of this translator, and of the service that has no other."""

TITLES: Final = (
    "title", "subject", "summary", "headline", "event_title", "alert_name", "alertname", "rule_name", "check_name",
    "monitor_name", "message", "msg", "text", "short_description", "description",
)  # fmt: skip
"""Keys whose value alone tells what happened."""
KINDS: Final = ("event", "event_type", "event_name", "eventtype", "type", "kind", "action", "topic", "trigger")
THINGS: Final = ("display_name", "full_name", "name", "key", "identifier", "slug", "id")
"""Keys that together tell what happened: "invoice.paid: 2026-17"."""
TEXTS: Final = (
    "description", "message", "msg", "text", "body", "details", "detail", "content", "comment", "note", "error",
    "error_message", "reason", "output", "summary",
)  # fmt: skip
LINKS: Final = (
    "html_url", "web_url", "permalink", "external_url", "page_url", "target_url", "dashboard_url", "details_url",
    "link", "links", "url", "href", "html", "uri",
)  # fmt: skip
IMAGES: Final = ("image_url", "image", "screenshot_url", "screenshot", "snapshot_url", "chart_url")
STATES: Final = ("status", "state", "conclusion", "result", "outcome", "alert_state", "new_state", "current_state")
SEVERITIES: Final = ("severity", "level")
LEVELS: Final = (*SEVERITIES, "success", "ok", "passed", "priority", "urgency")
ACTORS: Final = (
    "actor", "user", "author", "sender", "username", "user_name", "created_by", "triggered_by", "pusher",
    "owner", "from",
)  # fmt: skip
NAMES: Final = ("display_name", "full_name", "name", "login", "username", "user_name", "email", "title")

FIELDS: Final = 10
"""How many facts the table shows."""
URLS: Final = 2
"""How many of these facts may be URLs."""
REST: Final = 1000
"""How many characters of the remaining payload are shown."""
ELEMENTS: Final = 5
"""How many elements of a top-level array get a block of their own, and how many of an inner one a line."""
_TITLE: Final = 150
_TEXT: Final = 1200
_STATE: Final = 30

_LINK = re.compile(r"https?://[^\s<>\"]{3,2000}")
_HTML = re.compile(r"</?(?:p|br|div|a|b|i|strong|em|ul|li|h[1-6]|table|span)\b[^<>]*>", re.I)
_DECORATION = re.compile(r"avatar|icon|logo|gravatar|picture|thumbnail|favicon")
_DULL = re.compile(r"(?:^|_)(?:id|ids|uuid|guid|etag|sha|hash|version|api|schema|specversion|nonce|timestamp|ts)$")


def generic(value: JSON, about: str, *, text_only: bool = False) -> Message:
    """A message about `value`; `about` ("GitHub: push") names the sender where the payload has no title of its own.

    With `text_only` the value is `{"text": ...}`: the body was text, or could not be parsed.
    """
    if text_only and isinstance(value, dict):
        return Message(attachments=[_from_text(text_of(value.get("text")), about)])
    elements = value if isinstance(value, list) and any(isinstance(element, dict) for element in value) else [value]
    attachments = [_from_value(element, about) for element in elements[:ELEMENTS]]
    if len(elements) > ELEMENTS:
        attachments.append(Attachment(text=f"and {len(elements) - ELEMENTS} more"))
    return Message(attachments=attachments)


def _from_text(text: str, about: str) -> Attachment:
    lines = hide(text).strip().splitlines()
    title = lines[0].strip() if len(lines) > 1 else ""
    if not title:
        return Attachment(title=about, text=escape(shorten(lines[0].strip(), _TEXT)) if lines else None)
    if len(title) > _TITLE:
        return Attachment(title=about, text=_code("\n".join(lines)))
    return Attachment(author_name=about, title=title, text=_code("\n".join(lines[1:]).strip("\n")))


def _from_value(value: JSON, about: str) -> Attachment:
    if not isinstance(value, dict):
        text = _rest(value, ()) if isinstance(value, list) else escape(shorten(hide(text_of(value)), _TEXT))
        return Attachment(title=about, text=text or None)
    payload = _Payload(value)
    title, text = payload.title(), payload.text()
    link, color, actor = payload.link(LINKS), payload.color(), payload.actor()
    image = payload.link(IMAGES)
    fields = payload.fields()
    parts = [text, *payload.lists(value), _rest(value, payload.used)]
    return Attachment(
        author_name=" · ".join(part for part in (about if title else None, actor) if part) or None,
        color=color,
        title=title or about,
        title_link=link,
        text="\n".join(part for part in parts if part).strip() or None,
        fields=fields,
        image_url=image,
    )


class _Payload:
    """The leaves of one payload, and the paths of those that are `used`: no leaf is shown twice."""

    def __init__(self, value: Mapping[str, JSON]) -> None:
        self._leaves = [(path, words_of(path[-1]), leaf) for path, leaf in leaves(value)]
        self._actor_paths = {path for path, _, _ in self._leaves if {words_of(step) for step in path[:-1]} & {*ACTORS}}
        self.used: set[Path] = set()
        self._title = ""
        self._headline: Path = ()

    def _first(self, names: Sequence[str], *, link: bool = False, kinds: tuple[type, ...] = (str,)) -> Leaf | None:
        """The shallowest unused leaf under one of the names; of equally deep ones, that of the earlier name."""
        known = {name: rank for rank, name in enumerate(names)}
        fitting = [
            (len(path), known[word], path, leaf)
            for path, word, leaf in self._leaves
            if word in known and path not in self.used and isinstance(leaf, kinds) and _is_link(leaf) == link
            if text_of(leaf).strip() and (link or path not in self._actor_paths)
        ]
        best = min(fitting, key=lambda one: one[:2], default=None)
        return (best[2], best[3]) if best else None

    def title(self) -> str:
        """A headline on one line, "" without one. A longer text is cut, but stays unused: `text` shows it in full."""
        headline = self._first(TITLES)
        self._headline = headline[0] if headline else ()
        pieces = [headline] if headline else [self._first(KINDS), self._first(THINGS, kinds=(str, int))]
        texts = [(path, hide(text_of(leaf)).strip()) for path, leaf in filter(None, pieces)]
        for path, text in texts:
            if len(text) <= _TITLE and "\n" not in text:
                self.used.add(path)
        line = shorten(": ".join(_first_line(text) for _, text in texts), _TITLE)
        state = self._first(STATES)
        if line and state and _tells(state[1], line):
            self.used.add(state[0])
            line = f"{line.rstrip(' .:!')}: {hide(text_of(state[1]).strip())}"
        self._title = line
        return line

    def text(self) -> str | None:
        """The shallowest text under one of `TEXTS` as Markdown, unless the title contains it; HTML is converted."""
        leaf = self._first(TEXTS)
        if leaf is None or hide(text_of(leaf[1])).strip() in self._title:
            return None
        self.used.add(leaf[0])
        words = hide(text_of(leaf[1]).strip())
        if leaf[0] == self._headline:  # its first line is the title
            words = words.partition("\n")[2].strip() or words
        return str(TABLE["html"].call(words, _TEXT)) if _HTML.search(words) else escape(shorten(words, _TEXT))

    def link(self, names: Sequence[str]) -> str | None:
        """The first URL under one of the names, unless it contains a credential."""
        leaf = self._first(names, link=True)
        if leaf is None or hide(text_of(leaf[1])) != leaf[1]:
            return None
        self.used.add(leaf[0])
        return text_of(leaf[1])

    def color(self) -> str | None:
        """The colour of the payload's state or severity, which may be used already."""
        used, self.used = self.used, set()
        state = self._first(STATES) or self._first(LEVELS, kinds=(str, bool))
        severity = self._first(SEVERITIES)
        self.used = used
        if state is None:
            return None
        color = str(TABLE["severity_color"].call(state[1]))
        # The severity is more precise than a state such as "firing", but a good state overrides it.
        return str(TABLE["severity_color"].call(severity[1])) if severity and color != "good" else color

    def actor(self) -> str | None:
        """The name of the person who acted, from a key that means a person."""
        for path, word, leaf in self._leaves:
            named = word in ACTORS or (word in NAMES and len(path) > 1 and words_of(path[-2]) in ACTORS)
            if named and path not in self.used and isinstance(leaf, str) and not _is_link(leaf) and "\n" not in leaf:
                self.used.add(path)
                return shorten(hide(leaf.strip()), 60) or None
        return None

    def fields(self) -> list[Field]:
        """The facts as a table; ids, versions and timestamps come last."""
        fields, links = list[Field](), 0
        self.used |= {path for path, word, leaf in self._leaves if _is_link(leaf) and _DECORATION.search(word)}
        for path, _, leaf in sorted(self._leaves, key=lambda one: _DULL.search(one[1]) is not None):
            text = "" if path in self.used else shown(path, leaf)
            if text and _is_link(leaf):
                links += 1
                text = text if links <= URLS and text == leaf else ""
            if text:
                self.used.add(path)
                fields.append(Field(label(path), escape(text), short=len(text) <= 40))
            if len(fields) == FIELDS:
                break
        return fields

    def lists(self, value: Mapping[str, JSON]) -> Iterator[str]:
        """The first array of objects, such as commits or items, as a line for each of them."""
        for path, array in _arrays(value, ()):
            lines = [line for element in array[:ELEMENTS] if isinstance(element, dict) and (line := _line(element))]
            if lines:
                self.used.add(path)
                more = [f"and {len(array) - ELEMENTS} more"] if len(array) > ELEMENTS else []
                yield "\n".join([f"**{escape(label(path))}**", *lines, *more]) + "\n"
                return


def _arrays(value: Mapping[str, JSON], above: Path) -> Iterator[tuple[Path, list[JSON]]]:
    """Arrays of objects with their paths, at most three levels deep."""
    for key, inner in value.items():
        path = (*above, str(key))
        if isinstance(inner, list) and any(isinstance(element, dict) for element in inner):
            yield path, inner
        elif isinstance(inner, dict) and len(path) <= 2:
            yield from _arrays(inner, path)


def _line(element: Mapping[str, JSON]) -> str:
    payload = _Payload(element)
    title, link = payload.title(), payload.link(LINKS)
    return f"- {link_to(escape(title), link or '')}" if title else ""


def _first_line(text: str) -> str:
    return next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")


def _tells(state: JSON, title: str) -> bool:
    """Whether a state can be added to the title: short, in words, and not part of it."""
    text = text_of(state).strip()
    return len(text) <= _STATE and not text.isdigit() and "\n" not in text and text.lower() not in title.lower()


def _is_link(value: JSON) -> bool:
    return isinstance(value, str) and _LINK.fullmatch(value.strip()) is not None


def _rest(value: JSON, used: Collection[Path]) -> str | None:
    left = without(value, used)
    return _code(as_json(left), "json") if left is not None else None


def _code(text: str, language: str = "") -> str:
    return str(TABLE["codeblock"].call(shorten(text, REST), language))
