"""Which clicks count: ours, still valid, of their place, by who may, meant, and each once."""

import asyncio
import time
from collections import Counter

from msgspec.structs import replace

from gateway.callbacks.ticket import Place, Ticket, TicketKind, sign, verify
from gateway.errors import JournalError
from gateway.journal.audit import AuditOutcome, AuditQuery
from tests.acts.conftest import DOCUMENTS, HOOK_SECRET
from tests.conftest import eventually

DONE = "That was done already, or is under way."


def ticket_of(made, post, name="Ack") -> tuple[Ticket, dict]:
    """The ticket of a button, and its integration as the server keeps it."""
    found = next(one for one in post.attachments[-1]["actions"] if one["name"] == name)
    text = found["integration"]["context"]["ticket"]
    return verify(
        text, TicketKind.BUTTON, ring(made).keys, Place(channel=post.channel_id, post=post.id), time.time()
    ), found["integration"]


def ring(made):
    """The keys that sign."""
    return made.running._running._parts.acting.desk.ring


async def knock(made, integration, post, user="ann", ticket=None, **more):
    """Send a click as Mattermost does, or somebody who knows the URL; the text that the person reads."""
    who = made.standin._user(user)
    context = integration["context"] if ticket is None else {"ticket": ticket}
    body = {
        "user_id": who.id, "user_name": user, "channel_id": post.channel_id, "post_id": post.id,
        "trigger_id": "", "type": "button", "context": context,
    } | more  # fmt: skip
    status, answer = await made.post(integration["url"].removeprefix(made.url), body)
    assert status == 200
    return answer.get("ephemeral_text", "")


async def test_what_does_not_count_is_told_and_noted(world) -> None:
    """Forged, expired, of an unknown key, of another post or channel: nobody is asked, and the audit says why."""
    made = await world()
    post = await made.fire()
    ticket, integration = ticket_of(made, post)
    key = ring(made).keys[0]
    foreign = replace(key, id=key.id, key=b"x" * 32)
    cases = {
        "not made by this gateway": sign(ticket, foreign),
        "is not valid any more": sign(ticket, replace(key, id="other")),
        "expired": sign(replace(ticket, expires=1), key),
    }
    for told, text in cases.items():
        assert told in await knock(made, integration, post, ticket=text)
    assert "not made by this gateway" in await knock(made, integration, post, ticket=["no", "text"])
    assert "not made by this gateway" in await knock(made, integration, post, ticket="")
    await made.standin.click("ann", post, "Drop")  # which pins nothing of Ack
    assert await knock(made, integration, post) == "Done: as you wish"
    other = await made.fire(number="8")
    assert "belongs to another post" in await knock(made, integration, other)
    assert "belongs to another channel" in await knock(made, integration, post, channel_id="c" * 26)
    assert len(made.outside.asked) == 1
    outcomes = Counter(line.outcome for line in await made.audit(8))
    assert outcomes == {"forged": 3, "unknown_key": 1, "expired": 1, "done": 1, "foreign": 2}


async def test_a_stolen_context_needs_the_path(world) -> None:
    """Who has only the context of a button, or guesses a path, is refused."""
    made = await world()
    post = await made.fire()
    _, integration = ticket_of(made, post)
    for path in ("/action/guessed", "/action/", "/action", "/action/a/b"):
        status, _ = await made.post(path, {"context": integration["context"]})
        assert status in (401, 404)
    assert made.outside.asked == []


async def test_a_confirmed_action_takes_two_clicks_of_one_person(world) -> None:
    """The first asks; the second of somebody else asks them."""
    made = await world()
    post = await made.fire()
    await made.standin.click("ann", post, "Drop")
    assert (await made.whisper()).startswith("Really drop it?")
    await made.standin.click("ben", post, "Drop")
    assert (await made.whisper(2)).startswith("Really drop it?")
    assert made.outside.asked == []
    await made.standin.click("ann", post, "Drop")
    assert len(made.outside.asked) == 1
    (line,) = await made.audit()
    assert (line.user_name, line.outcome) == ("ann", "done")


