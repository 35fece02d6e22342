"""The URL of a journal, `sqlite:PATH`: the only place that parses one."""

from pathlib import Path
from typing import Final

REMEDY: Final = 'write "sqlite:" and a path, such as "sqlite:/var/lib/mattergate/journal.db"'

_SQLITE: Final = "sqlite:"


def file_of(url: str) -> Path:
    """The file that a journal's URL names. Raises ValueError for a URL that names none."""
    path = url.removeprefix(_SQLITE)
    if path in ("", url) or path.startswith(("//", ":")):
        raise ValueError("names no store")
    return Path(path)


def url_of(file: Path) -> str:
    """The URL of the journal in a file."""
    return f"{_SQLITE}{file}"
