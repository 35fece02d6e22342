"""The whole gateway before a channel over REST: long messages, cards that outlive a restart, and the live check."""

import pytest

from gateway import settings
from gateway.app import app, senders
from gateway.errors import SettingsError
from gateway.mattermost.probe import Level
from tests.conftest import eventually

HEAD = """[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[catalog]
reload = false
"""
DESTINATION = """
[destinations.rest]
server = "{url}"
team = "acme"
channel = "alerts"
{more}
"""
TOKEN = 'token = "t0kent0kent0kent0kent0kent"'
ROUTE = '[routes.any]\nservice = "own"\ndestinations = ["rest"]\nallow_unsigned = true\n'
SERVICE = """
name: Own
docs: https://example.com/own
setup: Nothing to set up; this service exists for tests alone.
event: [{json: kind}]
"""
TRANSLATOR = """
title: Anything
events: ["*"]
subject: "{{ about }}"
phase: "{{ phase }}"
message: {text: "{{ text }}"}
"""


@pytest.fixture
def tables(board, tmp_path):
    """A function that gives the tables of a destination at the board, and of a catalog with one service."""
    folder = tmp_path / "catalog" / "own"
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text(SERVICE)
    (folder / "any.yaml").write_text(TRANSLATOR)

    def made(more=TOKEN):
        return f'folders = ["{folder.parent}"]\n' + DESTINATION.format(url=board.url, more=more)

    return made


def known(url, more=TOKEN, hook=""):
    """Settings with the destination, and perhaps a webhook."""
    text = DESTINATION.format(url=url, more=more) + (f'[destinations.hook]\nhook = "{hook}"\n' if hook else "")
    return settings.parse(text, "mattergate.toml", {}, lambda path: path.read_text("utf-8"))


async def arrived(board, count):
    """The posts of the board, once there are so many."""
    await eventually(lambda: len(board.posts) >= count)
    return list(board.posts.values())


async def say(running, desk, text, **more):
    """Send one event."""
    async with desk.http.client.post(f"{running.public}/in/any", json={"kind": "x", "text": text, **more}) as response:
        assert (response.status, (await response.json())["translator"]) == (202, "own/any")


async def settled(running, desk, count):
    """Wait until so many deliveries have succeeded."""

    async def counted() -> bool:
        async with desk.http.client.get(f"{running.admin}/metrics") as response:
            return f'destination="rest",result="delivered"}} {float(count)}' in await response.text()

    await eventually(counted)


async def test_a_request_becomes_a_post(start, desk, board, tables):
    """An event arrives in the channel, under the name of its service."""
    gateway = await start(ROUTE, tables=tables())
    await say(gateway.running, desk, "Disk full")
    [post] = await arrived(board, 1)
    assert (post["message"], post["channel_id"]) == ("Disk full", board.channels["alerts"])
    assert post["props"]["override_username"] == "Own"


async def test_what_is_too_long_goes_on_in_the_thread(start, desk, board, tables):
    """A text of several posts is one thread, in order."""
    gateway = await start(ROUTE, tables=tables())
    await say(gateway.running, desk, "word " * 10_000)
    first, *more = await arrived(board, 4)
    assert (first["root_id"], {post["root_id"] for post in more}) == ("", {first["id"]})
    assert sum(post["message"].count("word") for post in (first, *more)) == 10_000


@pytest.mark.parametrize(
    ("mode", "shown", "replies"), [("update", "3", []), ("thread", "1", ["2", "3"]), ("both", "3", ["2", "3"])]
)
async def test_cards_outlive_the_gateway(desk, board, tables, tmp_path, mode, shown, replies):
    """A second gateway with the same journal goes on with the post that the first one made."""
    text = f'{HEAD}{tables()}{ROUTE}card = "{mode}"\n'
    both = settings.parse(text, str(tmp_path / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
    async with app.running(both) as running:
        await say(running, desk, "1", about="s", phase="open")
        await settled(running, desk, 1)
        await say(running, desk, "2", about="s")
        await settled(running, desk, 2)
    first = next(iter(board.posts.values()))
    async with app.running(both) as running:
        await say(running, desk, "3", about="s", phase="close")
        await settled(running, desk, 1)
        assert board.posts[first["id"]]["message"] == shown
        assert [post["message"] for post in board.posts.values() if post["root_id"] == first["id"]] == replies
        await say(running, desk, "4", about="s", phase="open")
        await settled(running, desk, 2)
    [*_, last] = board.posts.values()
    assert (last["message"], last["root_id"]) == ("4", "")


async def test_a_session_that_ends_loses_nothing(start, desk, board, tables):
    """Every event of a time in which sessions end again and again arrives once."""
    gateway = await start(ROUTE, tables=tables('login = "gate"\npassword = "c0rrect-h0rse"\n'))
    for number in range(20):
        await say(gateway.running, desk, f"number {number}")
        if number % 5 == 4:
            await arrived(board, number + 1)
            board.tokens.clear()
    posts = await arrived(board, 20)
    assert sorted(post["message"] for post in posts) == sorted(f"number {number}" for number in range(20))
    assert 3 <= board.logins <= 5


async def test_destinations_with_one_login_share_it(board):
    """Two channels with the same account log in once, and are refused once."""
    text = "".join(
        DESTINATION.format(url=board.url, more='login = "gate"\npassword = "c0rrect-h0rse"').replace(
            ".rest]", f".{name}]"
        )
        for name in ("one", "two")
    )
    both = settings.parse(text, "mattergate.toml", {}, lambda path: "")
    found = await senders.probe(both, post=False)
    assert {finding.level for findings in found.values() for finding in findings} == {Level.FINE}
    assert board.logins == 1


async def test_the_live_check_posts_only_when_asked(board, start):
    """Without --post nothing arrives; with it, one message at each destination that can work."""
    gateway = await start()
    found = await senders.probe(known(board.url, hook=gateway.hook), post=False)
    assert not board.posts
    assert not gateway.standin.posts
    assert {findings[-1].level for findings in found.values()} == {Level.FINE, Level.WARNING}
    await senders.probe(known(board.url, hook=gateway.hook), post=True)
    assert len(board.posts) == 1
    assert "`hook`" in gateway.standin.posts[0].message


async def test_a_destination_with_a_fault_is_not_posted_to(board):
    """What cannot work is not tried."""
    found = await senders.probe(known(board.url, 'token = "wr0ng"'), post=True)
    assert found["rest"][-1].level is Level.FAULT
    assert not board.posts


async def test_certificates_that_are_none(board, tmp_path):
    """A `ca_file` without certificates is a fault of the settings."""
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(SettingsError, match="holds no certificates"):
        await senders.probe(known(board.url, f'{TOKEN}\nca_file = "{tmp_path / "ca.pem"}"'), post=False)
