"""A desk to work at: a folder with settings, a catalog and a journal, and the commands, run in this process."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.catalog import files
from gateway.cli import app
from gateway.journal import Entry, Settlement
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Attempt, AttemptResult, DeliveryState, Event, Outcome, Parcel, Request
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR

HOOK = "http://127.0.0.1:9/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaa"
SETTINGS = f"""
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:1"
[journal]
url = "sqlite:journal.db"
[catalog]
folders = ["catalog"]
[destinations.ops]
hook = "{HOOK}"
[destinations.dev]
hook = "{HOOK}b"
[routes.items]
service = "items"
destinations = ["ops"]
allow_unsigned = true
"""
ROUTES = '[routes.any]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n'
REASON = "404: the channel is gone, or the account may not post in it"


class Result:
    """How a command ended: its exit code, and what it wrote."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err
        self.text = out + err

    @property
    def lines(self) -> list[Any]:
        """What it wrote, as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Desk:
    """A folder that is worked in; `run` is a command with its settings file, `plain` one without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = self.write("mattergate.toml", SETTINGS)
        self.write("catalog/items/service.yaml", ITEMS_SERVICE)
        self.write("catalog/items/item.yaml", ITEMS_TRANSLATOR)

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file that only its owner may read."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(0o600)
        return path

    def plain(self, *arguments: str | Path, stdin: str | bytes = "") -> Result:
        """Run a command in this process. It has no terminal."""
        got = CliRunner().invoke(app, list(map(str, arguments)), input=stdin)
        if got.exception is not None and not isinstance(got.exception, SystemExit):
            raise got.exception
        return Result(got.exit_code, got.stdout, got.stderr)

    def run(self, *arguments: str | Path, stdin: str | bytes = "") -> Result:
        """Run a command with the settings file."""
        return self.plain(*arguments, "-c", self.file, stdin=stdin)

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a process: that of the tests, without the settings of whoever runs them."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("MATTERGATE_", "_MATTERGATE"))}
        return {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "80", **more}

    def command(self, *arguments: str | Path) -> list[str]:
        """A command as a process is started with it."""
        return [sys.executable, "-m", "gateway", *map(str, arguments), "-c", str(self.file)]

    def process(self, *arguments: str | Path) -> Result:
        """Run a command in a process of its own, whose output is piped."""
        done = subprocess.run(
            self.command(*arguments), env=self.environ(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)

    def store(
        self,
        event_id: str,
        deliveries: Mapping[str, str] | None = None,
        *,
        ago: float = 0.0,
        route: str = "items",
        service: str = "items",
        outcome: Outcome = Outcome.MESSAGE,
        subject: str = "a",
        body: bytes = b'{"kind": "item", "box": "a", "number": 1}',
        text: str = "a 1",
        note: str = "",
    ) -> str:
        """Journal an event with a delivery to each destination, which stands as is said."""
        received = time.time() - ago
        request = Request("POST", {"content-type": "application/json"}, {}, body, "", f"http://gateway.test/in/{route}")
        event = Event(
            event_id, received, route, service, outcome, "item", f"{service}/item", subject, "", request, note
        )
        goals = {"ops": "delivered"} if deliveries is None else deliveries
        entry = Entry(event, tuple(Parcel(name, name, json.dumps({"text": text}).encode()) for name in goals))
        asyncio.run(self._store(entry, [DeliveryState(state) for state in goals.values()]))
        return event_id

    async def _store(self, entry: Entry, states: list[DeliveryState]) -> None:
        journal = await SqliteJournal.open(self.folder / "journal.db", retention=1e9, max_size=10**9)
        try:
            made = (await journal.append(entry)).deliveries
            await journal.settle(
                [
                    Settlement(
                        one.seq, state, 1, reason=REASON if state is DeliveryState.DEAD else "",
                        attempt=Attempt(time.time(), AttemptResult.NEVER, 404, "4xx", REASON),
                    )
                    for one, state in zip(made, states, strict=True)
                    if state is not DeliveryState.PENDING
                ]
            )  # fmt: skip
        finally:
            await journal.close()

    def states(self) -> list[str]:
        """How the deliveries of the journal stand, the newest event first."""
        rows = self.run("events", "list", "-o", "jsonl").lines
        return [state for row in rows for state in row["deliveries"]]


@pytest.fixture(scope="session")
def small_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a built-in catalog that is loaded quickly: a few services, the large ones without their translators."""
    folder, whole = tmp_path_factory.mktemp("schemas"), files.builtin_folder()
    for schema in whole.glob("*.json"):
        shutil.copy(schema, folder)
    for copied in ("alertmanager", "fragments", "generic"):
        shutil.copytree(whole / copied, folder / copied)
    for service in ("github", "gitlab"):
        (folder / service).mkdir()
        shutil.copy(whole / service / "service.yaml", folder / service)
    return folder


@pytest.fixture
def desk(tmp_path: Path, small_catalog: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Give a desk whose folder is the working directory. Commands in this process have the small catalog."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "builtin_folder", lambda: small_catalog)
    for name in [name for name in os.environ if name.startswith("MATTERGATE_")]:
        monkeypatch.delenv(name)
    return Desk(tmp_path)


@pytest.fixture
async def running(start, desk):
    """Give a function that starts a gateway, and points the settings of the desk at its admin listener."""

    async def begin(tables="", told=None):
        gateway = await start(ROUTES, tables=tables)
        port = gateway.running.admin.rpartition(":")[2]
        text = desk.file.read_text().replace("127.0.0.1:1", f"127.0.0.1:{port}").replace("journal.db", "test.db")
        text += tables if told is None else told
        desk.write("mattergate.toml", text)
        return gateway

    return begin
