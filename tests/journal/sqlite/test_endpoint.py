"""Where the process that writes takes clients."""

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gateway.errors import JournalError
from gateway.journal.sqlite.endpoint import LONGEST, Endpoint


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short name, whatever that of the test is."""
    with TemporaryDirectory(prefix="mg-", dir="/tmp") as folder:
        yield Path(folder).resolve()


def connects(address: str) -> bool:
    """Whether something listens there."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(address)
        except OSError:
            return False
    return True


def long(folder: Path) -> Path:
    """A journal in that folder whose path no socket beside it can have."""
    deep = folder / ("d" * LONGEST)
    deep.mkdir()
    return deep / "journal.db"


def test_it_is_beside_the_journal_for_its_owner_only(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may not read the journal may not connect; it is gone at the end."""
    monkeypatch.chdir(short)
    endpoint = Endpoint(Path("journal.db"))
    assert endpoint.address == str(short / "journal.db-socket")
    assert stat.S_IMODE(Path(endpoint.address).stat().st_mode) == 0o600
    assert connects(endpoint.address)
    endpoint.close()
    assert list(short.iterdir()) == []


def test_that_of_a_gateway_that_was_killed_is_replaced(short: Path) -> None:
    """Its file is left, and nobody listens there."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(short / "journal.db-socket"))
    endpoint = Endpoint(short / "journal.db")
    assert connects(endpoint.address)
    endpoint.close()


def test_a_long_path_leads_to_the_runtime_folder(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a name that only this journal has."""
    path, runtime = long(short), short / "run"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    endpoint, other = Endpoint(path), Endpoint(path.with_name("other.db"))
    assert Path(endpoint.address).parent == runtime
    assert connects(endpoint.address)
    assert endpoint.address != other.address
    endpoint.close()
    other.close()
    assert list(runtime.iterdir()) == []


@pytest.mark.parametrize("place", ["", "missing"])
def test_without_a_runtime_folder_it_has_one_of_its_own(
    short: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Among the temporary files, where nobody else may enter."""
    path, temporary = long(short), short / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", place and str(short / place))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    endpoint = Endpoint(path)
    folder = Path(endpoint.address).parent
    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert connects(endpoint.address)
    endpoint.close()
    Endpoint(path).close()


@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_a_folder_that_somebody_else_may_have_laid_there_is_refused(
    short: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    """Names among the temporary files can be guessed."""
    path, temporary = long(short), short / "tmp"
    temporary.mkdir()
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    endpoint = Endpoint(path)
    folder = Path(endpoint.address).parent
    endpoint.close()
    folder.rmdir()
    if trap == "open":
        folder.mkdir()
        folder.chmod(0o755)
    elif trap == "link":
        folder.symlink_to(short)
    else:
        folder.touch(0o600)
    with pytest.raises(JournalError, match=f"{folder} is not a folder of this user alone: remove it"):
        Endpoint(path)


def test_no_place_at_all_is_told(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder with a long name of its own is no way out."""
    path = long(short)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", os.fspath(path.parent))
    with pytest.raises(JournalError, match="no socket can be made for command line tools"):
        Endpoint(path)
