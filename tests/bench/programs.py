"""The programs that do the same work as the gateway: how each is fetched, built and started; peers/ has their sources.

Each takes POST /in/github, and posts Slack-shaped JSON to a hook. All of them get port, hook, secret, time limit of a
post and a folder of their own from the environment (PEER_PORT, PEER_HOOK, PEER_SECRET, PEER_TIMEOUT, PEER_FOLDER).
"""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import servers
from push import SECRET
from rough import TIMEOUT
from scenarios import Variant

PATH: Final = "/in/github"
_HERE: Final = Path(__file__).parent
_PEERS: Final = _HERE / "peers"
_STARTING: Final = 60.0


class AbsentError(Exception):
    """Why a program is not there."""


class Program:
    """A program that takes part; `programs` is the folder below which those that were fetched or built are."""

    share: float = 1.0
    """Which part of the usual number of events it gets, so that it takes no longer than others."""
    file: str = ""
    """What it is installed as, below `programs`; "" when it comes with this repository."""
    tools: Sequence[str] = ()
    """Which other programs it runs with."""

    def __init__(self, name: str) -> None:
        self.name = name

    def install(self, programs: Path) -> None:
        """Fetch and build it. Raises AbsentError."""

    def check(self, programs: Path) -> None:
        """Raise AbsentError when something is missing."""
        for tool in self.tools:
            _tool(tool)
        if not (programs / self.file).exists():
            raise AbsentError("not installed: --install fetches it")

    def command(self, programs: Path, folder: Path, port: int, sink: int) -> Sequence[str | Path]:
        """What starts it in its own `folder`, to listen at `port` and to post to the port `sink`."""
        return [programs / self.file]


class Script(Program):
    """A Python script; `arguments` may have `{port}` and `{sink}` in them."""

    def __init__(self, name: str, script: Path, *arguments: str) -> None:
        super().__init__(name)
        self._script, self._arguments = script, arguments

    def command(self, programs: Path, folder: Path, port: int, sink: int) -> Sequence[str | Path]:
        """Run it with this Python."""
        arguments = (argument.format(port=port, sink=sink) for argument in self._arguments)
        return [sys.executable, self._script, *arguments]


class Mattergate(Program):
    """The gateway itself, one route and one destination, as an operator starts it."""

    def command(self, programs: Path, folder: Path, port: int, sink: int) -> Sequence[str | Path]:
        """Write the settings; the journal stays what it is."""
        text = servers.settings(sink, [PATH.rpartition("/")[2]], 1) + f'[delivery]\ntimeout = "{TIMEOUT}s"\n'
        file = servers.write_settings(folder, text, port, servers.free_port())
        return [sys.executable, "-m", servers.GATEWAY, "serve", "-c", file]


class OwnGo(Program):
    """A program of peers/go, of the standard library alone."""

    def __init__(self, name: str, package: str) -> None:
        super().__init__(name)
        self.file = package

    def install(self, programs: Path) -> None:
        """Build it."""
        _run([_tool("go"), "build", "-o", programs / self.file, f"./{self.file}"], _PEERS / "go")


class Benthos(Program):
    """The core of Benthos, under the MIT licence, in a binary with its components for HTTP and mappings."""

    VERSION = "v4.60.0"
    file = "benthos"
    _MODULE = "github.com/redpanda-data/benthos/v4"

    def install(self, programs: Path) -> None:
        """Fetch its module, and build it."""
        source = programs / "benthos-source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        shutil.copy(_PEERS / "benthos/main.go", source)
        go = _tool("go")
        packages = ("service", "components/io", "components/pure")
        _run([go, "mod", "init", "peer"], source)
        _run([go, "get", *(f"{self._MODULE}/public/{package}@{self.VERSION}" for package in packages)], source)
        _run([go, "build", "-o", programs / self.file, "."], source)

    def command(self, programs: Path, folder: Path, port: int, sink: int) -> Sequence[str | Path]:
        """The binary, with its configuration."""
        return [programs / self.file, "run", _PEERS / "benthos/config.yaml"]


