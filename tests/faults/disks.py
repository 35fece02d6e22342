"""Faults of the disk under the journal: full, read-only, standing still.

Root gives the journal a small file system of its own, in a file: ext4, which goes read-only after an error, and can be
frozen. Without root a limit of the size of files stands for the full disk.
"""

import asyncio
import os
import resource
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults import programs
from tests.faults.gateway import Place
from tests.faults.world import World, fault

SIZE = 24_000_000
"""Bytes of the file system: room for a journal, its log, and what a fault fills."""

_CHUNK = b"\0" * 65536
_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
_PROGRAMS = "mkfs.ext4", "mount", "umount", "e2fsck", "fsfreeze", "losetup"


async def run(*command: str | Path, codes: tuple[int, ...] = (0,)) -> str:
    """Run a program of the system to its end; returns what it wrote. Raises RuntimeError for another exit code."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"PATH": _PATH}
    )
    out, _ = await process.communicate()
    if process.returncode not in codes:
        raise RuntimeError(f"{' '.join(map(str, command))}: {out.decode()}")
    return out.decode()


def no_root(*names: str) -> str:
    """Why this machine cannot do what root does with these programs; "" when it can."""
    if os.geteuid() != 0:
        return "needs root"
    absent = [name for name in names if shutil.which(name, path=_PATH) is None]
    return f"needs {', '.join(absent)}" if absent else ""


def _no_loop() -> str:
    return no_root(*_PROGRAMS) or ("" if Path("/dev/loop-control").exists() else "needs loop devices")


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[Place]:
    """A file system of SIZE bytes for the journal; everything else is beside it."""
    image, mounted = folder / "disk.ext4", folder / "disk"
    image.write_bytes(b"")
    os.truncate(image, SIZE)
    mounted.mkdir()
    await run("mkfs.ext4", "-q", "-m", "0", image)
    await _mount(image, mounted)
    try:
        yield Place(mounted)
    finally:
        await run("umount", mounted)


async def _mount(image: Path, mounted: Path) -> None:
    await run("mount", "-o", "loop,errors=remount-ro", image, mounted)


def _fill(filling: Path) -> None:
    """Write a file until nothing more goes onto the disk."""
    with filling.open("wb", buffering=0) as file:
        for size in (len(_CHUNK), 4096, 512):
            try:
                while file.write(_CHUNK[:size]) == size:
                    pass
            except OSError:
                continue


@fault("disk full", place=small_disk, lacking=_no_loop)
async def full(world: World) -> AsyncGenerator[None]:
    """Something else takes all space: senders get 503, and with space all goes on by itself."""
    filling = world.place.folder / "filling"
    await asyncio.to_thread(_fill, filling)
    await world.refused()
    yield
    filling.unlink()


@fault("disk read-only after an error", place=small_disk, lacking=_no_loop)
async def read_only(world: World) -> AsyncGenerator[None]:
    """The kernel finds an error and makes the file system read-only: 503 until it is checked and mounted again."""
    world.may_repeat_kill()  # what was delivered last cannot be written down
    mounted, image = world.place.folder, world.folder / "disk.ext4"
    device = (await run("losetup", "--noheadings", "--output", "NAME", "--associated", image)).strip()
    Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error").write_text("1")
    await world.refused()
    yield
    await world.gateway.stop()
    await run("umount", mounted)
    await run("e2fsck", "-f", "-y", image, codes=(0, 1))
    await _mount(image, mounted)
    world.healed()
    await world.gateway.start()


@fault("disk stands still", place=small_disk, lacking=_no_loop)
async def frozen(world: World) -> AsyncGenerator[None]:
    """Every write waits, as on a storage that is away: the writing process cannot even be killed."""
    await run("fsfreeze", "--freeze", world.place.folder)
    try:
        await world.standstill()
        yield
    finally:
        await run("fsfreeze", "--unfreeze", world.place.folder)


@fault("disk full, by a limit", short=True)
async def limited(world: World) -> AsyncGenerator[None]:
    """No file may grow beyond what the journal's log has already."""
    log = world.gateway.journal.with_name("journal.db-wal")
    _limit(world, log.stat().st_size)
    await world.refused()
    yield
    _limit(world, resource.RLIM_INFINITY)


def _limit(world: World, size: int) -> None:
    for pid in (world.gateway.pid, *programs.children(world.gateway.pid, "")):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


FAULTS = (full, read_only, frozen, limited)
