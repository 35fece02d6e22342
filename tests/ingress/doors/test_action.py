"""The door of clicks: its secret path, and both keys of a rotation."""

from gateway.callbacks.buttons import path_secrets
from gateway.callbacks.ticket import LIFE, RING
from gateway.journal.keyrings import RingKey


async def test_both_valid_keys_open_it(world) -> None:
    """A button of before the rotation works, at its URL; so does one of after it. Any other path is refused."""
    made = await world()
    post = await made.fire()
    ring = made.running._running._parts.acting.desk.ring
    await made.journal.rotate(RING, LIFE)
    await ring.look(0.0)
    assert len(path_secrets(ring.keys)) == 2
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper() == "Done: as you wish"
    later = await made.fire(number="8")
    urls = [one.attachments[0]["actions"][-1]["integration"]["url"] for one in (post, later)]
    assert [url.rpartition("/")[2] for url in urls] == list(reversed(path_secrets(ring.keys)))
    await made.standin.click("ann", later, "Ack")
    assert await made.whisper(2) == "Done: as you wish"
    assert (await made.post("/action/guessed", {}))[0] == 401


async def test_what_is_no_click(world) -> None:
    """Nothing of a body can do harm to who knows the path: it has no ticket."""
    made = await world()
    path = f"/action/{path_secrets(made.running._running._parts.acting.desk.ring.keys)[0]}"
    for body in (
        {},
        {"context": []},
        {"context": {"ticket": {"a": 1}}, "user_id": 5},
        {"context": {"ticket": "a.b.c"}},
    ):
        status, answer = await made.post(path, body)
        assert (status, set(answer)) == (200, {"ephemeral_text", "skip_slack_parsing"})
    for raw in (b"{", b"[]", b"\xff\xfe", b'{"a":' * 5_000):
        status, _ = await made.post(path, raw, **{"Content-Type": "application/json"})
        assert status == 400
    assert made.outside.asked == []


async def test_a_button_of_a_lost_journal_says_so(world) -> None:
    """Its path is as unknown as its key: the person reads that it is not valid any more."""
    made = await world()
    post = await made.fire()
    ring = made.running._running._parts.acting.desk.ring
    ring.keys = [RingKey("another", b"y" * 32, 0.0)]
    await made.standin.click("ann", post, "Ack")
    assert "is not valid any more" in await made.whisper()
    assert [line.outcome for line in await made.audit()] == ["unknown_key"]
    assert made.outside.asked == []
