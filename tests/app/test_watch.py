"""Following the folders of the catalog: what is taken up, what is passed over, and what never ends it."""

import asyncio
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from gateway.app import watch
from tests.conftest import eventually


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
