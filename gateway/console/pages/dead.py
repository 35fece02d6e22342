"""Dead letters: the groups, the deliveries of one group, and sending them again."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from gateway.console import dead
from gateway.console.dead import DeadDelivery, DeadFilter, Replays, ReplayWish
from gateway.console.web.operations import Ask, Console, Feed
from gateway.console.web.page import Back, Page, Shown, Visit
from gateway.console.web.rendering import Rendering
from gateway.errors import Refused

DIGITS: Final = 18
"""Digits that the number of a delivery has at most."""


class DeadForm(Struct, frozen=True):
    """What a form asks to send again. `chosen` are "event seq", `what` is the pressed button of the form."""

    what: str
    destination: str = ""
    reason: str = ""
    chosen: tuple[str, ...] = ()


async def show_groups(visit: Visit) -> Shown:
    """The groups, and the progress of the replay."""
    return Shown("dead.html", {"found": await dead.groups(Ask(visit.console, visit.visitor))})


async def show_group(visit: Visit) -> Shown:
    """The deliveries of one group, newest first."""
    wanted = visit.query(DeadFilter)
    page = await dead.listing(visit.gateway, wanted)
    chosen = {name: value for name, value in msgspec.to_builtins(wanted).items() if value and name != "before"}
    facts = {
        "wanted": wanted,
        "page": page,
        "gone": bool(wanted.destination) and wanted.destination not in visit.gateway.destinations(),
        "older": f"/dead/deliveries?{urlencode({**chosen, 'before': page.next})}" if page.next else "",
        "newest": f"/dead/deliveries?{urlencode(chosen)}" if wanted.before else "",
    }
    return Shown("dead_deliveries.html", facts)


async def send_again(visit: Visit) -> Back:
    """Start a replay; its progress is shown beside the groups."""
    visit.console.part(Replays).start(_wish(visit.fields(DeadForm)))
    return Back("/dead")


def _wish(form: DeadForm) -> ReplayWish:
    if form.what == "chosen":
        if not form.chosen:
            raise Refused(400, "Nothing chosen", "tick the deliveries that are to be sent again")
        return ReplayWish(deliveries=tuple(_delivery(text) for text in form.chosen))
    if form.what == "everything":
        return ReplayWish(everything=True)
    return ReplayWish(destination=form.destination, reason=form.reason)


def _delivery(text: str) -> DeadDelivery:
    event, _, seq = text.partition(" ")
    if not seq.isascii() or not seq.isdecimal() or len(seq) > DIGITS:
        raise Refused(400, "Bad Request", f"chosen: expected an event and a number, got {text[:100]!r}")
    return DeadDelivery(event, int(seq))


PAGES = (
    Page("GET", "/dead", show_groups),
    Page("GET", "/dead/deliveries", show_group),
    Page("POST", "/dead/replay", send_again),
)


def feeds(rendering: Rendering) -> tuple[Feed, ...]:
    """The progress of the replay."""

    async def take(console: Console) -> Mapping[str, str]:
        return {"replay": rendering.part("_dead.html", "replay", console.part(Replays).progress)}

    return (Feed("dead", take),)
