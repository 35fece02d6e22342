"""Settings, a service and a stand-in that are to be connected."""

from contextlib import AsyncExitStack

import pytest

from gateway.app.connect_desk import Desk
from gateway.app.connecting import plan
from gateway.callbacks.connect_scope import Choice
from gateway.catalog.build import build
from gateway.language.template import Engine
from gateway.secret import Secret
from gateway.settings import tokenfiles
from gateway.standin.server import StandIn
from tests.callbacks.conftest import ASK, texts

HEAD = '[server]\npublic_url = "https://127.0.0.1:9"\n'
BOT = '[bots.helper]\nserver = "{url}"\ntoken_file = "tokens/helper"\n'
TABLE = '[callbacks.c]\nservice = "acme"\nserver = "{url}"\ntokens_file = ["tokens/c"]\n'
OUT = ASK.replace("answers: command", "answers: [command, outgoing]")


class Connector:
    """A stand-in with an administrator, and a folder with settings; `documents` are the callbacks of the service."""

    def __init__(self, folder, standin, url):
        self.folder = folder
        self.standin = standin
        self.url = url
        self.admin = Secret(standin.add_bot("boss", roles="system_admin system_user"))
        self.documents = {"ask": OUT}
        self._file = folder / "mattergate.toml"

    def write(self, text):
        """Write the settings; the address of the server is filled in."""
        self._file.write_text(HEAD + text.replace("{url}", self.url))
        self._file.chmod(0o600)

    async def run(self, *, work=True, **choice):
        """Plan, and do it; gives the steps as texts."""
        unfinished = tokenfiles.load(self._file, {})
        desk = Desk(unfinished, Choice(**choice), self.folder)
        service, faults = build("acme", texts(self.documents), Engine())
        assert faults == []
        async with AsyncExitStack() as stack:
            await desk.open(stack, self.admin)
            tasks = await plan(desk, {"acme": service})
            for task in tasks if work else ():
                if task.work is not None:
                    await task.work()
        return [" ".join(filter(None, (one.step.action, one.step.what, one.step.team, one.step.why))) for one in tasks]

    def text(self, name):
        """The token in a file of the folder."""
        return (self.folder / name).read_text().strip()


@pytest.fixture
async def connector(tmp_path):
    """Give what connects the settings of a folder."""
    standin = StandIn()
    async with standin.serve() as url:
        made = Connector(tmp_path, standin, url)
        made.write(TABLE)
        yield made
