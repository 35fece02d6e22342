"""The journal's file: what is made, migrated, and refused."""

import os
import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import CardPost, DuplicateKey, Entry, Query, Settlement
from gateway.journal import open as open_journal
from gateway.journal.audit import AuditQuery
from gateway.journal.duplicates import key_of
from gateway.journal.sqlite.file import as_journal_error, connect, is_environment, migrate, prepare, versions
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.journal.uses import Pin
from gateway.model import Attempt, AttemptResult, Delivery, DeliveryState, Event, Outcome, Parcel, Request

DATA = Path(__file__).parents[2] / "data" / "journal"
"""Journals as earlier releases left them, by the version of their schema."""

DIGEST = bytes(range(16))


def plain(path: Path) -> sqlite3.Connection:
    """A connection without any of the journal's settings."""
    return sqlite3.connect(path, isolation_level=None)


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file holds what senders sent: nobody else may read it."""
    path = tmp_path / "journal.db"
    prepare(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_commits_are_synced(tmp_path: Path) -> None:
    """Accepted means durable: a write-ahead log, synced at every commit."""
    path = tmp_path / "journal.db"
    prepare(path)
    connection = connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


def test_an_older_file_is_migrated_section_by_section(tmp_path: Path) -> None:
    """Each section above the file's version runs once, in order, and data stays."""
    path = tmp_path / "journal.db"
    first, second = "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n", "ALTER TABLE a ADD COLUMN y DEFAULT 'new';\n"
    connection = plain(path)
    migrate(connection, path, [first])
    migrate(connection, path, [first, second])
    migrate(connection, path, [first, second])
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, "new")]
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


async def test_a_journal_of_version_1_is_taken_over(tmp_path: Path) -> None:
    """What the first schema kept is found, handed out and settled under the present one."""
    path = tmp_path / "journal.db"
    first, *_ = versions(resources.files("gateway.journal.sqlite").joinpath("schema.sql").read_text("utf-8"))
    connection = plain(path)
    migrate(connection, path, [first])
    event = (7, "e7", 1.5, 300, "build", "github", "message", "push", "d", "s", "", "POST", "", "", "{}", "{}", b"body")
    delivery = (9, 7, 1.5, "ops", "lane", "pending", 4, 2.5, "503", "", "", "", b"{}")
    for table, row in (("event", event), ("delivery", delivery)):
        connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    connection.close()
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**9, clock=lambda: 100.0)
    (waiting,) = await journal.pending(0, 10)
    assert waiting == Delivery(9, "e7", 1.5, "ops", "lane", b"{}", attempts=4, not_before=2.5, reason="503")
    attempt = Attempt(3.25, AttemptResult.DELIVERED, 200, "2xx")
    await journal.settle([Settlement(9, DeliveryState.DELIVERED, 5, attempt=attempt)])
    (record,) = (await journal.find(Query())).records
    assert record.event.request.body == b"body"
    assert [(found.state, found.log) for found in record.deliveries] == [(DeliveryState.DELIVERED, (attempt,))]
    await journal.close()


async def test_the_kinds_of_version_5_have_no_note(tmp_path: Path) -> None:
    """They keep their numbers: the events that are of them are found as before."""
    path = tmp_path / "journal.db"
    sections = versions(resources.files("gateway.journal.sqlite").joinpath("schema.sql").read_text("utf-8"))
    connection = plain(path)
    migrate(connection, path, sections[:5])
    event = (7, "e7", 1.5, 300, "build", "github", "ignored", "push", "", "", "why", "POST", "", "", "{}", "{}", b"")
    connection.execute(f"INSERT INTO event VALUES ({','.join('?' * len(event))}, '', 0)", event)
    connection.execute("INSERT INTO kind VALUES (3, 'build', 'github', 'ignored', 7)")
    connection.execute("INSERT INTO kind_of_event VALUES (7, 3)")
    connection.close()
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**9, clock=lambda: 100.0)
    (record,) = (await journal.find(Query(outcome="ignored", route="build"))).records
    assert (record.event.id, record.event.note) == ("e7", "")
    assert (await journal.find(Query(note="unknown"))).records == ()
    assert await journal.refused() == {}
    await journal.close()


async def test_a_journal_of_version_7_gets_rings_places_and_an_audit(tmp_path: Path) -> None:
    """All of them begin empty, and what was there stays."""
    path = tmp_path / "journal.db"
    sections = versions(resources.files("gateway.journal.sqlite").joinpath("schema.sql").read_text("utf-8"))
    connection = plain(path)
    migrate(connection, path, sections[:7])
    connection.execute("INSERT INTO secret VALUES ('build', 'kept')")
    connection.close()
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**9, clock=lambda: 100.0)
    assert await journal.secrets() == {"build": "kept"}
    assert (await journal.audit(AuditQuery())).lines == []
    assert [key.made for key in await journal.ring("tickets")] == [100.0]
    assert await journal.pin("t", "channel", "post", 200.0) == Pin("channel", "post")
    await journal.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """All sections are one transaction."""
    path = tmp_path / "journal.db"
    connection = plain(path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, ["CREATE TABLE a (x);\n", "CREATE TABLE a (x);\n"])
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()


