"""The Unix socket of the writing process for its clients: beside the journal, accessible to its owner only."""

import hashlib
import os
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.errors import JournalError

LONGEST: Final = 100
"""The longest path of a socket in bytes; systems allow 104 or 108."""

BACKLOG: Final = 16


class Endpoint:
    """A listening socket at the path `address`. Only a gateway that holds the lease of the journal creates one."""

    def __init__(self, path: Path) -> None:
        """Listen for clients of the journal at `path`. Raises JournalError when no socket can be created."""
        path = Path(os.path.realpath(path))
        beside = path.with_name(f"{path.name}-socket")
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            self.address = self._bind(beside, path)
            self.socket.listen(BACKLOG)
        except OSError as error:
            self.socket.close()
            raise JournalError(
                f"journal {path}: no socket can be made for command line tools, neither beside it nor in the folder "
                f"for temporary files: {error.strerror or error}"
            ) from error
        except BaseException:
            self.socket.close()
            raise

    def close(self) -> None:
        """Close the socket and remove it."""
        self.socket.close()
        with suppress(OSError):
            Path(self.address).unlink()

    def _bind(self, beside: Path, path: Path) -> str:
        """Bind beside the journal, or at a short path where the file system supports sockets."""
        if len(os.fsencode(beside)) <= LONGEST:
            with suppress(OSError):
                return self._bind_at(beside)
        return self._bind_at(_fallback_path(path))

    def _bind_at(self, place: Path) -> str:
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(place.lstat().st_mode):  # left by a gateway that was killed
                place.unlink()
        self.socket.bind(os.fsencode(place))
        place.chmod(0o600)  # nobody can connect before it listens
        return str(place)


def _fallback_path(path: Path) -> Path:
    """A path in the user's runtime folder, else in a private folder among the temporary files."""
    name = f"mattergate-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / f"{name}.socket"
    folder = Path(tempfile.gettempdir()) / name
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise JournalError(f"{folder} is not a folder of this user alone: remove it, the gateway creates its own")
    return folder / "journal.socket"