async def test_clicks_sent_three_times_at_once_run_once(world) -> None:
    """Whatever Mattermost, a proxy or an impatient person repeats, and however many do so at the same time."""
    made = await world()
    for number in range(200):
        await made.post("/in/alerts", {"type": "fired", "id": f"n{number}", "title": "x"}, **{"X-Token": HOOK_SECRET})
    await eventually(lambda: len(made.standin.posts) == 200)
    posts = list(made.standin.posts)
    who = ("ann", "ben", "ann")
    await asyncio.gather(*(made.standin.click(name, post, "Ack") for post in posts for name in who))
    assert Counter(path for _, path, _ in made.outside.asked) == {f"/ack/n{number}": 1 for number in range(200)}
    assert Counter(whisper.post.message for whisper in made.standin.whispers) == {"Done: as you wish": 200, DONE: 400}
    done = AuditQuery(outcome=AuditOutcome.DONE, limit=300)

    async def all_noted() -> bool:
        return len((await made.journal.audit(done)).lines) == 200

    await eventually(all_noted)


async def test_a_click_that_is_refused_by_the_document_of_today_is_told(world) -> None:
    """A button of a document that offers it no more, or of a table that is gone, does nothing."""
    made = await world()
    post = await made.fire()
    ticket, integration = ticket_of(made, post)
    made.running._running._parts.acting.desk.acts.settings = replace(made.running._running.settings, callbacks={})
    assert "not in use any more" in await knock(made, integration, post)
    assert ticket.table == "pager"


async def test_what_cannot_be_stored_is_told_and_the_button_works_again(world, monkeypatch) -> None:
    """A full disk shows nothing of an error otherwise; the next click does it."""
    made = await world()
    post = await made.fire()

    async def full(*_):
        raise JournalError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(made.running._running._parts.acceptance._journal, "append", full)
        await made.standin.click("ann", post, "Ack")
        assert "cannot store anything now" in await made.whisper()
    assert made.outside.asked == []
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper(2) == "Done: as you wish"


async def test_what_was_for_another_service_is_not_brought_to_this_one(world) -> None:
    """A table that names another service than it did takes none of its buttons, and none of its acts."""
    other = {"service": DOCUMENTS["service.yaml"], "callbacks/ack": DOCUMENTS["callbacks/ack.yaml"]}
    made = await world(**{f"../other/{name}.yaml": text for name, text in other.items()})
    post = await made.fire()
    _, integration = ticket_of(made, post)
    acts = made.running._running._parts.acting.desk.acts
    before = acts.settings
    changed = replace(before.callbacks["pager"], service="other")
    acts.settings = replace(before, callbacks={"pager": changed})
    assert "ack" in (await acts.table("pager")).callbacks
    assert "not in use any more" in await knock(made, integration, post)
    acts.settings = before
    perform = acts.perform

    async def perform_then(*given):
        acts.settings = replace(before, callbacks={"pager": changed})
        return await perform(*given)

    acts.perform = perform_then
    await made.standin.click("ann", post, "Ack")

    told = "it was for pager, and [callbacks.pager] is other now"
    assert told in (await made.whisper()).replace("\\", "")
    assert made.outside.asked == []
    (line,) = [one for one in await made.audit(2) if one.event]
    assert (line.outcome, line.callback, told in line.text) == ("failed", "pager/ack", True)
    acts.settings, acts.perform = before, perform
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper(2) == "Done: as you wish"


async def test_a_button_that_only_looks_is_not_used_up(world) -> None:
    """Everybody may look, again and again: the audit has it, and the message does not."""
    look = 'title: Look\nanswers: action\nrequest: {method: GET, url: "{{ settings.url }}/look"}\n'
    made = await world(**{"callbacks/ack.yaml": look + 'reply: {message: {text: "It is {{ answer.json.said }}"}}\n'})
    post = await made.fire()
    for number, name in enumerate(("ann", "ben", "ann"), 1):
        await made.standin.click(name, post, "Ack")
        assert await made.whisper(number) == "It is as you wish"
    assert post.attachments[-1]["actions"][0]["name"] == "Ack"
    assert [line.outcome for line in await made.audit(3)] == ["done"] * 3
