"""Following the folders of the catalog: what is taken up, what is passed over, and what never ends it."""

import asyncio
from contextlib import suppress

import pytest
from structlog.testing import capture_logs
from watchfiles import Change

from gateway.app import watch
from tests.conftest import PATIENCE, eventually


class Reader:
    """Reads the catalog as often as it is told to; `fails` is raised then."""

    def __init__(self) -> None:
        self.read = 0
        self.fails: Exception | None = None

    async def again(self) -> None:
        """Note it, and fail if that is wanted."""
        self.read += 1
        if self.fails is not None:
            raise self.fails


@pytest.fixture
async def followed(tmp_path):
    """Give a folder that is followed, and what reads it."""
    reader = Reader()
    task = asyncio.create_task(watch.follow([tmp_path], reader.again))
    async with asyncio.timeout(30):  # the watch begins in a thread of its own: what is written before is not seen
        while not reader.read:
            (tmp_path / "first.yaml").write_text(str(asyncio.get_running_loop().time()))
            await asyncio.sleep(0.1)
    yield tmp_path, reader, task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def changed(reader: Reader, write) -> None:
    """Wait until something that is written is read."""
    before = reader.read
    write()
    await eventually(lambda: reader.read > before, 30)


async def test_documents_are_read_again(followed):
    """Whether they are new, changed, moved or gone, also in a folder that is new."""
    folder, reader, _ = followed
    (folder / "own").mkdir()
    await changed(reader, lambda: (folder / "own" / "push.yaml").write_text("a"))
    await changed(reader, lambda: (folder / "own" / "push.yaml").rename(folder / "own" / "pull.yaml"))
    await changed(reader, (folder / "own" / "pull.yaml").unlink)
    await changed(reader, lambda: (folder / "translator.schema.json").write_text("{}"))


async def test_other_files_are_passed_over(followed):
    """What an editor leaves beside a document is none."""
    folder, reader, _ = followed
    await asyncio.sleep(0.3)  # until what the fixture wrote last has been told
    before = reader.read
    for name in ("push.yaml~", ".push.yaml.swp", "notes.md", "4913"):
        (folder / name).write_text("x")
        for change in (Change.added, Change.modified):
            assert watch._concerns(change, str(folder / name)) is False, (name, change)
    await changed(reader, lambda: (folder / "push.yaml").write_text("a"))
    assert reader.read == before + 1


@pytest.mark.parametrize(
    "error", [ValueError("nobody expected this"), OSError(13, "no permission")], ids=["ours", "os"]
)
async def test_no_fault_ends_the_watch(followed, error):
    """A fault of ours is a line of the log; the next change is read."""
    folder, reader, task = followed
    reader.fails = error
    with capture_logs() as told:
        await changed(reader, lambda: (folder / "push.yaml").write_text("bad"))
        await eventually(lambda: any("this is a fault of mattergate" in line["event"] for line in told))
    reader.fails = None
    await changed(reader, lambda: (folder / "push.yaml").write_text("good"))
    assert not task.done()


async def test_folders_come_go_move_and_are_links_that_change(followed, tmp_path_factory):
    """Whole services are moved away and back; what lies behind a link is followed to where it leads by then."""
    folder, reader, _ = followed
    away = tmp_path_factory.mktemp("away")
    (folder / "own").mkdir()
    await changed(reader, lambda: (folder / "own" / "push.yaml").write_text("a"))
    await changed(reader, lambda: (folder / "own").rename(away / "own"))
    await changed(reader, lambda: (away / "own").rename(folder / "own"))
    await changed(reader, lambda: (folder / "own").chmod(0o700))
    (away / "linked").mkdir()
    await changed(reader, lambda: (folder / "linked").symlink_to(away / "linked"))
    await until_read(reader, lambda count: (away / "linked" / "push.yaml").write_text("b" * count))


async def test_a_folder_that_is_missing_keeps_no_other_from_being_followed(tmp_path):
    """It is followed when it is there, also after it was replaced by another, or by a link to another."""
    reader, late = Reader(), tmp_path / "late"
    (tmp_path / "there").mkdir()
    task = asyncio.create_task(watch.follow([tmp_path / "there", late], reader.again))
    await until_read(reader, lambda count: (tmp_path / "there" / "push.yaml").write_text("a" * count))
    await changed(reader, late.mkdir)
    await until_read(reader, lambda count: (late / "push.yaml").write_text("b" * count))
    await changed(reader, lambda: late.rename(tmp_path / "old"))
    await changed(reader, lambda: late.symlink_to(tmp_path / "old"))
    await until_read(reader, lambda count: (tmp_path / "old" / "push.yaml").write_text("c" * count))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_without_watches_the_folders_are_read_all_the_same(tmp_path, monkeypatch):
    """The system's reason is logged once."""
    reader = Reader()

    def refuse(*_, **__):
        raise OSError(28, "OS file watch limit reached")

    monkeypatch.setattr(watch, "awatch", refuse)
    monkeypatch.setattr(watch, "PAUSE", 0.01)
    with capture_logs() as told:
        task = asyncio.create_task(watch.follow([tmp_path], reader.again))
        await eventually(lambda: reader.read > 3)
        task.cancel()
    assert [line["why"] for line in told] == ["[Errno 28] OS file watch limit reached"]


async def until_read(reader: Reader, write) -> None:
    """Write again and again, something else each time, until it is read: a watch needs a moment to begin."""
    before = reader.read
    async with asyncio.timeout(PATIENCE):
        for count in range(1, 10_000):
            write(count)
            await asyncio.sleep(0.1)
            if reader.read > before + 1:  # once may be the beginning of the watch
                return
