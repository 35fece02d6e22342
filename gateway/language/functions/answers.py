"""The questions that every message answers, asked of a payload of unknown shape: what, to whom, how it stands, by whom.

Each is answered by the likeliest leaf (`clues`) nearest to the thing that the message is about; what was answered once
is not told again.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from itertools import islice
from typing import Final

from msgspec.structs import replace

from gateway.language.functions import clues
from gateway.language.functions.clues import EVENTS, LEVELS, LINKS, NAMES, NOUNS, PERSONAL, SEVERITIES, VERBS
from gateway.language.functions.coerce import text_of
from gateway.language.functions.credentials import hide, words_of
from gateway.language.functions.facts import DULL, NEVER, VALUE_LENGTH, is_api, is_link, is_machine, rank, shown, told
from gateway.language.functions.html import html
from gateway.language.functions.markdown import escape
from gateway.language.functions.states import TONES, known_color, tone_of
from gateway.language.functions.text import shorten
from gateway.language.functions.tree import Leaf, Path, Tree, Words, distance, joined, label
from gateway.language.functions.wording import contains, first_line, framed, in_words, is_html, plain, squashed
from gateway.model import JSON

TITLE: Final = 150
TEXT: Final = 1200
NAME: Final = 100
ENOUGH: Final = 10
"""The facts after which ids are told of nothing but the thing itself."""
_MOST: Final = 150
"""How many facts are looked at: a message shows fewer."""
_NEARBY: Final = 2
"""The steps between a thing and a state that may be its own."""
_TRIES: Final = 8
"""How many texts or links are looked at to find one that is not told already."""
_ALIKE: Final = 25
"""Characters that two texts have to share at their beginning to be one text in two formats."""
_LONGEST_LINK: Final = 500
_OF_HTML: Final = 3
"""How much more of a text with tags is read than a fact shows."""
_DETAILED: Final = "detailed_message"
"""The key of a text that says what a message says, and more."""
_MANNER: Final = ("type", "role")
"""Keys that tell of a person what their name does not."""

Weigh = Callable[[Leaf], float | None]


class Answers:
    """The leaves of one payload; those that are `_used` are told.

    `places` are the leaves that answered a question: "state", "actor", "link", "text". `_head` is what title and author
    say; `_said` and `_texts` are that and the texts in words, to be compared.

    The questions are to be asked in the order of the methods: later answers lean on earlier ones.
    """

    def __init__(self, tree: Tree) -> None:
        self.leaves = joined(tree.leaves)
        self.about: Words = ()
        self.headline: Leaf | None = None
        self.places: dict[str, Leaf] = {}
        self._used: set[Path] = set()
        self._state: Leaf | None = None
        self._head: list[str] = []
        self._said: list[str] = []
        self._texts: list[str] = []
        self._starts: set[str] = set()

    def event(self, name: str) -> str:
        """What happened, in words: as the request says, or the payload; an envelope's name says nothing."""
        event, verb, noun = (self._best(partial(clues.event, names=names)) for names in (EVENTS, VERBS, NOUNS))
        if name and not clues.is_envelope(name):
            words = in_words(name.removeprefix("event."))
            more = in_words(text_of(verb.value)) if verb and not event and verb.depth == 1 else ""
            return shorten(words if not more or contains(words, more) else f"{words} {more.lower()}", NAME)
        beside = noun and verb and noun.home != verb.home
        leaves = [event] if event else [verb] if beside else [noun, verb]
        return in_words(" ".join(text_of(leaf.value) for leaf in leaves if leaf))

    def name(self, event: str = "", deeper: float = 0) -> str:
        """The thing on one line; what is below the top weighs so much more.

        A longer text is cut, but stays unused: `text` shows it in full.
        """
        happened = next((leaf.home for leaf in self.leaves if leaf.home and contains(event, leaf.parent)), ())

        def weigh(leaf: Leaf) -> float | None:
            weight = None if event and leaf.words == ("id",) else clues.name(leaf)  # at the top, the id of the event
            own = -2 * (leaf.home == happened != ())
            return None if weight is None else weight + own + deeper * (leaf.depth > 1)

        self.about, found = happened, self._best(weigh)
        if found is None:
            return ""
        self.headline = found
        if not clues.is_beside(found):
            self.about = found.home[:-1] if clues.is_inner_text(found) else found.home
        whole = plain(text_of(found.value))
        if len(whole) <= TITLE and "\n" not in whole:
            self._used.add(found.path)
        numbered = found.word == "number" and whole.isdigit()
        return f"#{whole}" if numbered else shorten(first_line(whole), TITLE)

    def state(self) -> str:
        """How it stands."""
        self._state = self._take(self._near(clues.state, _NEARBY, self._titled))
        if self._state is not None:
            self.places["state"] = self._state
        return hide(text_of(self._state.value)).strip() if self._state else ""

    def color(self, event: str) -> str | None:
        """The colour of the nearest state or severity, else of the event's own name if that tells one."""
        levels = (self._near(partial(clues.level, names=names), origin=self._titled) for names in (SEVERITIES, LEVELS))
        severity, level = (self._best(weigh, anew=True) for weigh in levels)
        level = severity or level
        known = [tone for tone in (tone_of(one.value) for one in (self._state, level) if one) if tone]
        if not known:
            return known_color(event) or (TONES["gone"] if self._state or level else None)
        # The severity is more precise than a state such as "firing", but a good state overrides it.
        return TONES[known[0] if known[0] == "done" or not severity else known[-1]]

    def actor(self) -> tuple[str, str | None]:
        """The person who acted, with their page; their other names are not told."""
        found = self._take(clues.actor)
        if found is None:
            return "", None
        self.places["actor"] = found
        name = shorten(hide(text_of(found.value).strip()), 60)
        if not clues.is_of_person(found):
            return name, None
        page = self.pages.get(found.home)
        self._used |= {leaf.path for leaf in self.leaves if leaf.home == found.home and leaf.word not in _MANNER}
        return name, text_of(page.value).strip() if page else None

    def say(self, *texts: str) -> None:
        """Title and author are made of these texts."""
        self._head += texts
        self._said += map(framed, texts)
        self._starts |= {start for text in texts if (start := _start(text))}

    def link(self) -> str | None:
        """The page about the thing, or about what it is part of; one for programs only at need."""
        people = {leaf.home for leaf in self.leaves if leaf.word in PERSONAL} - {self.about}

        def weigh(leaf: Leaf) -> float | None:
            of_person = leaf.home in people or clues.is_of_person(leaf)
            weight = None if of_person or is_machine(leaf) else clues.link(leaf)
            return None if weight is None else weight + 60 * is_api(text_of(leaf.value))

        found = next((leaf for leaf in self._candidates(self._near(weigh)) if not _is_secret(leaf)), None)
        if found is None:
            return None
        self.places["link"] = found
        return text_of(found.value).strip()

    def image(self) -> str | None:
        """A picture of the thing."""
        found = self._take(self._near(clues.image, 1))
        return text_of(found.value).strip() if found and not _is_secret(found) else None

    def text(self, name: str) -> str | None:
        """The nearest text as Markdown, unless it is told already; HTML is converted, everything else is literal."""
        rest = ""
        if self.headline is not None and self.headline.path not in self._used:
            self._used.add(self.headline.path)
            self.places["text"] = self.headline
            rest = hide(text_of(self.headline.value).strip())
            detailed = any(_DETAILED in leaf.words[-2:] for leaf in self.leaves)
            if not detailed and not is_html(rest):
                return self._prose(rest.partition("\n")[2].strip() if first_line(rest) == name else rest)
        for leaf in self._candidates(self._near(clues.text)):
            words = hide(text_of(leaf.value).strip())
            if not any(contains(said, plain(words)) for said in self._head):
                self.places["text"] = leaf
                return self._prose(words)
        return self._prose(rest)

    def facts(self, width: int = VALUE_LENGTH) -> Iterator[tuple[Leaf, str, str, int]]:
        """Leaf, title, text of about `width` and rank of what nothing tells yet, but for links; most telling first."""
        known, titles = set[str](), set[str]()
        for leaf, text, score in islice(told(self._ranked(), self._used, partial(_brief, width)), _MOST):
            others = score >= DULL and len(titles) >= ENOUGH and leaf.home not in ((), self.about)
            if others or score >= NEVER or self._repeats(leaf, text) or text in known:
                continue
            title = label(leaf.home if self.is_name(leaf) else leaf.words, self.about)
            title = label(leaf.words) if title in titles else title
            if title not in titles or score < 4:
                known |= {text} if len(text) >= 6 and not text.endswith("UTC") else set()
                titles.add(title)
                self._starts.add(_start(text))
                yield leaf, title, text, score

    def links(self, *, few: bool) -> Iterator[Leaf]:
        """The links that nothing tells yet; where there are `few` facts also those for programs."""
        told_of = {leaf.value for leaf in self.leaves if leaf.path in self._used}.union(self._head)
        usual = (
            leaf
            for leaf in self.leaves
            if is_link(leaf.value) and len(text_of(leaf.value)) <= _LONGEST_LINK and leaf.value not in told_of
            if rank(leaf) < NEVER or (few and not is_machine(leaf))
        )
        return (leaf for leaf in sorted(usual, key=rank) if not _is_secret(leaf))

    @cached_property
    def pages(self) -> Mapping[Words, Leaf]:
        """Object -> the URL of its page."""
        pages = dict[Words, Leaf]()
        for leaf in self.leaves:
            usual = leaf.word in LINKS and is_link(leaf.value) and not is_api(text_of(leaf.value))
            if usual and not _is_secret(leaf):
                other = pages.get(leaf.home)
                if other is None or LINKS[leaf.word] < LINKS[other.word]:
                    pages[leaf.home] = leaf
        return pages

    def use(self, leaf: Leaf) -> None:
        """Something else tells this leaf."""
        self._used.add(leaf.path)

    def is_name(self, leaf: Leaf) -> bool:
        """Whether it is the name of an object other than the thing: the object's key says what it is."""
        return leaf.word in NAMES and leaf.parent != "" and leaf.home != self.about

    def _best(self, weigh: Weigh, *, anew: bool = False) -> Leaf | None:
        """The leaf of the least weight, the first of equals; a used one only with `anew`."""
        best, least = None, 0.0
        for leaf in self.leaves:
            weight = weigh(leaf)
            if weight is None or (best is not None and weight >= least):
                continue
            if anew or leaf.path not in self._used:
                best, least = leaf, weight
        return best

    def _take(self, weigh: Weigh) -> Leaf | None:
        """The best leaf, used from now on."""
        found = self._best(weigh)
        if found is not None:
            self._used.add(found.path)
        return found

    def _candidates(self, weigh: Weigh) -> Iterator[Leaf]:
        """The best leaves, the likeliest first, each used as soon as it is looked at."""
        weighed = ((weight, at) for at, leaf in enumerate(self.leaves) if (weight := weigh(leaf)) is not None)
        for _, at in sorted(one for one in weighed if self.leaves[one[1]].path not in self._used)[:_TRIES]:
            self._used.add(self.leaves[at].path)
            yield self.leaves[at]

    @property
    def _titled(self) -> Words:
        """The object that the name is from, which may stand beside what the message is about."""
        return self.headline.home if self.headline else self.about

    def _near(self, clue: Weigh, most: float = 99, origin: Words | None = None) -> Weigh:
        """The clue with the way from an object, the thing if none is given; what is only beside that is farther."""
        about = self.about if origin is None else origin

        def weigh(leaf: Leaf) -> float | None:
            weight = clue(leaf)
            if weight is None:
                return None
            far = distance(leaf.home, about) + 2 * clues.is_beside(leaf, about)
            return 4 * far + weight if far <= most else None

        return weigh

    def _prose(self, words: str) -> str | None:
        if not words:
            return None
        text = plain(words)
        self._texts.append(framed(text))
        self._starts.add(_start(text))
        return str(html(words, TEXT)) if is_html(words) else escape(shorten(words, TEXT))

    def _ranked(self) -> list[Leaf]:
        """The leaves as facts, but for links; what a named object says besides its name comes later."""
        names = self._names()
        ranked = []
        for leaf in self.leaves:
            value, name = leaf.value, names.get(leaf.home)
            if is_link(value):
                continue
            other = name is not None and leaf is not name
            if other and leaf.word in NAMES and contains(text_of(name.value if name else ""), text_of(value)):
                continue
            known = leaf.word not in _MANNER and (clues.is_beside(leaf) or clues.is_of_person(leaf))
            later = (12 if known else 3) if other and leaf.home != self.about else 0
            ranked.append(replace(leaf, depth=leaf.depth + later) if later else leaf)
        return ranked

    def _names(self) -> Mapping[Words, Leaf]:
        """Object -> the best of its names."""
        names = dict[Words, Leaf]()
        for leaf in self.leaves:
            if leaf.word in NAMES and leaf.home:
                other = names.get(leaf.home)
                if other is None or NAMES[leaf.word] < NAMES[other.word]:
                    names[leaf.home] = leaf
        return names

    def _repeats(self, leaf: Leaf, text: str) -> bool:
        """Whether title, author, text or an earlier fact tells this already, or it only names an envelope."""
        words = framed(text)
        if text in self._head or not words:
            return True
        if leaf.word in (*NOUNS, *EVENTS, *VERBS) and self._is_empty_kind(leaf, text):
            return True
        if len(text) < 6 or text.isdigit():
            return False
        start = _start(text)
        said = (*self._said, *self._texts) if len(text) >= 12 else self._said
        return (start != "" and start in self._starts) or any(words in one for one in said)

    def _is_empty_kind(self, leaf: Leaf, text: str) -> bool:
        """Whether the kind of something says no more than its key, the event or the shape of the payload."""
        words = words_of(text)
        return (
            clues.is_envelope(text)
            or clues.role_of(words) is not None
            or words.endswith(("_list", "_reference"))
            or (leaf.parent != "" and leaf.parent in words)
            or any(contains(said, in_words(text)) for said in self._head[:1])
        )


def _start(text: str) -> str:
    """The beginning of a long text: another that begins so is the same in another format."""
    return squashed(text[:100])[:_ALIKE] if len(text) >= _ALIKE else ""


def _brief(width: int, word: str, value: JSON) -> str:
    """A fact as a person reads it, a long text cut."""
    if isinstance(value, str) and (len(value) > width or "\n" in value or "<" in value):
        read = value[: (_OF_HTML if "<" in value else 2) * width]
        value = shorten(" ".join(plain(read).split()), width)
    return shown(word, value)


def _is_secret(leaf: Leaf) -> bool:
    """Whether a URL holds a credential."""
    url = text_of(leaf.value)
    return hide(url) != url
