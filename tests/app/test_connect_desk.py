"""What the parts of `connect` share."""

from gateway.app.connect_desk import Desk
from gateway.callbacks.connect_scope import Choice
from gateway.secret import Secret
from gateway.settings import tokenfiles
from gateway.settings.tokenfiles import keep
from tests.app.conftest import TABLE


async def test_files_beside_the_settings(connector):
    """The first that holds nothing is for the next token; those with one belong to the table."""
    desk = Desk(tokenfiles.load(connector.folder / "mattergate.toml", {}), Choice(), connector.folder)
    spare = desk.spare_file("callbacks.c")
    assert spare.named == "tokens/callbacks.c"
    assert [one.named for one in desk.files_of("callbacks.c")] == ["tokens/c"]
    keep(spare, Secret("a-token"))
    assert desk.spare_file("callbacks.c").named == "tokens/callbacks.c-2"
    assert [one.named for one in desk.files_of("callbacks.c")] == ["tokens/c", "tokens/callbacks.c"]


async def test_what_the_settings_have_to_name(connector):
    """The line with all files of the table; nothing where they name it."""
    desk = Desk(tokenfiles.load(connector.folder / "mattergate.toml", {}), Choice(), connector.folder)
    assert desk.unnamed("callbacks.c", "tokens_file", desk.files_of("callbacks.c")[0]) == ""
    spare = desk.spare_file("callbacks.c")
    wanted = 'tokens_file = ["tokens/c", "tokens/callbacks.c"] in [callbacks.c]'
    assert desk.unnamed("callbacks.c", "tokens_file", spare).endswith(wanted)
    assert desk.unnamed("bots.x", "token_file", spare).endswith('token_file = "tokens/callbacks.c" in [bots.x]')


async def test_the_team_of_a_destination(connector):
    """Where several are there, and none is asked for."""
    connector.standin.add_team("lab")
    target = '[destinations.ops]\nserver = "{url}"\nteam = "lab"\nchannel = "town-square"\ntoken = "t0ken-t0ken"\n'
    connector.write(target + TABLE + 'destination = "ops"\n')
    done = await connector.run(triggers=("!ask",))
    assert "create slash command /ask lab" in done
