"""The lock that lets one gateway deliver."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import JournalError
from gateway.journal.sqlite import lease
from gateway.journal.sqlite.lease import Lease, holder

HOLD = (
    "import asyncio, sys, time\n"
    "from pathlib import Path\n"
    "from gateway.journal.sqlite.lease import Lease\n"
    "lease = asyncio.run(Lease.take(Path(sys.argv[1])))\n"
    "print('held', flush=True)\n"
    "time.sleep(600)\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal."""
    return tmp_path / "journal.db"


async def test_it_is_held_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second learns who holds it; also over a link to the file."""
    monkeypatch.setattr(lease, "PATIENCE", 0.1)
    before = time.time()
    first = await Lease.take(path)
    path.touch()
    link = path.with_name("link.db")
    link.symlink_to(path)
    for name in (path, link):
        with pytest.raises(JournalError, match=f"process id {os.getpid()} on host .*: stop that one"):
            await Lease.take(name)
    found = holder(link)
    assert found is not None
    assert (found.pid, found.socket) == (os.getpid(), "")
    assert before - 1 <= found.since <= time.time()
    first.announce("/run/\udcff.socket")
    assert holder(path) == found._replace(socket="/run/\udcff.socket")
    first.release()
    (await Lease.take(path)).release()


async def test_a_kill_releases_it(path: Path) -> None:
    """Whoever waits for it then has it at once."""
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        taking = asyncio.ensure_future(Lease.take(path))
        await asyncio.sleep(0.2)
        assert not taking.done()
        found = holder(path)
        assert found is not None
        assert found.pid == other.pid
        other.send_signal(signal.SIGKILL)
        taken = await taking
        assert holder(path) == found._replace(pid=os.getpid(), since=holder(path).since)
        taken.release()


async def test_a_process_that_inherits_it_keeps_it_for_as_long_as_it_lives(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The successor of a gateway that was killed waits for what is still written; children without it do not count."""
    monkeypatch.setattr(lease, "PATIENCE", 0.1)
    first = await Lease.take(path)
    with (
        subprocess.Popen(["sleep", "600"], pass_fds=[first.descriptor]) as heir,
        subprocess.Popen(["sleep", "600"]) as other,
    ):
        first.release()
        with pytest.raises(JournalError, match="is held"):
            await Lease.take(path)
        heir.kill()
        heir.wait()
        (await Lease.take(path)).release()
        other.kill()


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}', "[]", '{"pid": "x", "host": "", "since": 0, "socket": ""}'])
async def test_what_a_holder_says_may_be_anything(path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A record that is torn, or of another release, is no reason to fail otherwise."""
    monkeypatch.setattr(lease, "PATIENCE", 0.1)
    first = await Lease.take(path)
    Path(f"{path}-lock").write_text(text)
    assert holder(path) is None
    with pytest.raises(JournalError, match="is held by another gateway: stop"):
        await Lease.take(path)
    first.release()


async def test_a_full_disk_is_no_reason_not_to_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock needs no space; only who has it is not told."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    monkeypatch.setattr(lease, "PATIENCE", 0.1)
    with capture_logs() as said:
        first = await Lease.take(path)
    assert [line["reason"] for line in said] == ["No space left on device"]
    with pytest.raises(JournalError, match="is held by another gateway"):
        await Lease.take(path)
    first.release()


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Whoever asks gets the error of the system; nobody holds anything there."""
    with pytest.raises(FileNotFoundError):
        await Lease.take(tmp_path / "missing" / "journal.db")
    assert holder(tmp_path / "missing" / "journal.db") is None