def test_sections_are_cut_at_their_headings() -> None:
    """A heading is a line of its own; what stands before the first is a comment."""
    assert versions("-- intro\n-- version 1\nA;\n-- version 2\nB;\n") == ["\nA;\n", "\nB;\n"]


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    """The text names both versions and what to do."""
    path = tmp_path / "journal.db"
    prepare(path)
    connection = plain(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match=r"journal\.db has schema version 99, this release knows up to 8: start"):
        prepare(path)
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    """A wrong path in the settings must not cost anybody's data."""
    path = tmp_path / "other.db"
    connection = plain(path)
    connection.execute("CREATE TABLE users (name)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match="another program"):
        prepare(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("code", "name", "kind", "text"),
    [
        (sqlite3.SQLITE_FULL, "SQLITE_FULL", JournalError, "no space is left"),
        (sqlite3.SQLITE_IOERR | 4 << 8, "SQLITE_IOERR_FSYNC", JournalError, "input/output"),
        (sqlite3.SQLITE_READONLY, "SQLITE_READONLY", JournalError, "check the mount"),
        (sqlite3.SQLITE_CANTOPEN, "SQLITE_CANTOPEN", JournalError, "its directory must exist"),
        (sqlite3.SQLITE_BUSY, "SQLITE_BUSY", JournalError, "another process"),
        (sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT", JournalDamaged, "move it away together with j.db-wal"),
        (sqlite3.SQLITE_NOTADB, "SQLITE_NOTADB", JournalDamaged, "restore it from a backup"),
    ],
)
def test_troubles_say_which_file_and_what_to_do(code: int, name: str, kind: type, text: str) -> None:
    """Each error that a disk can cause has its remedy, and meets everyone in the group."""
    error = sqlite3.OperationalError("raw text")
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    said = as_journal_error(Path("/var/lib/j.db"), error)
    assert type(said) is kind
    assert text in str(said)
    assert "/var/lib/j.db" in str(said)
    assert name in str(said)
    assert is_environment(error)


def test_a_fault_of_one_entry_is_not_the_environments() -> None:
    """Values that cannot be stored concern their entry alone; an error already put into words stays as it is."""
    error = UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    assert not is_environment(error)
    assert "surrogates" in str(as_journal_error(Path("j.db"), error))
    ours = JournalError("known")
    assert as_journal_error(Path("j.db"), ours) is ours


def test_processes_may_start_on_one_new_file_at_once(tmp_path: Path) -> None:
    """Each waits for the other; the schema is made once."""
    path = tmp_path / "journal.db"
    with ThreadPoolExecutor(8) as starters:
        list(starters.map(lambda _: prepare(path), range(8)))
    connection = connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (8,)
    connection.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["journal.db"]


@pytest.mark.parametrize("size", [0, 1, 100, 511])
def test_a_file_that_is_cut_short_is_refused_untouched(tmp_path: Path, size: int) -> None:
    """A journal gets its name when it is whole: less was one once, and must not be taken for a new one."""
    path = tmp_path / "journal.db"
    prepare(path)
    content = path.read_bytes()[:size]
    path.write_bytes(content)
    with pytest.raises(
        JournalDamaged, match=rf"journal\.db is cut short, it has {size} bytes: restore it from a backup"
    ):
        prepare(path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("journal.db", content)]


@pytest.mark.parametrize("size", [512, 4096, 4097, 20_000])
def test_a_file_that_lost_its_end_is_refused(tmp_path: Path, size: int) -> None:
    """The database knows how long it was."""
    path = tmp_path / "journal.db"
    prepare(path)
    content = path.read_bytes()
    assert len(content) > size
    path.write_bytes(content[:size])
    with pytest.raises(sqlite3.DatabaseError) as caught:
        prepare(path)
    assert isinstance(as_journal_error(path, caught.value), JournalDamaged)


@pytest.mark.parametrize("log", [b"", b"x" * 5000])
def test_a_log_without_its_file_is_refused_untouched(tmp_path: Path, log: bytes) -> None:
    """An empty journal beside it would be mixed with what it holds, or lose that."""
    path = tmp_path / "journal.db"
    (tmp_path / "journal.db-wal").write_bytes(log)
    with pytest.raises(JournalDamaged, match=r"journal\.db is missing, but its log journal\.db-wal is there: put"):
        prepare(path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("journal.db-wal", log)]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Neither a folder nor a pipe can be a journal, and none of them is waited for."""
    (tmp_path / "folder.db").mkdir()
    os.mkfifo(tmp_path / "pipe.db")
    for name in ("folder.db", "pipe.db"):
        with pytest.raises(JournalDamaged, match=rf"{name} is not a file but a directory or a device: name a file"):
            prepare(tmp_path / name)


async def test_a_gateway_does_not_deliver_from_what_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it sends would be sent again at every start; a tool may read it."""
    path = tmp_path / "journal.db"
    prepare(path)

    def read_only(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)

    monkeypatch.setattr("gateway.journal.sqlite.file.connect", read_only)
    with pytest.raises(JournalError, match="it cannot be written; check the mount and the owner"):
        await SqliteJournal.open(path, retention=1e9, max_size=10**9, deliver=True)
    await (await SqliteJournal.open(path, retention=1e9, max_size=10**9)).close()


async def test_links_in_a_circle_and_a_lock_that_is_no_file_are_told(tmp_path: Path) -> None:
    """The text names what cannot be opened."""
    (tmp_path / "circle.db").symlink_to("circle.db")
    (tmp_path / "journal.db-lock").mkdir()
    for name, said in (("circle.db", "Too many levels"), ("journal.db", f"{tmp_path}/journal.db-lock: Is a directory")):
        with pytest.raises(JournalError, match=said):
            await SqliteJournal.open(tmp_path / name, retention=1e9, max_size=10**9, deliver=True)


def test_a_tool_makes_no_file(tmp_path: Path) -> None:
    """Where there is none it says who makes it."""
    with pytest.raises(JournalError, match="there is no journal yet"):
        prepare(tmp_path / "journal.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_has_its_name_only_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens before leaves nothing behind; then it is whole at once, and on the disk with its folder."""
    path = tmp_path / "journal.db"
    synced: list[tuple[str, list[str]]] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        synced.append((name, sorted(file.name for file in tmp_path.iterdir())))
        fsync(descriptor)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        prepare(path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "fsync", watch)
    prepare(path)
    (fresh, before), (folder, after) = synced
    assert fresh.startswith("journal.db-new-")
    assert before == [fresh]
    assert (folder, after) == (tmp_path.name, ["journal.db"])


def test_a_file_system_without_links_has_journals_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the file is renamed."""

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    prepare(tmp_path / "journal.db")
    assert [file.name for file in tmp_path.iterdir()] == ["journal.db"]
    prepare(tmp_path / "journal.db")


@pytest.mark.parametrize("version", [2, 3])
async def test_a_journal_of_a_release_before_is_taken_over(tmp_path: Path, version: int) -> None:
    """All that it kept is there: events, deliveries in every state with their logs, cards, duplicate keys, numbers."""
    path = tmp_path / "journal.db"
    shutil.copy(DATA / f"version-{version}.sqlite", path)
    connection = plain(path)
    connection.execute("INSERT INTO duplicate VALUES (?, 'old-1', 2790000001.0)", (f"build id {DIGEST.hex()}",))
    connection.close()
    journal = await open_journal(f"sqlite:{path}", retention=1e9, max_size=10**9, deliver=True)
    records = {record.event.id: record for record in (await journal.find(Query())).records}
    assert list(records)[-4:] == ["old-4", "old-3", "old-2", "old-1"]
    request = Request(
        "POST", {"x-github-event": "push"}, {"a": "ü"}, b'{"n": 1}', "", "https://gate.example.com/in/build"
    )
    assert records["old-1"].event.request == request
    assert records["old-4"].event.outcome is Outcome.IGNORED
    found = {
        delivery.seq: (delivery.destination, delivery.state.value, delivery.reason, len(delivery.log))
        for record in records.values()
        for delivery in record.deliveries
        if delivery.seq <= 5
    }
    assert found == {
        1: ("ops", "delivered", "", 1),
        2: ("dev", "dead", "404: unknown incoming webhook", 1),
        3: ("ops", "pending", "503", 1),
        4: ("ops", "replayed", "403", 0),
        5: ("ops", "pending", "", 0),
    }
    waiting, again = await journal.pending(0, 10)
    assert (waiting.payload, waiting.attempts, waiting.not_before) == (b'{"text":"waits"}', 2, 1_790_000_030.25)
    assert again.trace == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert await journal.card("ops", "github:acme/api#1") == CardPost(
        "ops", "github:acme/api#1", "post-1", 1_790_000_002.0, closed=True
    )
    repeat = Event("new", 1_790_000_100.0, "build", "github", Outcome.MESSAGE, "", "", "", "", Request())
    assert (
        await journal.append(Entry(repeat, keys=(DuplicateKey(key_of("build", "id", DIGEST), 60.0),)))
    ).event_id == "old-1"
    fresh = await journal.append(Entry(repeat, (Parcel("ops", "ops:a", b"{}"),)))
    assert [delivery.seq for delivery in fresh.deliveries] == [6 if version == 2 else 9]
    await journal.remember("build", "secret")
    assert dict(await journal.secrets()) == {"build": "secret"}
    await journal.close()


async def test_hooks_that_delivered_before_addresses_were_kept_are_known(tmp_path: Path) -> None:
    """A stranger's messages are dropped: nobody becomes one by an upgrade. Its dead letters stay where they are."""
    path = tmp_path / "journal.db"
    shutil.copy(DATA / "version-3.sqlite", path)
    journal = await open_journal(f"sqlite:{path}", retention=1e9, max_size=10**9)
    assert await journal.addresses("passthrough") == {"a" * 26}
    assert await journal.addresses("ops") == set()
    assert {name: standing.dead for name, standing in (await journal.census()).items()} == {
        "ops": 0, "dev": 1, "passthrough": 2,
    }  # fmt: skip
    assert dict(await journal.secrets()) == {"build": "told in a handshake"}
    await journal.close()
