"""The door of dialogs: its path keeps scanners out, their state does the rest."""

from gateway.acts.dialogs import DOOR
from gateway.callbacks.buttons import path_secrets


async def test_a_submission_without_a_state_does_nothing(world) -> None:
    """Whoever has opened a dialog knows the path, and may send anything there."""
    made = await world()
    keys = made.running._running._parts.acting.desk.ring.keys
    assert (await made.post("/dialog/guessed", {}))[0] == 401
    assert (await made.post(f"/dialog/{path_secrets(keys)[0]}", {}))[0] == 401  # that of clicks
    path = f"/dialog/{path_secrets(keys, DOOR)[0]}"
    stranger = {"state": "a.b.c", "submission": {"a": None}, "user_id": "u" * 26}
    for body, told in (({}, "not made by"), ({"state": ["x"]}, "not valid any more"), (stranger, "not valid any more")):
        status, answer = await made.post(path, body)
        assert (status, told in answer["error"]) == (200, True)
    assert await made.post(path, {"type": "dialog_lookup", "state": "x"}) == (200, {"items": []})
    assert made.outside.asked == []
    assert sorted(line.outcome for line in await made.audit(4)) == ["forged"] + ["unknown_key"] * 3
