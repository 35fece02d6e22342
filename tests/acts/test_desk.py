"""The desk of a running gateway: doors, bots and buttons share one ring, and one way into the journal."""


async def test_all_parts_share_what_must_be_one(world) -> None:
    """What one part signs, the others take."""
    made = await world()
    desk = made.running._running._parts.acting.desk
    assert desk.ring is desk.dialogs._ring is desk.clicks._ring is desk.answers._ring is desk.acts.giving._ring
    assert desk.acts is desk.clicks._acts is desk.answers._acts
    assert desk.permits is desk.clicks._permits
    assert made.running._running._parts.ingress.buttons._keys == desk.ring.keys
