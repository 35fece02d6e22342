"""What a payload of unknown shape says, as the parts of a message: the one reading for every service without documents.

`answers` finds the head of the message; what is left becomes a table of facts (`facts.rank`), lines for arrays, and
JSON only for what is neither. Everything is bounded.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Final

from msgspec import Struct

from gateway.decode.envelopes import opened
from gateway.language.functions.answers import ENOUGH, NAME, TEXT, Answers
from gateway.language.functions.coerce import text_of
from gateway.language.functions.credentials import hide
from gateway.language.functions.facts import DULL, as_json, is_api, without
from gateway.language.functions.markdown import code_block, escape, link_to
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, function
from gateway.language.functions.text import shorten
from gateway.language.functions.tree import MOST, Path, Rows, Words, items_text, label, tree_of
from gateway.language.functions.wording import contains, is_form_of
from gateway.model import JSON

FIELDS: Final = ENOUGH
"""How many facts the table shows, but for the links, which share one."""
LINKS: Final = 5
ARRAYS: Final = 5
ELEMENTS: Final = 5
"""How many links without a name are shown, how many arrays, and of each how many elements: a line for each of them."""
_OTHERS: Final = 20
_OF_ELEMENT: Final = 20
_OF_NAME: Final = 8
"""How many leaves of an element are looked at: for its line, or for its name alone."""
_OF_LINE: Final = 4
"""The most facts in an element's line; beside its name half as many."""
_FACT: Final = 60
_MORE: Final = 280
"""Characters of the facts below the table: Mattermost shows 300 of a footer."""
_JSON: Final = 400
_LATER: Final = 14
"""The rank from which on facts are told only where there are few: settings, and what is known of a person or place."""
_PLAIN: Final = 5
"""The rank of an element's facts that are told beside its name."""

_EVENT_HEADER = re.compile(r"(?:x-)?[\w-]+-(?:event|topic)(?:-(?:key|type|name))?")


class Gist(Struct):
    """What a payload says: plain text, but `text`, `lists`, `more` and the values of `facts`, which are Markdown.

    `event` is what happened in words, `name` the thing that it happened to, `state` how that stands now, unless these
    two say it.
    """

    event: str = ""
    name: str = ""
    state: str = ""
    color: str | None = None
    actor: str = ""
    actor_link: str | None = None
    link: str | None = None
    image: str | None = None
    text: str | None = None
    facts: list[dict[str, str]] = []
    more: str | None = None
    lists: str | None = None

    @property
    def title(self) -> str:
        """Event, name and state on one line, each unless another says it; "" where the payload has none of them."""
        event = "" if contains(self.name, self.event) or is_form_of(self.event, self.state) else self.event
        front = ": ".join(part for part in (event, self.name) if part)
        return f"{front.rstrip(' .:!')}: {self.state}" if front and self.state else front


