"""The README is short and true: its commands are there, and its first use ends with a message in Mattermost."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from gateway import settings
from gateway.standin.server import StandIn
from tests.conftest import eventually

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
LINES = 200
PATIENCE = 60.0
"""Seconds that the first use may take on a machine that is busy with other things."""


def block(language: str, number: int = 0) -> str:
    """A block of code of the README."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)[number]


def test_it_is_short():
    """The README stays within its budget: what is looked up has pages of its own."""
    assert README.count("\n") <= LINES


@pytest.mark.parametrize("command", ["./deploy/try", "./tests/run"])
def test_both_commands_of_a_newcomer_are_there(command):
    """The two commands of the README exist and can be run."""
    assert f"\n    {command}\n" in README
    assert (ROOT / command).stat().st_mode & 0o111


def test_the_example_settings_are_valid():
    """The settings of the README are read without a fault, with the variables that it exports."""
    names = re.findall(r"^export (\w+)=", block("sh"), re.M)
    environment = {name: "https://chat.example.com/hooks/abc" if name == "OPS_HOOK" else name for name in names}
    known = settings.parse(block("toml"), "mattergate.toml", environment, lambda path: path.read_text())
    assert set(known.routes) == {"github", "anything"}


@pytest.mark.slow
async def test_the_first_use_ends_with_a_message(tmp_path, unused_tcp_port):
    """Secrets, settings, `check`, `serve` and curl, as the README writes them, bring the message to Mattermost."""
    for program in ("bash", "curl", "openssl"):
        if not shutil.which(program):
            pytest.skip(f"no {program} here")
    (tmp_path / "mattergate.toml").write_text(block("toml"))
    standin = StandIn()
    async with standin.serve() as mattermost:
        prepare = re.sub(r"^source .*\n", "", block("sh"))
        prepare = re.sub(r"https://\S+", f"{mattermost}/hooks/{standin.add_hook()}", prepare, count=1)
        send = block("sh", 2).replace(":8080/", f":{unused_tcp_port}/")
        send = send.replace("curl ", "curl --silent --fail --retry 60 --retry-delay 1 --retry-connrefused ")
        script = f"set -eu\n{prepare}{block('sh', 1)}trap 'kill $!; wait' TERM\n{send}wait\n"
        variables = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "MATTERGATE_SERVER_LISTEN": f"127.0.0.1:{unused_tcp_port}",
            "MATTERGATE_SERVER_ADMIN": "127.0.0.1:0",
        }
        process = await asyncio.create_subprocess_exec("bash", "-c", script, cwd=tmp_path, env=variables)
        try:
            await eventually(lambda: bool(standin.posts) or process.returncode is not None, PATIENCE)
            assert "Disk full" in str(standin.posts)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
