"""What the tests of statements share."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal.sqlite.file import connect, prepare


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to an empty journal."""
    prepare(tmp_path / "journal.db")
    with closing(connect(tmp_path / "journal.db")) as made:
        yield made
