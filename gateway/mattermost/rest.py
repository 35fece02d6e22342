"""Posting to a channel over REST: posts, cards that are edited, replies in their threads.

    no card                  POST, as a reply if the message says so: in the thread of what is a reply itself, and a
                             post of its own where that is gone
    card, no post of it yet  POST the card; the journal remembers its id when the delivery is settled
    card with a post         update: PATCH it;  thread: POST a reply;  both: PATCH, then reply
    its post is gone         POST a new card
    a card that only replies POST a reply; without a card of the subject, a post of its own
    it may not be edited     update: POST a new card;  both: reply alone
    newer news are on it     POST a reply that says so, whatever the mode; without its post, a post of its own

Every POST has a marker made from its step, by which the server (for 30 seconds, contract 6.3) and the look-up of
`repeats` know it again, so that a repeat makes no second post. Messages without a card cost one request each: channels
are looked up once.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from time import monotonic, time
from typing import NamedTuple, Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import JournalError
from gateway.mattermost import rest_answers
from gateway.mattermost.acts_shown import ROOM, DoneAct, raw_with_acts
from gateway.mattermost.channel import Channels
from gateway.mattermost.editing import Editing, Verdict
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import place_of
from gateway.mattermost.repeats import Repeats
from gateway.mattermost.rest_answers import Answer, Case, Extra
from gateway.mattermost.rest_post import Payload, as_late, extras_of, marker_of, patch, post, read
from gateway.mattermost.session import Session, decoded
from gateway.model import Card, CardMode, Delivered, Delivery, Later, Phase, Result
from gateway.outbound.exchange import Unsent

DOING_WITHOUT = 6 * 3600.0
"""Seconds for which messages to a destination leave out an extra that its server refused."""

_ID = re.compile(r"[a-z0-9]{26}")

log = structlog.get_logger("gateway.mattermost")


class Shown(Protocol):
    """The post that shows a subject; `closed` says whether the subject came to its end."""

    @property
    def post_id(self) -> str:
        """The id of the post."""

    @property
    def closed(self) -> bool | None:
        """Whether the subject ended, so that its next event opens a new post."""

    @property
    def newer(self) -> bool:
        """Whether a later event than the delivery's has been delivered to the subject: so it is when it is replayed."""

    @property
    def acts(self) -> Sequence[DoneAct]:
        """What was done with the buttons of the post, oldest first."""


Cards = Callable[[str, int], Awaitable[Shown | None]]
"""The post that shows a subject, for the delivery of a number, as last settled. May raise JournalError."""


class _RootGone(Exception):  # noqa: N818 - states a condition
    """The post to edit or to reply to no longer exists."""


class _Barred(Exception):  # noqa: N818 - states a condition
    """The account may not edit its post."""


class _Reply(Struct):
    root_id: str = ""


class _Step(NamedTuple):
    """One post of a delivery: a root, or a reply to `root_id`."""

    payload: Payload
    marker: str
    root_id: str = ""


