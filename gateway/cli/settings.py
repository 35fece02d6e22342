"""The settings file as commands read it; a fault in it ends the command."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from gateway import settings
from gateway.cli.options import DEFAULT
from gateway.cli.output import fail, unusable
from gateway.errors import SettingsError
from gateway.settings import Settings, tokenfiles
from gateway.settings.tokenfiles import Unfinished


def read(config: Path) -> Settings:
    """Read the settings file and the environment. Raises SettingsError; a file that cannot be read ends the command."""
    _check_file(config)
    return settings.load(config, os.environ)


def unfinished(config: Path) -> Unfinished:
    """Read settings whose tokens may not be there yet; end the command with every other fault."""
    _check_file(config)
    try:
        return tokenfiles.load(config, os.environ)
    except SettingsError as error:
        fail(error)


def _check_file(config: Path) -> None:
    """End the command where the settings file cannot be read."""
    try:
        mode = config.stat().st_mode
    except FileNotFoundError:
        fail(f"{config}: there is no settings file; name one with --config or MATTERGATE_CONFIG, or write it first")
    except OSError as error:
        fail(unusable(config, error))
    if stat.S_ISDIR(mode):
        fail(unusable(config, IsADirectoryError()))
    if not os.access(config, os.R_OK):
        fail(unusable(config, PermissionError()))


def require(config: Path) -> Settings:
    """Read the settings file; end the command with every fault."""
    try:
        return read(config)
    except SettingsError as error:
        fail(error)


def optional(config: Path) -> Settings:
    """Read the settings file, or take the defaults where none is there and none was named."""
    return Settings() if config == DEFAULT and not config.exists() else require(config)


def catalog_folders(config: Path) -> Sequence[Path]:
    """The catalog folders of the settings file, if there is one; what else is wrong with it is for `check` to say."""
    try:
        known = Settings() if config == DEFAULT and not config.exists() else read(config)
    except SettingsError as error:
        known = error.partial or fail(error)
    return [*map(Path, known.catalog.folders)]
