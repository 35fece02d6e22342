"""What the tests of the bench share."""

import importlib
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch):
    """A function that gives a module of the bench, which is a folder of scripts and no package."""
    monkeypatch.syspath_prepend(HERE)
    return importlib.import_module
