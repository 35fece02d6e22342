"""Trees of files: copied whole, mirrored back exactly, measured."""

import os
import shutil
import stat
from pathlib import Path

from lifecycle.commands import Account, run
from lifecycle.report import Failure

MARGIN = 1.05
"""Room asked for beyond what was measured: folders and a running server need some, too."""


def remove(path: Path) -> None:
    """Take a file, link or tree away, if it is there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def copy(source: Path, target: Path) -> None:
    """A copy with modes, owners, times, links and extended attributes; shared blocks where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run(
        ["cp", "--archive", "--reflink=auto", "--no-target-directory", "--", source, target],
        f"make {source} readable and room for it in {target.parent}",
    )


def mirror(source: Path, target: Path) -> None:
    """Make `target` what `source` is, touching only what differs: after a stop in the middle it just goes on.

    Like rsync it takes files of the same kind, mode, owner, size and time of change for the same. It replaces what is
    inside a folder and never the folder itself, so `target` may be a mount point.
    """
    if not os.path.lexists(source):
        remove(target)
    elif not (_is_folder(source) and _is_folder(target)):
        if not _alike(source, target):
            remove(target)
            copy(source, target)
    else:
        wanted = {path.name for path in source.iterdir()}
        for name in {path.name for path in target.iterdir()} - wanted:
            remove(target / name)
        for name in wanted:
            mirror(source / name, target / name)
        if not _alike(source, target):
            status = source.stat()
            if (status.st_uid, status.st_gid) != (target.stat().st_uid, target.stat().st_gid):
                os.chown(target, status.st_uid, status.st_gid)
            shutil.copystat(source, target)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _alike(one: Path, other: Path) -> bool:
    """Whether two files are the same by all that can be told without reading them."""
    if not os.path.lexists(other):
        return False
    left, right = one.lstat(), other.lstat()
    facts = [(status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns) for status in (left, right)]
    if stat.S_ISLNK(left.st_mode) and stat.S_ISLNK(right.st_mode) and one.readlink() != other.readlink():
        return False
    return facts[0] == facts[1] and (stat.S_ISDIR(left.st_mode) or left.st_size == right.st_size)


def size(path: Path) -> int:
    """Bytes that a tree takes on disk; 0 where there is none."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_blocks * 512 if os.path.lexists(path) else 0
    return sum((Path(folder) / name).lstat().st_blocks * 512 for folder, _, names in os.walk(path) for name in names)


def own(path: Path, account: Account) -> None:
    """Give a whole tree to an account; links themselves, never what they point to. Only root can, and only it does."""
    if os.geteuid():
        return
    os.chown(path, account.uid, account.gid, follow_symlinks=False)
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)


def demand_room(needs: dict[Path, int]) -> None:
    """Refuse what would fill a disk; what goes to one file system is added up.

    Raises:
        Failure: a file system has less free than what is to be put there.
    """
    totals: dict[int, tuple[Path, int]] = {}
    for path, needed in needs.items():
        place = path
        while not place.exists():
            place = place.parent
        device = place.stat().st_dev
        totals[device] = (place, totals.get(device, (place, 0))[1] + needed)
    for place, needed in totals.values():
        free = shutil.disk_usage(place).free
        if needed * MARGIN > free:
            raise Failure(
                f"not enough disk space: {megabytes(int(needed * MARGIN))} are needed, {megabytes(free)} are free",
                place,
                "make room there, or name another place with --backups",
            )


def megabytes(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 1e6:,.1f} MB"