def gist(value: Mapping[str, JSON], event: str = "", *said: str, most: int = MOST) -> Gist:
    """What the payload says by `most` leaves, and by as large a share of arrays, but for what is `said`.

    `event` is its name if the request tells it.
    """
    tree = tree_of(_unkeyed(value), most=most)
    answers, found = Answers(tree), Gist()
    found.event = answers.event(event)
    found.name = answers.name(found.event)
    state = answers.state()
    found.state = "" if contains(f"{found.event} {found.name}", state) else state
    found.color = answers.color(event or found.event)
    found.actor, found.actor_link = answers.actor()
    answers.say(found.event, found.name, state, found.actor, *said)
    found.link, found.image = answers.link(), answers.image()
    found.text = answers.text(found.name)
    found.facts, found.more = _table(answers)
    found.lists = (
        "\n\n".join([*_lists(tree.rows, answers.about, max(1, ARRAYS * most // MOST)), *_oddities(tree.others)]) or None
    )
    return found


def event_of(headers: Mapping[str, str]) -> str:
    """The name of the event in a header such as `X-Groove-Event` or `X-Shopify-Topic`; "" without one."""
    return next((text[:NAME] for name, text in headers.items() if _EVENT_HEADER.fullmatch(name[:100])), "")


def _unkeyed(value: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """An envelope that has its data under the name of its event, with the usual key in its place."""
    names = [name for key in ("event_type", "event", "type") if isinstance(name := value.get(key), str)]
    key = next((name for name in names if isinstance(value.get(name), dict) and "data" not in value), None)
    return value if key is None else {**{k: v for k, v in value.items() if k != key}, "data": value[key]}


def _table(answers: Answers) -> tuple[list[dict[str, str]], str | None]:
    """The fields, and what is left of the facts as one line."""
    fields, rest, room = list[dict[str, str]](), list[str](), _MORE
    for leaf, title, text, score in answers.facts():
        page = answers.pages.get(leaf.home) if answers.is_name(leaf) else None
        if _LATER <= score < DULL and len(fields) >= FIELDS // 2:
            continue
        if len(fields) >= FIELDS:
            rest.append(f"{title}: {escape(shorten(text, _FACT))}")
            room -= len(rest[-1])
            if room < 0:
                break
            continue
        value = escape(text)
        if page is not None:
            answers.use(page)
            value = link_to(value, text_of(page.value))
        fields.append({"title": title, "value": Markup(value)})
    links = list(islice(answers.links(few=len(fields) <= FIELDS // 2), LINKS))
    if links:
        shown = (link_to(escape(_link_label(leaf.words, answers.about)), text_of(leaf.value)) for leaf in links)
        fields.append({"title": "Links", "value": Markup(" · ".join(shown))})
    return fields, _footer(rest)


def _link_label(words: Words, about: Words) -> str:
    """`diff_url` as "Diff"."""
    whole = label(words, about)
    name, _, kind = whole.rpartition(" ")
    return name if kind in ("url", "link", "uri", "href") and name else whole


def _footer(facts: Sequence[str]) -> str | None:
    """As many facts as a footer holds."""
    shown, room = list[str](), _MORE
    for fact in facts:
        room -= len(fact) + 3
        if room < 0:
            break
        shown.append(fact)
    return Markup(" · ".join(shown)) if shown else None


def _lists(rows: Sequence[Rows], about: Words, most: int) -> Iterator[str]:
    """At most so many arrays of objects, such as commits or items, as a line for each of the first elements."""
    shown = 0
    shallow = sorted(rows, key=lambda one: (len(one.words), -min(len(one.elements), ELEMENTS)))
    for array in shallow[: most + 1]:  # one may have nothing to tell
        lines = list(_lines(array, names=not shown)) if shown < most else []
        if lines:
            shown += 1
            yield "\n".join([f"**{escape(label(array.words, about))}**", *lines])


def _lines(rows: Rows, *, names: bool) -> Iterator[str]:
    """A line for each of the first elements; with `names`, the others by their names only."""
    found = [_line(element, secret=rows.secret) for element in rows.elements[:ELEMENTS]]
    yield from (f"- {text}" for text in found if text)
    rest = rows.elements[ELEMENTS:]
    if rest and any(found):
        objects = (one for one in rest[:_OTHERS] if names and isinstance(one, dict))
        inner = (Answers(tree_of(one, secret=rows.secret, most=_OF_NAME)).name(deeper=5) for one in objects)
        known = shorten(", ".join(dict.fromkeys(name for name in inner if name)), 250)
        yield f"and {len(rest)} more" + (f": {escape(known)}" if known else "")


def _line(element: JSON, *, secret: bool) -> str:
    """An element of an array in a few words: its name, linked, with its state and what else tells most."""
    if not isinstance(element, dict):
        text = items_text(element if isinstance(element, list) else [element], row=True)
        return "" if secret else escape(shorten(hide(text), NAME))
    answers = Answers(tree_of(element, secret=secret, most=_OF_ELEMENT))
    name, state, (actor, _), link = answers.name(deeper=5), answers.state(), answers.actor(), answers.link() or ""
    named = answers.headline is not None and answers.headline.word != "id"
    if answers.headline is not None:
        answers.use(answers.headline)
    answers.say("", name, state, actor)
    telling = takewhile(lambda fact: fact[3] < (_PLAIN if named else DULL), answers.facts(_FACT))
    facts = [(title, text) for _, title, text, _ in islice(telling, _OF_LINE)]
    if not named and not actor and all(title in ("Type", "Kind", "Object") for title, _ in facts):
        return ""
    head = shorten(name or actor, NAME)
    tail = [state, actor if named else ""]
    tail += [
        text if title == "Value" else f"{title}: {text}"
        for title, text in facts[: _OF_LINE // 2 if named else _OF_LINE]
    ]
    shown = [link_to(escape(head), "" if is_api(link) else link)] if head else []
    return " · ".join([*shown, *(escape(part) for part in tail if part and not contains(head, part))])


def _oddities(others: Sequence[tuple[Path, JSON]]) -> Iterator[str]:
    """What is neither fact nor line, as JSON that is cut."""
    for path, value in others[:2]:
        left = without({path[-1]: value}, ())
        if left is not None:
            yield code_block(shorten(as_json(left), _JSON), "json")


@function(
    name="gist",
    doc="What a payload of unknown shape says, as an object: `event` (what happened, in words), `name`, `state`, "
    "`title` (the three in one line), `color`, `actor`, `actor_link`, `link`, `image`, `text`, `facts` (an array of "
    "`{title, value}`), `more`, `lists`. What one tells, a later one leaves out; credentials are left out. The first "
    "argument is the name of the event, if it is known; others are what the message says besides.",
    examples=[
        Example(
            "{% set it = payload | gist %}{{ it.title }}; {{ it.facts[0].title }}: {{ it.facts[0].value }}",
            {"payload": {"type": "deploy.ended", "data": {"service": {"name": "api"}, "status": "failed", "took": 4}}},
            "Deploy ended: api: failed; Took: 4",
        ),
        Example(
            "{{ (payload | gist('org.example.job.done')).title }}",
            {"payload": {"job": "backup", "message": {"text": "42 GB"}}},
            "Job done: 42 GB",
        ),
    ],
)
def _gist(value: JSON, event: JSON = "", *said: JSON) -> JSON:
    """See the registration; a value that is no object is the text."""
    whole = opened(value)
    if not isinstance(whole, dict):
        return {"text": shorten(hide(text_of(value)), TEXT)}
    found = gist(whole, text_of(event), *map(text_of, said))
    parts = {key: getattr(found, key) for key in (*Gist.__struct_fields__, "title")}
    parts |= {key: Markup(parts[key]) for key in ("text", "lists") if parts[key]}
    return {key: part for key, part in parts.items() if part}
