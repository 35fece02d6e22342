"""Replay of the events of a filter: the count before, the confirmation, and the progress."""

from collections.abc import Mapping
from typing import Final, Literal

from gateway.console import replays
from gateway.console.events import EventChoice
from gateway.console.replays import Replays
from gateway.console.web.operations import Console, Feed
from gateway.console.web.page import Back, Page, Shown, Visit, chosen_by
from gateway.console.web.rendering import Rendering

PATH: Final = "/events/replay"


class ReplayForm(EventChoice, frozen=True, kw_only=True):
    """The events that were counted, and how they are sent again: `how` is the pressed button."""

    how: Literal["messages", "today"]


async def show(visit: Visit) -> Shown:
    """How many events match, and the buttons that send them again; without a filter, the progress alone."""
    wanted = visit.query(EventChoice)
    chosen = chosen_by(wanted)
    facts: Mapping[str, object] = {
        "plan": await replays.plan(visit.gateway, wanted) if chosen else None,
        "what": replays.described(wanted) if chosen else "",
        "chosen": chosen,
        "progress": visit.console.part(Replays).progress,
    }
    return Shown("replay.html", facts)


async def start(visit: Visit) -> Back:
    """Send what was counted; the page then shows the progress."""
    form = visit.fields(ReplayForm)
    visit.console.part(Replays).start(form, today=form.how == "today")
    return Back(PATH)


PAGES = (Page("GET", PATH, show), Page("POST", PATH, start))


def feeds(rendering: Rendering) -> tuple[Feed, ...]:
    """The progress of the last replay."""

    async def take(console: Console) -> Mapping[str, str]:
        progress = console.part(Replays).progress
        return {"progress": rendering.part("_progress.html", "progress", progress, "/events", "Show the events")}

    return (Feed("replay", take),)