class Concessions:
    """The extras that a server refused, which messages leave out for some hours. `name` is the destination's name."""

    def __init__(self, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._name = name
        self._clock = clock
        self._until: dict[Extra, float] = {}

    def now(self) -> Collection[Extra]:
        """The extras to leave out now."""
        if not self._until:
            return ()
        now = self._clock()
        return [extra for extra, until in self._until.items() if until > now]

    def make(self, extra: Extra) -> None:
        """Leave an extra out from now on; the first time logs a warning."""
        if extra not in self._until:
            log.warning("leaving out an extra of messages", destination=self._name, why=f"the server takes no {extra}")
        self._until[extra] = self._clock() + DOING_WITHOUT


class RestSender:
    """Sends messages to one channel as one account. `cards` finds the posts that show subjects."""

    def __init__(
        self,
        session: Session,
        channels: Channels,
        cards: Cards,
        concessions: Concessions,
        repeats: Repeats,
        editing: Editing,
    ) -> None:
        self._session = session
        self._channels = channels
        self._cards = cards
        self._concessions = concessions
        self._repeats = repeats
        self._editing = editing

    @property
    def warning(self) -> str:
        """What this sender cannot do although messages arrive, with the remedy; empty when all is well."""
        return self._editing.warning

    async def send(self, delivery: Delivery) -> Result:
        """Post, edit or reply, as the card of the delivery says. Failures of network or server are no exceptions."""
        try:
            if delivery.card is None:
                payload = read(delivery.payload)
                step = _Step(payload, marker_of(delivery, "post"), payload.root_id)
                return await self._post(delivery, step)
            return await self._show(delivery, delivery.card)
        except _RootGone:  # only of a message with a `root_id`: cards have an answer to that
            return await self._unrooted(delivery)
        except Unsent as unsent:
            return unsent.result
        except JournalError as error:
            return Later(f"the post that shows the subject cannot be read from the journal: {error}")

    async def answers(self) -> bool:
        """Whether the server answers; see `health.answers`."""
        return await self._session.answers()

    def target(self, delivery: Delivery) -> str:
        """The channel that the message names."""
        return place_of(delivery.payload)

    async def _unrooted(self, delivery: Delivery) -> Result:
        """Put a reply to what is itself a reply in its thread; make a post of its own where the thread is gone."""
        payload = read(delivery.payload)
        try:
            if root_id := await self._root_of(payload.root_id):
                try:
                    return await self._post(delivery, _Step(payload, marker_of(delivery, "rooted"), root_id))
                except _RootGone:
                    pass
            return await self._post(delivery, _Step(payload, marker_of(delivery, "unrooted")))
        except Unsent as unsent:
            return unsent.result

    async def _root_of(self, post_id: str) -> str:
        """The root of the thread that a reply is in; "" for a post that is none, or is gone. Raises Unsent."""
        reply = await self._session.call("GET", f"/posts/{post_id}") if _ID.fullmatch(post_id) else None
        return decoded(reply, _Reply).root_id if reply is not None and reply.status == 200 else ""

    async def _show(self, delivery: Delivery, card: Card) -> Result:
        shown, step = await self._cards(card.subject, delivery.seq), "card"
        if shown is not None and shown.newer:
            return await self._add_late(delivery, shown.post_id)
        if shown is not None and not (shown.closed and card.phase is Phase.OPEN):
            try:
                return await self._follow(delivery, card, shown)
            except _RootGone:
                step = "new card"
        if card.alone is None:
            return await self._open(delivery, card, step)
        return await self._stand_alone(delivery, card.alone, step)

    async def _stand_alone(self, delivery: Delivery, name: str, step: str) -> Result:
        """Make a post that shows no subject; a further part of a message replies to the first one, found by `name`."""
        payload, first = read(delivery.payload), await self._cards(name, delivery.seq) if name else None
        if first is not None:
            try:
                result = await self._post(delivery, _Step(payload, marker_of(delivery, "part"), first.post_id))
            except _RootGone:
                pass
            else:
                if isinstance(result, Delivered):
                    return replace(result, post_id=first.post_id, alone=True)
                return result
        result = await self._post(delivery, _Step(payload, marker_of(delivery, step)))
        return replace(result, alone=True) if isinstance(result, Delivered) else result

    async def _add_late(self, delivery: Delivery, root_id: str) -> Result:
        """Reply to the root, which shows newer news and stays as it is; in a post of its own where the root is gone."""
        payload = as_late(read(delivery.payload))
        try:
            result = await self._post(delivery, _Step(payload, marker_of(delivery, "late"), root_id))
            alone = False
        except _RootGone:
            result = await self._post(delivery, _Step(payload, marker_of(delivery, "late alone")))
            alone = True
        if not isinstance(result, Delivered):
            return result
        return replace(result, post_id=result.post_id if alone else root_id, alone=alone, late=True)

    async def _open(self, delivery: Delivery, card: Card, step: str) -> Result:
        payload = read(card.payload or delivery.payload)
        return await self._post(delivery, _Step(payload, marker_of(delivery, step)))

    async def _follow(self, delivery: Delivery, card: Card, shown: Shown) -> Result:
        """Edit or reply to the root. Raises _RootGone, also between the two steps of `both`."""
        root_id = shown.post_id
        if card.mode is not CardMode.THREAD:
            try:
                result = await self._patch(_edited(delivery, card, shown.acts), root_id)
            except _Barred:
                if card.mode is CardMode.UPDATE:
                    raise _RootGone from None
            else:
                if not isinstance(result, Delivered):
                    return result
        if card.mode is not CardMode.UPDATE:
            step = _Step(read(delivery.payload), marker_of(delivery, "reply"), root_id)
            result = await self._post(delivery, step)
            if not isinstance(result, Delivered):
                return result
        return replace(result, post_id=root_id)

    async def _post(self, delivery: Delivery, step: _Step) -> Result:
        """Make the post of one step, unless an earlier attempt made it. Raises Unsent and _RootGone."""
        channel_id = await self._channels.id_of(step.payload.channel_id or step.payload.channel)
        if found := await self._repeats.find(delivery, step.marker, channel_id):
            return Delivered(found, status=200)
        since = monotonic()
        try:
            answer = await self._post_there(channel_id, step)
        except Unsent as unsent:
            if unsent.unsure:
                self._repeats.doubt(delivery, step.marker, since)
            raise
        if answer.case is Case.ROOT:
            raise _RootGone
        if answer.unsure:
            self._repeats.doubt(delivery, step.marker, since)
        elif isinstance(answer.result, Delivered):
            self._repeats.forget(step.marker)
        return answer.result

    async def _post_there(self, channel_id: str, step: _Step) -> Answer:
        """POST to the channel; a channel closed to the account is looked up once more. Raises Unsent."""
        answer = await self._post_in(channel_id, step)
        if answer.case is Case.PLACE:
            channel_id = await self._channels.moved(step.payload.channel_id or step.payload.channel, channel_id)
            answer = await self._post_in(channel_id, step)
        return answer

    async def _post_in(self, channel_id: str, step: _Step) -> Answer:
        async def attempt(without: Collection[Extra]) -> Answer:
            body = post(step.payload, channel_id, step.root_id, step.marker, without)
            return rest_answers.posted(*await self._session.call("POST", "/posts", body), time())

        return await self._conceding(attempt, extras_of(step.payload, root=not step.root_id))

    async def _patch(self, payload: Payload, root_id: str) -> Result:
        """Edit the post; an account that is not in the channel joins it first. Raises Unsent, _RootGone and _Barred."""
        channel_id = await self._channels.id_of(payload.channel_id or payload.channel)
        answer = await self._patch_once(payload, root_id)
        if answer.case is Case.ROOT and answer.result.status == 403:
            verdict = await self._editing.refused(root_id, channel_id)
            if verdict is Verdict.BARRED:
                raise _Barred
            if verdict is Verdict.JOINED:
                answer = await self._patch_once(payload, root_id)
        if answer.case is Case.ROOT:
            raise _RootGone
        if isinstance(answer.result, Delivered):
            self._editing.succeeded(channel_id)
        return answer.result

    async def _patch_once(self, payload: Payload, root_id: str) -> Answer:
        me = await self._session.me()

        async def attempt(without: Collection[Extra]) -> Answer:
            body = patch(payload, bot=me.is_bot, without=without)
            return rest_answers.patched(*await self._session.call("PUT", f"/posts/{root_id}/patch", body), time())

        return await self._conceding(attempt, extras_of(payload, root=False))

    async def _conceding(self, attempt: Callable[[Collection[Extra]], Awaitable[Answer]], has: set[Extra]) -> Answer:
        """Repeat an attempt, each time without the extra that the server refused last."""
        without = set(self._concessions.now())
        while True:
            answer = await attempt(without)
            extra = next((extra for extra in answer.extras if extra in has and extra not in without), None)
            if extra is None:
                return answer
            without.add(extra)
            if answer.lasting:
                self._concessions.make(extra)


def _edited(delivery: Delivery, card: Card, acts: Sequence[DoneAct]) -> Payload:
    """What a card becomes by a delivery, with what was done there; a card without room for that stays without it."""
    raw = card.payload or delivery.payload
    payload = read(raw)
    if not acts or len(raw) + ROOM > DEFAULT.body:
        return payload
    return replace(payload, attachments=raw_with_acts(payload.attachments, acts, delivery.received))
