"""Who may do what: as the documents say, as the settings say instead, and nobody where it cannot be asked."""

import pytest

from gateway.acts.permits import CONFIRM, Permits
from gateway.callbacks.ticket import Ticket, TicketKind
from gateway.settings.callbacks import CallbackSettings
from tests.acts.conftest import TOKEN
from tests.conftest import eventually

TICKET = Ticket(TicketKind.BUTTON, "t1", "pager/ack")
SAID = {"user": {"id": "u" * 26, "name": "ann"}, "channel": {"id": "c" * 26}}


class Members:
    """Members that keep what they were asked, and answer nothing but who may."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    async def allowed(self, allow, user_id, channel_id) -> str:
        """See `mattermost.members`."""
        self.asked.append((*allow, user_id, channel_id))
        return "Only @ben may do this."


@pytest.mark.parametrize(
    ("own", "document", "asked"),
    [((), (), None), ((), ("@ann",), "@ann"), (("@ben",), ("@ann",), "@ben"), (("channel",), (), "channel")],
)
async def test_the_settings_hold_instead_of_the_document(own, document, asked):
    """Where neither says anything, everybody may, and nobody is asked."""
    members = Members()
    permits = Permits({"x": members}.get)
    table = CallbackSettings(name="one", service="s", bot="x", allow=own)
    told = await permits.denied(table, SAID, document)
    assert (told, members.asked) == (
        ("", []) if asked is None else ("Only @ben may do this.", [(asked, "u" * 26, "c" * 26)])
    )


@pytest.mark.parametrize("bot", [None, "gone"])
async def test_without_a_bot_nobody_may(bot):
    """Who may cannot be asked: the person reads what the operator has to do."""
    table = CallbackSettings(name="one", service="s", bot=bot)
    assert "[callbacks.one] names none" in await Permits({}.get).denied(table, SAID, ("@ann",))


def test_a_second_click_confirms_within_a_minute():
    """Of the same person, on the same button and option; each confirmation takes two."""
    now = [0.0]
    permits = Permits({}.get, lambda: now[0])
    one, two = (Ticket(TicketKind.BUTTON, name, "s/c") for name in "12")
    assert not permits.confirmed(one, "", "ann", "")
    assert not permits.confirmed(one, "", "ben", "")
    assert not permits.confirmed(two, "", "ann", "")
    assert not permits.confirmed(one, "1h", "ann", "")
    assert permits.confirmed(one, "", "ann", "")
    assert not permits.confirmed(one, "", "ann", "")
    now[0] += CONFIRM
    assert not permits.confirmed(one, "", "ann", "")
    now[0] += CONFIRM - 0.1
    assert permits.confirmed(one, "", "ann", "")


def test_what_strangers_can_make_grow_is_bounded():
    """The oldest first clicks are forgotten."""
    permits = Permits({}.get, lambda: 0.0)
    ticket = Ticket(TicketKind.BUTTON, "1", "s/c")
    for number in range(10_001):
        permits.confirmed(ticket, "", f"user{number}", "")
    assert not permits.confirmed(ticket, "", "user0", "")
    assert permits.confirmed(ticket, "", "user10000", "")


@pytest.mark.parametrize(
    ("allow", "told"),
    [('"@ann"', ""), ('"channel"', ""), ('"role:channel_admin"', "administrators of this channel"), ('"@ben"', "@ben"),
     ('"role:system_admin"', "administrators of Mattermost"), ('"@ben", "@ann"', "")],
)  # fmt: skip
async def test_who_may_click(world, allow, told) -> None:
    """By name, role and channel, asked of the server; who may not reads who may, and the audit has it."""
    made = await world(table=f'bot = "helper"\nallow = [{allow}]')
    post = await made.fire()
    await made.standin.click("ann", post, "Ack")
    whisper = await made.whisper()
    if not told:
        assert whisper == "Done: as you wish"
        return
    assert whisper == f"Only {told} may do this."
    (line,) = await made.audit()
    assert (line.outcome, line.user_name, line.text) == ("denied", "ann", whisper)
    assert made.outside.asked == []
    if "channel_admin" in allow:
        made.standin.promote("ben", "ops")
        await made.standin.click("ben", post, "Ack")
        await eventually(lambda: made.outside.asked)


async def test_who_may_command(world) -> None:
    """The same for commands, which are told in the answer."""
    made = await world(table='bot = "helper"\nallow = ["@ben"]')
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    told = await made.standin.execute("ann", "ops", "/pager status x")
    assert told["text"].replace("\u200b", "") == "Only @ben may do this."
    told = await made.standin.execute("ben", "ops", "/pager status x")
    assert told["text"] == "Status: as you wish"
    assert [line.outcome for line in await made.audit(2)] == ["denied", "done"]


async def test_a_server_that_does_not_answer_is_no_permission(world) -> None:
    """Mattermost is down for the gateway: who may is not known, and that is told."""
    made = await world(table='bot = "helper"\nallow = ["@ann"]')
    post = await made.fire()
    made.standin.mode = "down"
    await made.standin.click("ann", post, "Ack")
    made.standin.mode = "ok"
    assert "whether you are among them is not known" in await made.whisper()
    assert made.outside.asked == []


def test_only_another_click_confirms():
    """One that is sent again does not, nor one that comes late, or of somebody else, or about something else."""
    now = [0.0]
    permits = Permits(lambda _: None, lambda: now[0])
    clicks = [("1h", "ann", "c1"), ("1h", "ann", "c1"), ("4h", "ann", "c2"), ("1h", "ben", "c3"), ("1h", "ann", "c4")]
    assert [permits.confirmed(TICKET, *click) for click in clicks] == [False, False, False, False, True]
    assert [permits.confirmed(TICKET, "", "ann", click) for click in ("", "")] == [False, True]
    assert not permits.confirmed(TICKET, "", "ann", "c5")
    now[0] = CONFIRM
    assert not permits.confirmed(TICKET, "", "ann", "c6")
