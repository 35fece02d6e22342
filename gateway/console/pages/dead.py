"""Dead letters: the groups, the deliveries of one group, and sending them again or discarding them."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

from msgspec import Meta, Struct

from gateway.console import dead
from gateway.console.dead import Choice, DeadDelivery, DeadFilter, Decisions
from gateway.console.progress import Decision
from gateway.console.web.operations import Ask, Console, Feed
from gateway.console.web.page import Back, Page, Shown, Visit, chosen_by
from gateway.console.web.rendering import Rendering
from gateway.errors import Refused
from gateway.model import DISCARD_REASON

DIGITS: Final = 18
"""Digits that the number of a delivery has at most."""


class DeadForm(Struct, frozen=True):
    """What a form decides about. `chosen` are "event seq", `what` is the pressed button of the form.

    `because` is why something is discarded. `sure` says that the number of those was seen before.
    """

    what: str
    destination: str = ""
    reason: str = ""
    because: Annotated[str, Meta(max_length=DISCARD_REASON)] = ""
    sure: bool = False
    chosen: tuple[str, ...] = ()


async def show_groups(visit: Visit) -> Shown:
    """The groups, and the progress of the last decision."""
    return Shown("dead.html", {"found": await dead.groups(Ask(visit.console, visit.visitor))})


async def show_group(visit: Visit) -> Shown:
    """The deliveries of one group, newest first."""
    wanted = visit.query(DeadFilter)
    page = await dead.listing(visit.gateway, wanted)
    chosen = chosen_by(wanted)
    facts = {
        "wanted": wanted,
        "page": page,
        "gone": bool(wanted.destination) and wanted.destination not in visit.gateway.destinations(),
        "older": f"/dead/deliveries?{urlencode({**chosen, 'before': page.next})}" if page.next else "",
        "newest": f"/dead/deliveries?{urlencode(chosen)}" if wanted.before else "",
    }
    return Shown("dead_deliveries.html", facts)


async def send_again(visit: Visit) -> Back | Shown:
    """Start a replay, of many once that is confirmed; its progress is shown beside the groups."""
    form = visit.fields(DeadForm)
    choice = _choice(form)
    if asked := await _ask(visit, Decision.REPLAY, form, choice):
        return asked
    visit.console.part(Decisions).replay(choice)
    return Back("/dead")


async def discard(visit: Visit) -> Back | Shown:
    """Start to discard, many once that is confirmed; its progress is shown beside the groups."""
    form = visit.fields(DeadForm)
    choice = _choice(form)
    if form.because.strip() and (asked := await _ask(visit, Decision.DISCARD, form, choice)):
        return asked
    visit.console.part(Decisions).discard(choice, form.because)
    return Back("/dead")


async def _ask(visit: Visit, decision: Decision, form: DeadForm, choice: Choice) -> Shown | None:
    """The page that says how many are meant and asks whether they are; None where each was ticked, or it is one."""
    if form.sure or choice.deliveries:
        return None
    count = await dead.count(visit.gateway, choice)
    if count < 2:
        return None
    facts = {"decision": decision, "form": form, "count": count, "what": dead.described(choice)}
    return Shown("dead_confirm.html", facts)


def _choice(form: DeadForm) -> Choice:
    """What a form chooses. Raises Refused (400)."""
    if form.what == "chosen":
        if not form.chosen:
            raise Refused(400, "Nothing chosen", "tick the deliveries that are meant")
        return Choice(deliveries=tuple(_delivery(text) for text in form.chosen))
    if form.what == "everything":
        return Choice(everything=True)
    return Choice(destination=form.destination, reason=form.reason)


def _delivery(text: str) -> DeadDelivery:
    event, _, seq = text.partition(" ")
    if not seq.isascii() or not seq.isdecimal() or len(seq) > DIGITS:
        raise Refused(400, "Bad Request", f"chosen: expected an event and a number, got {text[:100]!r}")
    return DeadDelivery(event, int(seq))


PAGES = (
    Page("GET", "/dead", show_groups),
    Page("GET", "/dead/deliveries", show_group),
    Page("POST", "/dead/replay", send_again),
    Page("POST", "/dead/discard", discard),
)


def feeds(rendering: Rendering) -> tuple[Feed, ...]:
    """The progress of the last decision."""

    async def take(console: Console) -> Mapping[str, str]:
        progress = console.part(Decisions).progress
        return {"progress": rendering.part("_progress.html", "progress", progress, "/dead", "Show what is dead now")}

    return (Feed("dead", take),)
