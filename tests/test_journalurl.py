"""The URL of a journal."""

from pathlib import Path

import pytest

from gateway.journalurl import file_of, url_of


@pytest.mark.parametrize("path", ["journal.db", "/var/lib/mattergate/journal.db", "a folder/ü:1.db", "../j.db"])
def test_a_file_comes_back_from_its_url(path: str) -> None:
    """Whatever its name."""
    assert file_of(url_of(Path(path))) == Path(path)


@pytest.mark.parametrize("url", ["", "sqlite:", "sqlite", "j.db", "sqlite://host/j.db", "postgres:j", "sqlite::x:"])
def test_what_names_no_file_is_refused(url: str) -> None:
    """Other schemes, hosts, and databases that are in no file."""
    with pytest.raises(ValueError, match="names no store"):
        file_of(url)
