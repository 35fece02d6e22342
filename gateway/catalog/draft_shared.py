"""What the documents of a drafted service share: its people, and the states of its things."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self

from gateway.catalog.draft_message import Drafted
from gateway.catalog.draft_shape import Path, flow, shape_of, written
from gateway.catalog.service import Service
from gateway.language.functions.clues import LINKS, NAMES
from gateway.language.functions.credentials import words_of
from gateway.language.functions.facts import is_api, is_link
from gateway.language.functions.states import STATES, spelled, tone_of
from gateway.model import JSON

SHAPE: Final = "user"
"""What a drafted service calls the shape of its people."""
_ICONS: Final = ("avatar_url", "avatar", "icon_url", "icon", "picture", "gravatar_url", "image_url", "photo")
_FORMS: Final = ("", "d", "ed", "led")
"""Endings that make a state of a verb: close, open, cancel."""
SYNONYMS: Final[Mapping[str, str]] = {
    word: state
    for state, words in {
        "opened": "new created",
        "merged": "merge",
        "deleted": "removed destroyed",
        "published": "released",
        "rejected": "declined denied changes_requested",
        "waiting": "pending queued scheduled",
        "started": "running in_progress processing building deploying",
        "succeeded": "success successful passed",
        "failed": "failure fail error errored broken crashed timed_out timedout timeout",
        "unstable": "partially_failed flaky",
        "cancelled": "canceled aborted abort",
        "skipped": "skip",
        "firing": "triggered alerting alert alarm critical down outage",
        "warning": "warn degraded",
        "acknowledged": "ack acked",
        "silenced": "muted suppressed snoozed",
        "resolved": "ok up recovered recovery cleared operational",
    }.items()
    for word in words.split()
}
"""Words of senders that mean a state of the product, whatever they are said of."""


class People:
    """The objects of people that payloads have: `paths` leads to them, `described` says that `author` can show them.

    `shape_name` is that of their shape in shared.yaml, "" for none.
    """

    def __init__(self, found: Sequence[tuple[Drafted, Sequence[JSON]]]) -> None:
        acting = [(message.person, message.used, payloads) for message, payloads in found if message.person is not None]
        self.paths = {path for path, _, _ in acting}
        self.values = [one for path, _, payloads in acting for one in _at(path, payloads)]
        below = [one[len(path) :] for path, used, _ in acting for one in used if one[: len(path)] == path]
        self._shown = {one[0] for one in below if one}
        self.described = bool(self.values)
        self.shape_name = SHAPE if self.values else ""

    @classmethod
    def of_service(cls, service: Service, paths: Sequence[Path | None]) -> Self:
        """The people of a service that is there, which describes them in its shared.yaml or not at all."""
        made = cls(())
        made.paths = {path for path in paths if path is not None}
        made.described = service.scope.author is not None
        return made

    def is_one(self, path: Path | None) -> bool:
        """Whether a person stands at this path."""
        return path in self.paths

    def name_path(self, message: Drafted) -> Path:
        """The path of the name of whoever acted."""
        below = (one for one in message.used if message.person is not None and one[:-1] == message.person)
        return min(below, key=lambda one: NAMES.get(words_of(one[-1]), 99))

    def shared(self) -> Iterator[tuple[str, Any]]:
        """The entries of shared.yaml."""
        if not self.values:
            return
        shape = shape_of([{key: one for key, one in value.items() if key in self._keys} for value in self.values])
        yield "shapes", {SHAPE: shape}
        names, links, icons = self._names, self._links, self._icons
        inner = names[0] if len(names) == 1 else f"coalesce({', '.join(names)})"
        author = {"name": f"{{{{ {inner} }}}}"}
        author |= {"link": f"{{{{ {links[0]} }}}}"} if links else {}
        author |= {"icon": f"{{{{ {icons[0]} }}}}"} if icons else {}
        yield "author", author

    @property
    def _keys(self) -> list[str]:
        known = [*self._names, *self._links[:1], *self._icons[:1]]
        return [*known, *sorted(self._shown.difference(known))]

    @property
    def _names(self) -> list[str]:
        known = [key for key in self._scalars() if words_of(key) in NAMES]
        return sorted(known, key=lambda key: NAMES[words_of(key)])[:4]

    @property
    def _links(self) -> list[str]:
        pages = [key for key, text in self._scalars().items() if is_link(text) and not is_api(text)]
        return sorted((key for key in pages if words_of(key) in LINKS), key=lambda key: LINKS[words_of(key)])

    @property
    def _icons(self) -> list[str]:
        return [key for key, text in self._scalars().items() if is_link(text) and words_of(key) in _ICONS]

    def _scalars(self) -> dict[str, str]:
        """The texts of people by their keys, which can be names in a template."""
        return {
            key: text
            for value in self.values
            for key, text in value.items()
            if isinstance(text, str) and text and key.isidentifier() and key.isascii()
        }


def _at(path: Path, payloads: Sequence[JSON]) -> Iterator[Mapping[str, JSON]]:
    for found in payloads:
        value = found
        for step in path:
            if isinstance(value, list):
                value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
            else:
                value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, dict):
            yield value


def shared_text(people: People, states: Mapping[str, Sequence[str]]) -> str:
    """The text of shared.yaml; "" when there is nothing to share."""
    text = "".join(written(key, value) for key, value in people.shared())
    tables = {table: {word: row(word) for word in words} for table, words in states.items() if words}
    if tables:
        text += "states:\n" + "".join(f"  {table}: {flow(rows)}\n" for table, rows in tables.items())
    return f"$schema: ../translator.schema.json#/$defs/shared\n{text}" if text else ""


def row(word: str) -> JSON:
    """What a vendor's word is in the product: a state, or the word with its phase and tone."""
    plain = spelled(word)
    known = {spelled(state): state for state in STATES} | dict(SYNONYMS)
    found = next((known[plain + ending] for ending in _FORMS if plain + ending in known), None)
    return found or [plain.replace("_", " ") or word, "change", tone_of(word) or "waiting"]
