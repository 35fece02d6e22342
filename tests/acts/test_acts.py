"""Acts from Mattermost to an outside service and back, each over real HTTP."""

import asyncio

from tests.acts.conftest import TOKEN
from tests.conftest import eventually


async def test_a_click_is_done_once_and_the_card_says_who_did_what(world) -> None:
    """The button goes, a line says who did it, and the person reads what the service said."""
    made = await world()
    post = await made.fire()
    names = [one["name"] for one in post.attachments[-1]["actions"]]
    assert names == ["Ack", "Drop", "Note", "Mute"]
    await made.standin.click("ann", post, "Ack")
    assert made.outside.asked[-1][:2] == ("POST", "/ack/7")
    assert made.outside.headers[-1]["Authorization"] == "Bearer the key of the pager"
    assert await made.whisper() == "Done: as you wish"
    shown = made.standin.posts[-1]
    assert [one["name"] for one in shown.attachments[0]["actions"]] == ["Drop", "Note", "Mute"]
    assert shown.attachments[-1]["text"].startswith("Acknowledged by @ann, 20")
    (line,) = await made.audit()
    assert (line.outcome, line.callback, line.action, line.user_name) == ("done", "pager/ack", "Ack", "ann")


async def test_a_menu_offers_each_of_its_options_once(world) -> None:
    """What was chosen goes to the service; what is not offered does not."""
    made = await world()
    post = await made.fire()
    await made.standin.click("ann", post, "Mute", choice="4h")
    assert made.outside.paths("/mute/7") == [{"for": "4h"}]
    await made.standin.click("ann", made.standin.posts[-1], "Mute", choice="1h")
    assert made.standin.posts[-1].attachments[-1]["text"].count("Muted for") == 2
    await made.standin.click("ann", made.standin.posts[-1], "Mute", choice="4h")
    assert await made.whisper() == "That was done already, or is under way."
    await made.standin.click("ann", made.standin.posts[-1], "Mute", choice="9h")
    assert "none of the options" in await made.whisper(2)
    assert len(made.outside.asked) == 2
    assert [line.outcome for line in await made.audit(4)] == ["done", "done", "repeated", "forged"]


async def test_what_takes_longer_than_mattermost_waits_comes_later(world) -> None:
    """The person reads that it is under way; then the card shows it, and the answer stands in its thread."""
    made = await world("rest", 'patience = "50ms"\nbot = "helper"')
    post = await made.fire()
    made.outside.gate.clear()
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper() == "Working on it: the answer follows."
    await made.standin.click("ben", post, "Ack")
    assert await made.whisper(2) == "That was done already, or is under way."
    made.outside.gate.set()
    await eventually(lambda: made.texts()[-1] == "@ann Done: as you wish")
    assert made.standin.posts[-1].root_id == post.id
    await eventually(lambda: "Acknowledged by @ann" in post.attachments[-1].get("text", ""))
    assert [one["name"] for one in post.attachments[0]["actions"]] == ["Drop", "Note", "Mute"]
    assert len(made.outside.asked) == 1


async def test_an_answer_at_the_last_moment_is_not_lost(world, monkeypatch) -> None:
    """While it is made ready, the time is over: it comes later."""
    made = await world("rest", 'patience = "200ms"\nbot = "helper"')
    post = await made.fire()
    acts = made.running._running._parts.acting.desk.acts
    shown = acts.cards.shown

    async def slow(*given):
        await asyncio.sleep(0.5)
        return await shown(*given)

    monkeypatch.setattr(acts.cards, "shown", slow)
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper() == "Working on it: the answer follows."
    await eventually(lambda: made.texts()[-1] == "@ann Done: as you wish")


async def test_an_outgoing_webhook_is_answered_in_the_channel(world) -> None:
    """Form and JSON alike; a repeat of the post asks nobody."""
    made = await world()
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        made.standin.add_outgoing(f"{made.url}/out/pager", f"ask{len(kind)}", token=TOKEN, content_type=kind)
        made.standin.say("ann", "town-square", f"ask{len(kind)} what now?")
        await eventually(lambda: made.texts()[-1] == "as you wish")
    assert [body["text"] for body in made.outside.paths("/ask")] == ["what now?", "what now?"]


async def test_a_command_is_answered_and_explains_itself(world) -> None:
    """Sub-commands, help, and an answer for the channel."""
    made = await world()
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    told = await made.standin.execute("ann", "town-square", "/pager status db1")
    assert (told["response_type"], told["text"]) == ("ephemeral", "Status: as you wish")
    assert made.outside.paths("/status") == [{"of": "db1"}]
    told = await made.standin.execute("ann", "town-square", "/pager help")
    assert "`/pager status [service]`: Show the status" in told["text"]
    await made.standin.execute("ann", "town-square", "/pager hello")
    assert made.texts()[-1] == "Hello ann"
