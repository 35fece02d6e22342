"""The systemd files, checked by systemd's own tools, and the service started as its unit starts it."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "mattergate.service"
EXPOSURE = 1.5
"""The highest overall exposure level of `systemd-analyze security`: 0 is nothing, 10 everything."""


def tool(name: str) -> str:
    """The path of a tool of systemd; the test is skipped where there is none."""
    return shutil.which(name) or pytest.skip(f"no {name} here: install systemd")


def setting(name: str) -> list[str]:
    """Every value of a setting of the unit."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.M)


def run(*command: str | Path) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit with the path of a program that is there; nothing else is changed."""
    [program] = {line.split()[0] for line in setting("ExecStart")}
    file = tmp_path / UNIT.name
    file.write_text(UNIT.read_text().replace(program, sys.executable))
    return file


def test_the_unit_is_valid(installed):
    """`systemd-analyze verify` finds nothing to say."""
    assert run(tool("systemd-analyze"), "verify", "--man=no", installed).strip() == ""


def test_the_unit_is_hardened(installed):
    """`systemd-analyze security` rates it better than the threshold, which fails the command otherwise."""
    text = run(
        tool("systemd-analyze"),
        "security",
        "--offline=true",
        f"--threshold={int(EXPOSURE * 10)}",
        "--no-pager",
        installed,
    )
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", text)[1]) <= EXPOSURE


def test_the_unit_waits_longer_than_the_gateway_takes_to_stop():
    """Nothing is killed that [server] grace still allows."""
    from gateway.settings import Server

    [seconds] = setting("TimeoutStopSec")
    assert int(seconds) > Server().grace


def test_user_and_folders_are_made(tmp_path):
    """The tools make the user of the unit, and settings that it may read and not change."""
    sysusers, tmpfiles = tool("systemd-sysusers"), tool("systemd-tmpfiles")
    (tmp_path / "etc" / "mattergate").mkdir(parents=True)
    settings = tmp_path / "etc" / "mattergate" / "mattergate.toml"
    settings.write_text("")
    run(sysusers, f"--root={tmp_path}", FOLDER / "mattergate.sysusers.conf")
    users = (tmp_path / "etc" / "passwd").read_text()
    assert [line.split(":")[0] for line in users.splitlines()] == setting("User") == setting("Group")
    assert users.strip().endswith(":/var/lib/mattergate:/usr/sbin/nologin")
    if os.geteuid():
        pytest.skip("only root may give files to the new user")
    run(tmpfiles, f"--root={tmp_path}", "--create", FOLDER / "mattergate.tmpfiles.conf")
    group = int(users.split(":")[3])
    found = {path.name: path.stat() for path in (settings.parent, settings, settings.parent / "secrets")}
    assert {name: (oct(stat.st_mode)[-3:], stat.st_uid, stat.st_gid) for name, stat in found.items()} == {
        "mattergate": ("750", 0, group),
        "mattergate.toml": ("640", 0, group),
        "secrets": ("700", 0, 0),
    }


def test_the_credentials_are_where_the_unit_says():
    """The path that the comment gives for the settings is the one that systemd makes of a folder."""
    [credential] = setting("LoadCredential")
    name, folder = credential.split(":")
    assert f"/run/credentials/{UNIT.name}/{name}_ops_hook" in UNIT.read_text()
    assert re.search(rf"^d {folder}\s+0700 root root", (FOLDER / "mattergate.tmpfiles.conf").read_text(), re.M)


def test_the_service_starts_and_stops_as_the_unit_does_it(tmp_path):
    """With the unit's command systemd hears READY=1, signs of life, also after a reload, and STOPPING=1 at SIGTERM."""
    (tmp_path / "mattergate.toml").write_text(
        '[server]\nlisten = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n[passthrough]\nserver = "http://127.0.0.1:9"\n'
    )
    environ = dict(line.split("=", 1) for line in setting("Environment"))
    assert environ == {
        "MATTERGATE_CONFIG": "/etc/mattergate/mattergate.toml",
        "MATTERGATE_JOURNAL_URL": "sqlite:/var/lib/mattergate/journal.db",
    }
    environ = {
        "MATTERGATE_CONFIG": str(tmp_path / "mattergate.toml"),
        "MATTERGATE_JOURNAL_URL": f"sqlite:{tmp_path}/journal.db",
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "200000",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(FOLDER.parents[1]),
    }
    [command] = setting("ExecStart")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as unit:
        unit.bind(environ["NOTIFY_SOCKET"])
        unit.settimeout(60)
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", *shlex.split(command)[1:]], env=environ, stderr=subprocess.DEVNULL
        )
        try:
            assert unit.recv(100) == b"READY=1"
            assert unit.recv(100) == b"WATCHDOG=1"
            assert setting("ExecReload") == ["/bin/kill -HUP $MAINPID"]
            process.send_signal(signal.SIGHUP)
            assert [unit.recv(100) for _ in range(5)] == [b"WATCHDOG=1"] * 5
            process.terminate()
            while (heard := unit.recv(100)) == b"WATCHDOG=1":
                pass
            assert heard == b"STOPPING=1"
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