class NodeRed(Program):
    """Node-RED with a flow of five nodes."""

    VERSION = "4.1.15"
    file = "node-red/node_modules/node-red/red.js"
    tools = ("node",)

    def install(self, programs: Path) -> None:
        """Fetch it with npm."""
        folder = programs / "node-red"
        folder.mkdir(parents=True, exist_ok=True)
        options = ("--no-audit", "--no-fund", "--omit=optional", "--prefix", folder)
        _run([_tool("npm"), "install", *options, f"node-red@{self.VERSION}"], folder)

    def command(self, programs: Path, folder: Path, port: int, sink: int) -> Sequence[str | Path]:
        """The editor stays away; what it writes goes to the folder, with a copy of the flow."""
        flow = shutil.copy(_PEERS / "node-red/flow.json", folder)
        options = ("--userDir", folder, "--settings", _PEERS / "node-red/settings.js")
        return ["node", programs / self.file, *options, flow]


class Webhook(Program):
    """Debian's `webhook`, which starts a command for each request: a shell script with jq and curl."""

    share = 0.05
    file = "webhook/usr/bin/webhook"
    tools = ("jq", "curl")

    def install(self, programs: Path) -> None:
        """Fetch and unpack the package; the system stays as it is."""
        with TemporaryDirectory() as folder:
            _run([_tool("apt-get"), "download", "webhook"], Path(folder))
            package = next(Path(folder).glob("*.deb"))
            _run([_tool("dpkg-deb"), "--extract", package, programs / "webhook"], Path(folder))

    def command(self, programs: Path, folder: Path, port: int, sink: int) -> Sequence[str | Path]:
        """The binary, with one hook."""
        options = ("-template", "-ip", "127.0.0.1", "-port", str(port), "-urlprefix", PATH.split("/")[1])
        return [programs / self.file, "-hooks", _PEERS / "webhook/hooks.json", *options]


BASELINE: Final = "aiohttp proxy"
"""The least that can be called a relay: it neither proves nor translates."""

PROGRAMS: Final[Sequence[Program]] = (
    Script(BASELINE, _HERE / "bare.py", "proxy", "{port}", "{sink}"),
    Script("aiohttp relay", _PEERS / "relay.py", "answering"),
    OwnGo("Go relay", "relay"),
    OwnGo("durable Go relay", "durable"),
    Benthos(f"Benthos core {Benthos.VERSION.removeprefix('v')}"),
    NodeRed(f"Node-RED {NodeRed.VERSION}"),
    Webhook("Debian's webhook"),
    Mattergate("mattergate"),
)

FORGETFUL: Final = Script("forgetful relay", _PEERS / "relay.py", "forgetful")
"""A relay that keeps none of the promises: whether they are really tried shows in what is found of it."""


@asynccontextmanager
async def running(program: Program, programs: Path, folder: Path, sink: int) -> AsyncIterator[servers.Server]:
    """The program, once it answers on its path; what it keeps and prints is in `folder`.

    Raises RuntimeError with the end of what it printed when it does not start.
    """
    port = servers.free_port()
    environment = {
        "PEER_PORT": str(port),
        "PEER_HOOK": hook(sink),
        "PEER_SECRET": SECRET,
        "PEER_TIMEOUT": str(TIMEOUT),
        "PEER_FOLDER": str(folder),
        "PEER_POST": str(_PEERS / "webhook/post"),
        "PYTHONPATH": str(servers.OURS),
    }
    command = [str(word) for word in program.command(programs, folder, port, sink)]
    async with AsyncExitStack() as stack:
        printed = stack.enter_context((folder / "printed").open("wb"))
        context = servers.running(command, port, folder=folder, environment=environment, output=printed.fileno())
        try:
            server = await stack.enter_async_context(context)
            await asyncio.wait_for(_ready(port), _STARTING)
        except (RuntimeError, TimeoutError) as error:
            told = (folder / "printed").read_text("utf-8")[-2000:]
            raise RuntimeError(f"{program.name} does not start: {error!r}\n{told}") from error
        yield server


def variant(program: Program, programs: Path) -> Variant:
    """The program as one of those that are measured side by side."""
    return Variant(lambda folder, sink: running(program, programs, folder, sink), share=program.share)


def hook(sink: int) -> str:
    """The URL of the incoming webhook."""
    return f"http://127.0.0.1:{sink}/hooks/abc"


async def _ready(port: int) -> None:
    """Wait until the path is known: Node-RED listens before its flows have begun."""
    request = f"OPTIONS {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.readline()
        writer.close()
        if answer and b" 404 " not in answer:
            return
        await asyncio.sleep(0.05)


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise AbsentError(f"needs {name}")
    return path


def _run(command: Sequence[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise AbsentError(f"{Path(command[0]).name} {command[1]} fails: {last}")
