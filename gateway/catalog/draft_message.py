"""The first message of a draft: what the generic translator would tell of a payload, as templates over its paths.

The reading is that of `language.functions.answers`: this module knows no words of its own, only how each answer is
written in a document.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any, Final

from msgspec import Struct

from gateway import jsonpath
from gateway.catalog.draft_shape import Path, is_shapely
from gateway.language.functions import clues
from gateway.language.functions.answers import Answers
from gateway.language.functions.coerce import text_of
from gateway.language.functions.facts import DULL, is_link, is_time
from gateway.language.functions.time import moment_of
from gateway.language.functions.tree import Leaf, Rows, Words, tree_of
from gateway.language.functions.wording import contains, in_words, is_html
from gateway.language.lint import METHODS
from gateway.model import JSON

FIELDS: Final = 8
STATED: Final = "{{ state.word }}"
"""How a title tells the state of its thing."""
_ELEMENT: Final = 20
_LONG: Final = 150
_RESERVED: Final = frozenset(
    "and or not in is if else elif for set true false none True False None payload request state item index"
    " loop self".split()
)
"""Keys that have another meaning in templates."""
_OF_XML = re.compile(r"[@#][A-Za-z_]\w*", re.ASCII)
"""The keys of attributes and text of an XML element."""
_MARKDOWN: Final = ("](", "**", "```", "\n- ", "\n* ", "\n#", "`")
_LOOKED_AT: Final = 2 * FIELDS
"""The facts of which the best are fields."""
_GRAVE: Final = frozenset({*clues.LEVELS, "status", "state", "result", "reason", "conclusion", "criticality", "impact"})
"""Keys of what a person asks first: how bad it is, and how it stands."""


class Drafted(Struct):
    """A message and what it leans on.

    `attachment` is that of the document; `needed` are the paths that it cannot do without, `used` all that it shows.
    `state` is the path of a state, `person` that of the object of whoever acted. `about` are the objects that the
    message is about, the likeliest first.
    """

    attachment: dict[str, Any]
    needed: set[Path]
    used: set[Path]
    state: Path | None = None
    person: Path | None = None
    about: tuple[Words, ...] = ()


def drafted(seen: Sequence[tuple[str, JSON]], title: str, unnamed: str, optional: Collection[str] = ()) -> Drafted:
    """The message for payloads with the names of their events, read in that which says most.

    `title` is what happened in words; `unnamed` stands where nothing else does. `optional` are keys that others of
    these payloads are known to lack.
    """
    objects = [(event, one) for event, one in seen if isinstance(one, dict)]
    event, richest = max(objects, key=lambda one: len(tree_of(one[1]).leaves), default=(seen[0][0], {}))
    return _Drafting(seen, richest, event, title, unnamed, optional).result()


class _Drafting:
    def __init__(
        self,
        seen: Sequence[tuple[str, JSON]],
        payload: Mapping[str, JSON],
        event: str,
        title: str,
        unnamed: str,
        optional: Collection[str],
    ) -> None:
        self._seen = seen
        self._optional = optional
        self._unnamed = unnamed
        self._payload = payload
        self._event = event
        self._title = title
        self._tree = tree_of(payload)
        self._answers = Answers(self._tree)
        self._found = Drafted({}, set(), set())

    def result(self) -> Drafted:
        found, answers = self._found, self._answers
        happened = answers.event(self._event)
        name = answers.name(happened)
        state = answers.state()
        state_leaf = answers.places.get("state")
        actor, _ = answers.actor()
        answers.say(happened, name, state, actor)
        link, _ = answers.link(), answers.image()
        answers.text(name)
        attachment: dict[str, Any] = {}
        if actor:
            self._author(attachment, answers.places["actor"])
        if state_leaf is not None and self._can(state_leaf):
            found.state = self._use(state_leaf)
        attachment["title"] = self._titled(name, state)
        if link and self._can(answers.places["link"]):
            attachment["title_link"] = insert(self._use(answers.places["link"]))
        if text := self._text():
            attachment["text"] = text
        if fields := self._fields():
            attachment["fields"] = fields
        named = (answers.headline.home,) if answers.headline is not None else ()
        found.attachment, found.about = attachment, (*named, answers.about)
        return found

    def _titled(self, name: str, state: str) -> str:
        title, headline = self._title, self._answers.headline
        if name and headline is not None and self._can(headline):
            path = self._use(headline)
            cut = len(text_of(headline.value)) > _LONG or "\n" in text_of(headline.value)
            sign = "#" if headline.word == "number" and text_of(headline.value).isdigit() else ""
            named = sign + insert(path, "first_line | cut(150)" if cut else "")
            title = f"{title}: {named}" if title else named
            if self._may_lack(path):  # without a title there would be no message
                title = f"{{% if {expression(path)} %}}{title}{{% else %}}{self._title or self._unnamed}{{% endif %}}"
            else:
                self._found.needed.add(path)
        title = title or self._unnamed
        if self._found.state is not None and not contains(self._title, state) and STATED not in self._title:
            title += "{{ state.word | aside }}"
        return title

    def _may_lack(self, path: Path) -> bool:
        return path[0] in self._optional or any(_at(path, one) in (None, "") for _, one in self._seen)

    def _author(self, attachment: dict[str, Any], leaf: Leaf) -> None:
        home = leaf.path[:-1]
        if not self._can(leaf):
            return
        self._use(leaf)
        if home and leaf.word in clues.NAMES and clues.is_of_person(leaf):
            self._found.person = home
            attachment["author"] = expression(home)
        else:
            attachment["author_name"] = insert(leaf.path)

    def _text(self) -> JSON:
        parts: list[Any] = []
        leaf = self._answers.places.get("text")
        if leaf is not None and self._can(leaf):
            words = text_of(leaf.value)
            marked = any(sign in words for sign in _MARKDOWN)
            parts.append(
                insert(self._use(leaf), "html(500)" if is_html(words) else "markdown(500)" if marked else "cut(500)")
            )
        rows = next((one for one in self._tree.rows if not one.secret and self._can_name(one.path)), None)
        if rows is not None and (line := self._line(rows)):
            parts.append({"each": expression(rows.path), "line": line})
        return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else parts

    def _line(self, rows: Rows) -> str:
        """The line of an element: its name with its link, and a fact or two."""
        element = next((one for one in rows.elements if isinstance(one, dict)), None)
        if element is None:
            return ""
        answers = Answers(tree_of(element, most=_ELEMENT))
        name, link = answers.name(deeper=5), answers.link()
        answers.say("", name)
        shown, leaf = "", answers.headline
        if name and leaf is not None and usable(leaf.path):
            answers.use(leaf)
            shown = self._of_item(rows, leaf.path)
            if link and usable(answers.places["link"].path):
                place = answers.places["link"].path
                shown += f" | link({self._of_item(rows, place)})"
        usual = (one for one, _, _, score in answers.facts() if score < DULL and usable(one.path))
        facts = sorted(islice(usual, FIELDS), key=_weight)
        if shown and leaf is not None and leaf.depth > 1 and (near := next((o for o in facts if o.depth == 1), None)):
            facts.remove(near)  # the name of a thing deep inside says less
            shown = self._of_item(rows, near.path)
        more = [self._of_item(rows, one.path) for one in facts[:2]]
        if not shown:
            shown, more = (more[0], more[1:]) if more else ("", [])
        if not shown:
            return ""
        tail = "".join(f"{{{{ {one} | aside }}}}" for one in more)
        return f"- {{{{ {shown} }}}}{tail}"

    def _of_item(self, rows: Rows, path: Path) -> str:
        self._found.used.add((*rows.path, "0", *path))
        return _chain(("item", *path)) or f"item | path('{jsonpath.written(path)[2:]}')"

    def _fields(self) -> list[dict[str, str]]:
        """The facts that tell most, grave ones first and times last."""
        facts = takewhile(lambda fact: fact[3] < DULL, self._answers.facts())
        usual = (
            (leaf, title)
            for leaf, title, *_ in facts
            if self._can(leaf) and leaf.path != self._found.state and not self._is_event(leaf)
        )
        found = sorted(islice(usual, _LOOKED_AT), key=lambda one: _weight(one[0]))
        return [{"title": title, "value": self._field(leaf)} for leaf, title in found[:FIELDS]]

    def _field(self, leaf: Leaf) -> str:
        page = self._answers.pages.get(leaf.home) if self._answers.is_name(leaf) else None
        value = self._value(leaf)
        path = self._use(leaf)
        if page is not None and self._can_name(page.path):
            self._answers.use(page)
            return insert(path, f"link({expression(self._use(page))})")
        if isinstance(value, list):
            return insert(path, "join(', ')")
        if isinstance(value, bool):
            return insert(path, "yesno")
        timely = is_time(leaf.word) or (isinstance(value, str) and "T" in value)
        return insert(path, "time" if timely and moment_of(value) and not is_link(value) else "")

    def _value(self, leaf: Leaf) -> JSON:
        return _at(leaf.path, self._payload)

    def _is_event(self, leaf: Leaf) -> bool:
        """Whether it says what the name of the event says, in whatever request has it: the title tells that."""
        told = [(event, value) for event, one in self._seen if (value := _at(leaf.path, one)) is not None]
        return all(isinstance(value, str) and contains(in_words(event), in_words(value)) for event, value in told)

    def _can(self, leaf: Leaf) -> bool:
        return self._can_name(leaf.path) and not isinstance(self._value(leaf), dict)

    def _can_name(self, path: Path) -> bool:
        """Whether a draft can name a path of this payload, in which each number is a position, not a key."""
        above = (_at(path[:at], self._payload) for at, step in enumerate(path) if step.isdigit())
        return usable(path) and not any(isinstance(home, dict) for home in above)

    def _use(self, leaf: Leaf) -> Path:
        self._found.used.add(leaf.path)
        return leaf.path


def _weight(leaf: Leaf) -> int:
    """How late a fact is shown among others."""
    return 0 if leaf.word in _GRAVE or leaf.parent in _GRAVE else 2 if is_time(leaf.word) else 1


def _at(path: Path, payload: JSON) -> JSON:
    """The value at a path; None where there is none."""
    found = jsonpath.lookup(payload, steps_of(path))
    return None if found is jsonpath.MISSING else found


def steps_of(path: Path) -> tuple[jsonpath.Step, ...]:
    """A path of keys, in which the positions of elements are digits, as the steps of `jsonpath`."""
    return tuple(int(step) if step.isdigit() else step for step in path)


def usable(path: Path) -> bool:
    """Whether a draft can name a path: without the signs of paths, and each key can stand in a shape."""
    return bool(path) and all(is_shapely(step) and not set(step) & set("'\"\\[]{}%\n\r") for step in path)


def expression(path: Path) -> str:
    """A path as a template expression; one with a reserved word or the name of a method is looked up by `path`."""
    if path[0] not in _RESERVED and (chain := _chain(path)):
        return chain
    return f"payload | path('{jsonpath.written(steps_of(path))[1:].removeprefix('.')}')"


def _chain(path: Path) -> str:
    """Names joined by dots, attributes of XML in brackets: `order['@id']`; "" for a path with other keys in it."""
    first, *rest = path
    names = [step for step in rest if not _OF_XML.fullmatch(step)]
    if not all(one.isidentifier() and one.isascii() and one not in METHODS for one in (first, *names)):
        return ""
    return first + "".join(f"['{step}']" if step[0] in "@#" else f".{step}" for step in rest)


def insert(path: Path, function: str = "") -> str:
    """The value at a path, through a function."""
    return "{{ " + expression(path) + (f" | {function}" if function else "") + " }}"
