"""Hostile inputs: real requests that were changed, then signed or not. A seed and a number always give the same one."""

from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Final

from msgspec import Struct

from tests.hostile import bodies, corpus, heads
from tests.hostile.drafts import Draft, break_proof, prove

VARIANTS: Final = ("", "-mattermost", "-strict", "-open")
"""Routes of each service: to a destination that takes everything, to the stand-in Mattermost, a strict, an open one."""

_SHARES: Final = (80, 8, 4, 8)
_WHOLE: Final = 0.06
"""The share of inputs that are no request, or one that parsers disagree about."""

HOOK: Final = "h" * 26
"""The id of a hook of the stand-in, for pass-through."""

Change = Callable[[Draft, Random, Sequence[Draft]], None]
_BODIES: Final[Sequence[Change]] = (
    bodies.in_structure, bodies.in_every_text, bodies.in_bytes, bodies.as_form, bodies.as_multipart, bodies.as_xml,
    bodies.as_cloudevent,
)  # fmt: skip
_BODY_SHARES: Final = (55, 6, 8, 6, 4, 4, 3)


class Input(Struct, omit_defaults=True):
    """One input. `scheme` is the index of the scheme that proves it (-1: none), `broken` whether that proof is damaged.

    `raw` is what a socket sends instead of the draft. `changes` say what was done to the real request.
    """

    number: int
    service: str
    draft: Draft
    scheme: int
    broken: bool
    changes: tuple[str, ...]
    raw: bytes = b""

    @property
    def invented(self) -> bool:
        """Whether it goes to a hook that no Mattermost has: what it brings is dropped once Mattermost says so."""
        return self.draft.path.startswith("/hooks/") and HOOK not in self.draft.path

    def wire(self) -> bytes:
        """The bytes to be sent, signed now."""
        if self.raw:
            return self.raw
        made = proven(self.draft, self.service, self.scheme)
        if self.broken:
            break_proof(made, corpus.schemes()[self.service], Random(self.number))
        return made.wire()


@cache
def _samples() -> tuple[Sequence[tuple[str, Draft]], Sequence[Draft]]:
    """Samples as they are drawn, with the key of their service: one service is drawn as often as another."""
    every = corpus.services()
    most = max(len(service.samples) for service in every)
    even = [
        (service.key, service.samples[index % len(service.samples)]) for service in every for index in range(most // 4)
    ]
    return even + [(service.key, draft) for service in every for draft in service.samples], [draft for _, draft in even]


def copy(draft: Draft) -> Draft:
    """A draft that may be changed without the other."""
    return Draft(draft.method, draft.path, draft.query, draft.headers[:], draft.body)


def proven(draft: Draft, service: str, scheme: int) -> Draft:
    """A copy of the draft with the proof of a scheme; without one where the draft cannot carry it."""
    made = copy(draft)
    if scheme >= 0:
        prove(made, corpus.schemes()[service][scheme])
    return made


def make(seed: int, number: int) -> Input:
    """The input of this number."""
    rng = Random(seed * 1_000_003 + number)
    drawn, others = _samples()
    service, real = rng.choice(drawn)
    draft, changes = copy(real), []
    if rng.random() < 0.86:
        change = rng.choices(_BODIES, _BODY_SHARES)[0]
        change(draft, rng, others)
        changes.append(change.__name__)
    if rng.random() < 0.2:
        heads.change_headers(draft, rng)
        changes.append("headers")
    if rng.random() < 0.06:
        bodies.encode(draft, rng)
        changes.append("encoding")
    _choose_route(draft, service, rng, changes)
    if rng.random() < 0.05:
        heads.change_target(draft, rng)
        changes.append("target")
    dice = rng.random()
    scheme = rng.randrange(len(corpus.schemes()[service])) if dice < 0.9 else -1
    made = Input(number, service, draft, scheme, 0.75 < dice < 0.9, tuple(changes))
    if rng.random() < _WHOLE:
        made.raw = heads.malformed(proven(draft, service, scheme), rng, others)
        made.changes += ("malformed",)
    return made


def _choose_route(draft: Draft, service: str, rng: Random, changes: list[str]) -> None:
    if rng.random() < 0.01:
        hook = HOOK if rng.random() < 0.7 else f"{rng.randrange(100):026d}"
        draft.path = f"/hooks/{hook}/{service}"
        changes.append("pass-through")
        return
    variant = rng.choices(VARIANTS, _SHARES)[0]
    draft.path = f"/in/{service}{variant}"
