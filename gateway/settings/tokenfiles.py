"""The settings before their tokens are there: `mattergate connect` makes these, and keeps them in the files named here.

A token whose file or variable is not there yet is left out, and everything else is read as ever.
"""

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import Fault, SettingsError
from gateway.secret import Secret
from gateway.settings.reader import reason
from gateway.settings.tables import Settings, parse

_ABSENT: Final = "not-there-yet"
"""Stands for a token that is not there, until the settings are read."""


class TokenFile(Struct, frozen=True):
    """A file for one token, as the settings name it; `token` is what it holds, if it is there and not empty."""

    named: str
    path: Path
    token: Secret | None = None


class Unfinished(Struct, frozen=True):
    """Settings with their tokens as far as they are there. `files` has the token files by table: "callbacks.deploy"."""

    settings: Settings
    files: Mapping[str, tuple[TokenFile, ...]] = {}


def load(path: Path, environ: Mapping[str, str]) -> Unfinished:
    """Read the settings file. Raises SettingsError with every fault but those of tokens that are not there yet."""
    try:
        text = path.read_text("utf-8-sig")
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([Fault(str(path), 0, "", f"cannot be read: {reason(error)}")]) from None
    named = _named(text)
    files = {table: tuple(_file(path.parent, name) for name in names) for table, kind, names in named if kind == "file"}
    later = {one.path for those in files.values() for one in those if one.token is None}
    variables = {
        name for _, kind, names in named if kind == "env" for name in names if not environ.get(name, "").strip()
    }

    def read_file(file: Path) -> str:
        return _ABSENT if file in later else file.read_text("utf-8")

    given = {**environ, **dict.fromkeys(variables, _ABSENT)}
    return Unfinished(_without(parse(text, str(path), given, read_file, mode)), files)


def of_default(folder: Path, table: str) -> TokenFile:
    """The file for the token of a table that names none: it lies beside the settings, in `tokens`."""
    return _file(folder, f"tokens/{table}")


def _file(folder: Path, named: str) -> TokenFile:
    path = folder / named
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, ValueError):  # what cannot be read cannot be written, either, which is told then
        text = ""
    return TokenFile(named, path, Secret(text) if text else None)


def _named(text: str) -> list[tuple[str, str, list[str]]]:
    """The sources of tokens as (table, "file" or "env", names); what is no such text is for `parse` to say."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError):
        return []
    return [
        (f"{section}.{name}", kind, names)
        for section, key in (("callbacks", "tokens"), ("bots", "token"))
        for name, table in _tables(raw.get(section))
        for kind in ("file", "env")
        if (names := _texts(table.get(f"{key}_{kind}")))
    ]


def _tables(section: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(section, Mapping):
        yield from ((name, table) for name, table in section.items() if isinstance(table, Mapping))


def _texts(value: Any) -> list[str]:
    every = value if isinstance(value, list) else [value]
    return [one for one in every if isinstance(one, str) and one and "\0" not in one]


def _without(settings: Settings) -> Settings:
    """The settings without what stands for tokens that are not there."""
    absent = Secret(_ABSENT)
    callbacks = {
        name: replace(table, tokens=tuple(one for one in table.tokens if one != absent))
        for name, table in settings.callbacks.items()
    }
    bots = {name: replace(bot, token=None) if bot.token == absent else bot for name, bot in settings.bots.items()}
    return replace(settings, callbacks=callbacks, bots=bots)


def keep(file: TokenFile, token: Secret) -> None:
    """Write a token into its file, which its owner alone may read, all at once; folders are made. Raises OSError.

    A file that is there keeps its owner, who is the user of the gateway.
    """
    file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = file.path.stat() if file.path.exists() else None
    handle, name = tempfile.mkstemp(dir=file.path.parent, prefix=f".{file.path.name}.")  # has the mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(token.reveal() + "\n")
            written.flush()
            os.fsync(written.fileno())
        if before is not None and (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
            with suppress(OSError):  # only root may give a file away
                os.chown(name, before.st_uid, before.st_gid)
        Path(name).replace(file.path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
