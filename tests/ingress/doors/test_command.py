"""Slash commands: who may call, help, dialogs, and answers that come later at the response_url."""

import asyncio

import pytest

from gateway.acts.clicks import WORKING
from gateway.errors import JournalError
from gateway.ingress.doors.command import commands_of
from gateway.standin.refusal import RefusedError
from tests.acts.conftest import TOKEN
from tests.conftest import eventually

STATUS = "/pager status db1"
SLOW = 'patience = "50ms"\nserver = "MATTERMOST"'


async def ready(world, table="", **more):
    """A gateway with the command /pager."""
    made = await world(table=table, **more)
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    return made


@pytest.mark.parametrize("method", ["P", "G"])
async def test_both_methods_prove_themselves(world, method) -> None:
    """By the header, and by the field; a wrong token is refused whatever the other one says."""
    made = await world()
    made.standin.add_command("pager", f"{made.url}/command/pager?own=1", token=TOKEN, method=method)
    told = await made.standin.execute("ann", "ops", STATUS)
    assert (told["response_type"], told["text"]) == ("ephemeral", "Status: as you wish")
    made.standin.add_command("wrong", f"{made.url}/command/pager", token="another token", method=method)
    with pytest.raises(RefusedError):
        await made.standin.execute("ann", "ops", "/wrong status")
    form = {"command": "/pager", "text": "status x", "user_id": "u" * 26}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "&".join(f"{key}={value}" for key, value in form.items())
    for sent, header, status in (
        ("", "", 401), (f"&token={TOKEN}", "", 200), ("", f"Token {TOKEN}", 200),
        (f"&token={TOKEN}", "Token wrong", 401), ("", f"Bearer {TOKEN}", 401),
    ):  # fmt: skip
        headers = kind | ({"Authorization": header} if header else {})
        assert (await made.post("/command/pager", body + sent, **headers))[0] == status
    assert (await made.session.put(f"{made.url}/command/pager")).status == 405


async def test_a_slow_answer_comes_at_the_response_url(world) -> None:
    """Only to the caller, and once, in the thread of the question."""
    made = await ready(world, SLOW)
    made.outside.gate.clear()
    told = await made.standin.execute("ann", "ops", STATUS)
    assert told["text"] == WORKING
    made.outside.gate.set()
    assert await made.whisper(2) == "Status: as you wish"
    assert [one.user for one in made.standin.whispers] == ["ann"] * 2
    assert len(made.outside.asked) == 1
    (line,) = await made.audit()
    assert (line.outcome, line.action, line.user_name) == ("done", "/pager", "ann")


async def test_the_response_url_of_another_server_is_never_called(world) -> None:
    """Nor of this one at another path: what Mattermost did not send reaches nothing inside."""
    made = await world(table=SLOW)
    made.outside.gate.clear()
    outside = made.outside
    own = f"http://127.0.0.1:{made.running._running.settings.callbacks['pager'].url.rpartition(':')[2]}"
    urls = [
        f"{own}/hooks/commands/{'a' * 26}", f"{made.standin.url}/api/v4/posts",
        f"{made.standin.url}@127.0.0.1/hooks/commands/{'a' * 26}", "file:///etc/passwd", "http://[",
    ]  # fmt: skip
    for number, url in enumerate(urls):
        form = {
            "token": TOKEN,
            "command": "/pager",
            "text": "status x",
            "response_url": url,
            "trigger_id": f"t{number}",
        }
        async with made.session.post(f"{made.url}/command/pager", data=form) as response:
            assert (await response.json())["text"] == WORKING
    requests = made.standin.stats["requests"]
    outside.gate.set()
    await made.audit(len(urls))

    async def all_dead() -> bool:
        records = await made.events()
        found = [one for record in records for one in record.deliveries if b"response" in one.payload[:20]]
        return len(found) == len(urls) and all(one.state == "dead" for one in found)

    await eventually(all_dead)
    assert all(path == "/status" for _, path, _ in outside.asked)
    assert made.standin.stats["requests"] == requests


async def test_a_trigger_calls_once(world) -> None:
    """Three sendings of one command ask once."""
    made = await ready(world)
    form = {"token": TOKEN, "command": "/pager", "text": "status x", "trigger_id": "the same"}

    async def call():
        async with made.session.post(f"{made.url}/command/pager", data=form) as response:
            return (await response.json()).get("text", "")

    assert sorted(await asyncio.gather(*(call() for _ in range(3)))) == ["", "", "Status: as you wish"]
    assert len(made.outside.asked) == 1


async def test_help_and_what_cannot_be_done_are_told(world, monkeypatch) -> None:
    """All with status 200: Mattermost shows nothing of any other."""
    made = await ready(world)
    for asked in ("/pager", "/pager help", "/pager nonsense", "/pager help status"):
        told = await made.standin.execute("ann", "ops", asked)
        assert "`/pager status [service]`" in told["text"], asked

    async def full(*_):
        raise JournalError("the disk is full")

    monkeypatch.setattr(made.running._running._parts.acceptance._journal, "append", full)
    told = await made.standin.execute("ann", "ops", STATUS)
    assert "cannot store anything now" in told["text"]
    assert made.outside.asked == []


async def test_another_trigger_is_the_only_command(world) -> None:
    """What the operator calls it at Mattermost; with a second command in the table, nobody knows which."""
    made = await world()
    table = await made.running._running._parts.acting.desk.acts.table("pager")
    assert set(commands_of(table, "pager")) == set(commands_of(table, "oncall")) == {"status", "hello"}


async def test_who_may_not_is_told_and_noted(world) -> None:
    """Who may, and a line of the audit."""
    made = await world(table='bot = "helper"\nallow = ["@ben"]')
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    told = await made.standin.execute("ann", "ops", "/pager status db1")
    assert (told["response_type"], "ben may do this." in told["text"]) == ("ephemeral", True)
    (line,) = await made.audit()
    assert (line.outcome, line.callback, line.user_name) == ("denied", "pager/status", "ann")
    assert made.outside.asked == []
