"""Folders of documents that tests write."""

from collections.abc import Callable
from pathlib import Path

import pytest

SERVICE = "name: %s\ndocs: https://example.com\nsetup: Nothing to set up; it is for tests.\nevent: [{json: kind}]\n"
TRANSLATOR = "title: One\nevents: [%s]\nmessage: {text: '%s'}\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """A function that writes a file below the folder of the test."""

    def write(path: str, text: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write


@pytest.fixture
def two(write: Callable[[str, str], Path], tmp_path: Path) -> list[Path]:
    """The folders of a catalog with the services `a` and `b`, each with the translator `one`."""
    for key in ("a", "b"):
        write(f"base/{key}/service.yaml", SERVICE % key.upper())
        write(f"base/{key}/one.yaml", TRANSLATOR % ("one", "first"))
    return [tmp_path / "base"]
