"""Secrets in the file of earlier releases."""

from pathlib import Path

import pytest

from gateway.errors import JournalError
from gateway.journal.sqlite.journal import SqliteJournal

OLD = '{"build": ["first", "newest"], "alerts": ["söcret"], "none": []}'


async def opened(folder: Path) -> SqliteJournal:
    """The journal of a gateway."""
    return await SqliteJournal.open(folder / "journal.db", retention=1e9, max_size=10**9, deliver=True)


async def test_they_are_taken_over_once(tmp_path: Path) -> None:
    """They are in the journal, and the file is gone; what is learned later stays."""
    file = tmp_path / "journal.secrets"
    file.write_text(OLD)
    journal = await opened(tmp_path)
    assert dict(await journal.secrets()) == {"build": "newest", "alerts": "söcret"}
    assert not file.exists()
    await journal.remember("build", "later")
    await journal.close()
    file.write_text(OLD)  # a copy that somebody puts back
    journal = await opened(tmp_path)
    assert dict(await journal.secrets()) == {"build": "later", "alerts": "söcret"}
    assert not file.exists()
    await journal.close()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": "b"}', '{"a": [1]}'])
async def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing is removed; the text names the file, and shows none of it."""
    file = tmp_path / "journal.secrets"
    file.write_text(text)
    with pytest.raises(JournalError, match=r"journal\.secrets does not hold the secrets .*: restore it"):
        await opened(tmp_path)
    assert file.read_text() == text
    file.unlink()
    await (await opened(tmp_path)).close()


async def test_tools_leave_it_to_the_gateway(tmp_path: Path) -> None:
    """A command line tool changes nothing by looking."""
    await (await opened(tmp_path)).close()
    (tmp_path / "journal.secrets").write_text(OLD)
    tool = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9)
    assert dict(await tool.secrets()) == {}
    await tool.close()
    assert (tmp_path / "journal.secrets").exists()
