"""What documents name and no sample reaches: events, delivery ids, steps of `unwrap`; and ids that samples share.

Nobody has seen what becomes of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase

from msgspec import Struct

from gateway.catalog.service import Service
from gateway.catalog.translator import Translator
from gateway.decode.unwrap import Idle
from gateway.errors import Fault


class Reached(Struct, frozen=True):
    """What samples reach.

    `events` are the names of the events for which a translator ("github/push") spoke, or was silent on purpose. `told`
    are the keys of the services of which a sample became an event, `identified` of those with a delivery id, `named` of
    those with the name of an event. `idle` are the steps of a service's `unwrap` that did nothing in any of its
    samples. `faults` says which files are no samples. `alike` names, of a service, two samples with one delivery id
    that show different messages: of two such requests, the second is taken for the first.
    """

    events: Mapping[str, AbstractSet[str]]
    told: AbstractSet[str] = frozenset()
    identified: AbstractSet[str] = frozenset()
    named: AbstractSet[str] = frozenset()
    idle: Mapping[str, AbstractSet[Idle]] = {}
    faults: Sequence[Fault] = ()
    alike: Mapping[str, tuple[str, str]] = {}


class Unsampled(Struct, frozen=True):
    """The event at `index` of a translator's `events`, which no sample reaches."""

    translator: Translator
    index: int

    @property
    def problem(self) -> str:
        """What is missing, in words."""
        event = self.translator.events[self.index]
        return f"no sample shows what becomes of {event}: none comes to {self.translator.name} by such a name"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        service, _, name = self.translator.name.partition("/")
        return f"write a request with it into {service}/samples/{name}.NAME.yaml, then run `mattergate test --write`"


def unsampled(translators: Iterable[Translator], reached: Reached) -> list[Unsampled]:
    """The events that no sample reaches: a name by itself, a pattern by one name that it covers."""
    return [
        Unsampled(one, index)
        for one in translators
        for index, event in enumerate(one.events)
        if not any(fnmatchcase(name, event) for name in reached.events.get(one.name, ()))
    ]


NO_ID = "no sample has a delivery id: each is recognised by its body alone, for a short time"
"""What is wrong with a `delivery_id` that no sample has."""

ID_REMEDY = (
    "a path of it begins in the body as it was sent, before `unwrap`; `mattergate test` says what a sample has, as "
    "expect.delivery_id"
)
"""What to do about it."""


def unidentified(services: Iterable[Service], reached: Reached) -> list[Service]:
    """The services that describe delivery ids of which no sample has one, although some became events."""
    return [one for one in services if one.delivery_id and one.key in reached.told - reached.identified]


NO_NAME = "no sample has the name of an event: none of these has a value in any"
"""What is wrong with the selectors of a name that no sample has."""

NAME_REMEDY = "a path of it begins in one event, behind `unwrap`; `mattergate test` says what a sample has"
"""What to do about it."""


def unnamed(services: Iterable[Service], reached: Reached) -> list[Service]:
    """The services that say how events are named of which no sample has a name, although some became events."""
    return [one for one in services if one.event and one.key in reached.told - reached.named]


def unused(services: Iterable[Service], reached: Reached) -> list[tuple[Service, Idle]]:
    """The steps of `unwrap` that did nothing in any sample, with their services: most likely a path is mistyped."""
    return [(service, idle) for service in services for idle in sorted(reached.idle.get(service.key, ()))]


IDLE_REMEDY = "correct its path, or write a sample with what it takes out"
"""What to do about a step that did nothing in any sample."""


ALIKE = (
    "{} and {} have one delivery id and show different messages: what comes second is taken for a repeat, and is lost"
)
"""What is wrong with a `delivery_id` of two samples, by their names."""

ALIKE_REMEDY = (
    "add a part that differs from request to request, such as a header or a time; an id of what an event is about is "
    "none of a delivery. Where one sample was copied from the other, change the id in it"
)
"""What to do about it."""
