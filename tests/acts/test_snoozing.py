"""Snoozing: from the menu of a message to events that make none, over a restart, until it closes."""

import pytest

from gateway.acts import snoozing
from gateway.acts.snoozing import Snoozing
from gateway.callbacks.snooze import SnoozeWish
from gateway.journal import Query
from gateway.journal.snoozes import Snooze
from gateway.model import Outcome
from tests.acts.conftest import HOOK_SECRET
from tests.acts.test_clicks import knock
from tests.conftest import eventually

TABLE = '[callbacks.snooze]\nservice = "mattergate"\n'


class Kept:
    """Snoozes in memory."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Snooze] = {}

    async def snoozes(self):
        """All."""
        return [*self.known.values()]

    async def snooze(self, one):
        """Store one."""
        self.known[one.route, one.subject] = one

    async def wake(self, route, subject):
        """End one."""
        self.known.pop((route, subject), None)


async def send(made, kind: str, title: str):
    """Have an alert come in; its event as it is stored."""
    body = {"type": kind, "id": "7", "title": title}
    _, told = await made.post("/in/alerts", body, **{"X-Token": HOOK_SECRET})
    [record] = (await made.journal.find(Query(event_id=told["id"]))).records
    return record


def menu(post) -> list[str]:
    """The names of the buttons and menus of a post."""
    return [one["name"] for attachment in post.attachments for one in attachment.get("actions", ())]


@pytest.mark.parametrize(("destination", "card"), [("hook", ""), ("rest", 'card = "update"\n')])
async def test_a_subject_is_snoozed_until_it_closes(world, destination: str, card: str) -> None:
    """What happens meanwhile is kept and not told, also after a restart; the end is told, and so is what follows."""
    made = await world(destination, TABLE, route=card)
    post = await made.fire()
    assert menu(post)[-1] == "Snooze"
    await made.standin.click("ann", post, "Snooze", choice="4h")
    shown = made.standin.posts[-1]
    assert shown.attachments[-1]["text"].startswith("Snoozed for 4h by @ann, 20")
    assert menu(shown)[-1] == "Snooze"
    [line] = await made.audit()
    assert (line.outcome, line.callback, line.action, line.subject) == ("done", "snooze/snooze", "Snooze", "pager:7")
    before = made.texts()
    for title in ("Disk fuller", "Disk fullest"):
        record = await send(made, "fired", title)
        assert (record.event.outcome, record.event.subject, record.deliveries) == (Outcome.IGNORED, "7", ())
        assert record.event.reason.startswith("snoozed by @ann until 20")
        if title == "Disk fuller":
            await made.stop()
            await made.begin()
    assert made.texts() == before
    closed = await made.fire("calm", title="Disk empty")
    assert "Snooze" not in menu(closed)
    assert made.texts()[-1] == "Disk empty: calm"
    assert list(await made.journal.snoozes()) == []
    assert menu(await made.fire(title="Disk full again"))[-1] == "Snooze"


async def test_a_snooze_is_prolonged_and_ended_at_the_same_menu(world) -> None:
    """The same choice may be made again; what is said last holds. What is not snoozed cannot be ended."""
    made = await world("hook", TABLE)
    await made.fire()
    ends = []
    for _ in range(2):
        await made.standin.click("ann", made.standin.posts[-1], "Snooze", choice="1h")
        [one] = await made.journal.snoozes()
        ends.append(one.until)
    assert ends[0] < ends[1]
    await made.standin.click("ben", made.standin.posts[-1], "Snooze", choice="end")
    assert list(await made.journal.snoozes()) == []
    assert made.standin.posts[-1].attachments[-1]["text"].splitlines()[-1].startswith("Snooze ended by @ben")
    await made.standin.click("ben", made.standin.posts[-1], "Snooze", choice="end")
    assert await made.whisper() == "Not snoozed: it is not snoozed"
    record = await send(made, "fired", "Disk fuller")
    assert record.event.outcome is Outcome.MESSAGE
    await eventually(lambda: "Disk fuller: fired" in made.texts())


async def test_only_the_routes_of_a_table_have_the_menu(world) -> None:
    """Messages of others have the buttons of their own documents alone."""
    other = '[routes.other]\nservice = "pager"\ndestinations = ["hook"]\nallow_unsigned = true\n'
    made = await world("hook", other + TABLE + 'routes = ["other"]\n')
    assert "Snooze" not in menu(await made.fire())


async def test_as_many_are_snoozed_as_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more only when another has ended; one that is snoozed already may be snoozed again."""
    monkeypatch.setattr(snoozing, "MOST", 2)
    now, kept = [1000.0], Kept()
    made = Snoozing(kept, [Snooze("r", "gone", 1000.0)], lambda: now[0])
    assert made.routes == {}
    assert [await made.take(SnoozeWish("r", name, 60.0), "ann") for name in ("a", "b", "a")] == ["", "", ""]
    assert "2 subjects are snoozed already" in await made.take(SnoozeWish("r", "c", 60.0), "ann")
    now[0] = 1060.0
    assert await made.take(SnoozeWish("q", "c", 60.0), "ann" * 100) == ""
    assert (made.routes.keys(), len(made.routes["q"]["c"].by)) == ({"q"}, 64)
    assert await made.take(SnoozeWish("r", "a", 0.0), "ann") == "it is not snoozed"


async def test_a_click_that_is_sent_again_snoozes_nothing(world) -> None:
    """What somebody else has woken meanwhile stays awake."""
    made = await world("hook", TABLE)
    post = await made.fire()
    (integration,) = (
        one["integration"] for two in post.attachments for one in two.get("actions", ()) if one["name"] == "Snooze"
    )
    kept = []
    for user, click, option in (("ann", "t1", "4h"), ("ben", "t2", "end"), ("ann", "t1", "4h")):
        context = {**integration["context"], "selected_option": option}
        await knock(made, integration, post, user, trigger_id=click, context=context)
        kept.append(len(await made.journal.snoozes()))
    assert kept == [1, 0, 0]
