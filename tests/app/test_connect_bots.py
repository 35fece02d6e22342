"""`connect` for bots: account, token, permission, team and channels."""

import pytest

from gateway.outbound.exchange import Unsent
from gateway.settings import tokenfiles
from tests.app.conftest import BOT, TABLE

LISTENING = BOT + TABLE + 'bot = "helper"\nchannels = ["ops"]\nonly = ["none"]\n'


def user(standin, name="helper"):
    """A user of the stand-in."""
    return standin._world.user_named(name)


async def test_a_bot_is_made_once(connector):
    """With its token in the file, in the team, and in the channels that its tables listen in."""
    connector.standin.add_channel("ops")
    connector.write(LISTENING)
    assert await connector.run(role="post:channels") == [
        "create bot @helper",
        f"create access token of @helper, into {connector.folder}/tokens/helper",
        "add permission post:channels of @helper",
        "add @helper to the team home",
        "add @helper to ops home",
    ]
    made = user(connector.standin)
    assert (made.bot, made.roles) == (True, "system_user system_post_all_public")
    token = connector.standin._world.tokens[connector.text("tokens/helper")]
    assert token.user == made.id
    assert await connector.run(role="post:channels") == ["nothing bot @helper"]


async def test_a_revoked_token_is_made_anew(connector):
    """The account stays as it is."""
    connector.write(BOT)
    await connector.run()
    connector.standin.revoke(connector.text("tokens/helper"))
    _, told = await connector.run()
    assert told.startswith("create access token")
    assert connector.text("tokens/helper") in connector.standin._world.tokens


async def test_a_bot_that_is_turned_off_is_turned_on(connector):
    """With a new token: the old one is refused, as long as it is off."""
    connector.write(BOT)
    await connector.run()
    user(connector.standin).delete_at = 1
    done = await connector.run()
    assert done[0] == "update bot @helper it is turned off, and will be on"
    assert done[1].startswith("create access token of @helper")
    assert user(connector.standin).delete_at == 0
    assert await connector.run() == ["nothing bot @helper"]


async def test_a_person_is_no_bot(connector):
    """A name that is taken is told; a person who logs in is used as he is."""
    connector.standin.add_user("helper", "secret")
    connector.write(BOT)
    (told,) = await connector.run()
    assert told.startswith("cannot bot @helper a person has this name")
    connector.write(BOT.replace('token_file = "tokens/helper"', 'login = "helper"\npassword = "secret"'))
    assert await connector.run() == ["nothing bot @helper"]
    connector.write(BOT.replace('token_file = "tokens/helper"', 'login = "nobody"\npassword = "secret"'))
    assert (await connector.run())[0].startswith("cannot account nobody no such user")


async def test_a_channel_that_is_not_there(connector):
    """The rest is done."""
    connector.write(LISTENING)
    done = await connector.run()
    assert any(one.startswith("cannot @helper to ops home") for one in done)
    assert "add @helper to the team home" in done


async def test_a_token_that_cannot_be_kept_is_revoked(connector, monkeypatch):
    """Nobody would know it."""

    def full(*_):
        raise OSError(28, "No space left on device")

    connector.write(BOT)
    monkeypatch.setattr("gateway.app.connect_bots.keep", full)
    with pytest.raises(OSError, match="No space"):
        await connector.run()
    monkeypatch.undo()
    assert [one for one in connector.standin._world.tokens.values() if one.user == user(connector.standin).id] == []
    assert not tokenfiles.of_default(connector.folder, "bots.helper").path.exists()


async def test_several_teams(connector):
    """One is to be named, unless the bot is in one."""
    connector.standin.add_team("lab")
    connector.write(BOT)
    assert "cannot membership of @helper say in which team: --team home, lab" in await connector.run()
    await connector.run(teams=("lab",))
    assert await connector.run() == ["nothing bot @helper"]


async def test_a_server_that_is_down_is_no_revoked_token(connector):
    """Nothing is made anew then."""
    connector.write(BOT)
    await connector.run()
    connector.standin.mode = "down"
    with pytest.raises(Unsent, match="503"):
        await connector.run()
