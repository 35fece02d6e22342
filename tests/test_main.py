"""The command `mattergate` and `python -m gateway` are one program."""

import subprocess
import sys
from importlib.metadata import entry_points

from gateway.__main__ import main


def test_the_installed_command_is_the_module():
    """What pip installs calls what `python -m` runs."""
    [command] = entry_points(group="console_scripts", name="mattergate")
    assert command.load() is main


def test_the_module_runs():
    """It says which commands there are."""
    command = [sys.executable, "-m", "gateway", "--help"]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert all(command in asked.stdout for command in ("serve", "check", "demo", "events"))
