"""An alert that fires, is acknowledged, muted, changed and resolved: one card that tells all of it."""

from tests.conftest import eventually

WITH_CARD = {
    "alert.yaml": """
title: An alert
events: [fired, calm]
subject: "{{ id }}"
state: {alert: type}
input: {type: text, id: text, title: text}
card: alert
message: {text: "{{ title }}: {{ type }}"}
""",
    "shared.yaml": "states: {alert: {fired: firing, calm: resolved}}\n",
    "cards/alert.yaml": """
title: An alert as it is now
input: {type: text, id: text, title: text}
state: {alert: type}
actions:
  - {name: Ack, callback: ack, context: {id: "{{ id }}"}, done: Acknowledged, when: type == 'fired'}
  - name: Mute
    callback: mute
    context: {id: "{{ id }}"}
    when: type == 'fired'
    options: [{text: For 1 hour, value: 1h}, {text: For 4 hours, value: 4h}]
    done: "Muted for {{ option }}"
message: {text: "Alert {{ title }}", attachments: [{text: "{{ state.word }}"}]}
""",
}


def buttons(post) -> list[str]:
    """The names of the buttons and menus of a post."""
    return [one["name"] for attachment in post.attachments for one in attachment.get("actions", ())]


def told(post) -> str:
    """The text of all attachments of a post."""
    return "\n".join(one.get("text", "") for one in post.attachments)


async def test_over_rest_the_card_tells_it_all(world) -> None:
    """Every edit keeps what was done, and the buttons of what can be done now."""
    made = await world("rest", route='card = "update"', **WITH_CARD)
    card = await made.fire()
    assert buttons(card) == ["Ack", "Mute"]
    await made.standin.click("ann", card, "Ack")
    assert (buttons(card), "Acknowledged by @ann" in told(card)) == (["Mute"], True)
    await made.standin.click("ben", card, "Mute", choice="4h")
    assert "Acknowledged by @ann" in told(card)
    assert "Muted for 4h by @ben" in told(card)
    await made.fire(title="Disk fuller")
    await eventually(lambda: "Disk fuller" in card.message)
    assert "Acknowledged by @ann" in told(card)
    assert "Muted for 4h by @ben" in told(card)
    await made.fire("calm", title="Disk empty")
    await eventually(lambda: "resolved" in told(card))
    assert buttons(card) == []
    assert "Acknowledged by @ann" in told(card)
    assert "Muted for 4h by @ben" in told(card)
    assert [post for post in made.standin.posts if post.root_id == ""] == [card]
    assert [line.outcome for line in await made.audit(2)] == ["done", "done"]


async def test_at_a_webhook_the_post_that_was_clicked_tells_it(world) -> None:
    """Each event is a post of its own; who clicks on the second one finds both acts of that one there."""
    made = await world(**WITH_CARD)
    first = await made.fire()
    await made.standin.click("ann", first, "Ack")
    await made.standin.click("ann", first, "Mute", choice="1h")
    assert [line.partition(" by @ann")[0] for line in told(first).splitlines()[-2:]] == ["Acknowledged", "Muted for 1h"]
    assert buttons(first) == ["Mute"]
    last = await made.fire("calm")
    assert (buttons(last), "by @" in told(last)) == ([], False)


async def test_a_deleted_event_takes_its_card_along(world) -> None:
    """The act is done and told; only the message has nothing to be shown anew."""
    made = await world()
    post = await made.fire()
    (before, *_) = post.attachments

    async def gone(_):
        return None

    made.running._running._parts.acting.desk.acts.cards.offer = gone
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper() == "Done: as you wish"
    assert post.attachments[0] == before
