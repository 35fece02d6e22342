"""The systemd files, checked by systemd's own tools, and the service started as its unit starts it."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import PATIENCE

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "mattergate.service"
EXPOSURE = 1.5
"""The highest overall exposure level of `systemd-analyze security`: 0 is nothing, 10 everything."""


def tool(name: str) -> str:
    """The path of a tool; the test is skipped where there is none."""
    return shutil.which(name) or pytest.skip(f"no {name} here")


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
    from gateway.settings.tables import Server

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


class Started:
    """The service: its process, what its unit hears, and the port of its public listener."""

    def __init__(self, process: subprocess.Popen, unit: socket.socket, port: int) -> None:
        self.process, self.unit, self.port = process, unit, port

    def hear(self) -> bytes:
        """The next message for systemd."""
        return self.unit.recv(100)

    def stopped(self) -> int:
        """The exit code, after it told that it stops."""
        while (heard := self.hear()) == b"WATCHDOG=1":
            pass
        assert heard == b"STOPPING=1"
        return self.process.wait(PATIENCE)


@pytest.fixture
def started(tmp_path: Path, unused_tcp_port: int) -> Iterator[Callable[..., Started]]:
    """Give a function that starts the service as the unit does, behind another program if one is named."""
    (tmp_path / "mattergate.toml").write_text(
        f'[server]\nlisten = "127.0.0.1:{unused_tcp_port}"\nadmin = "127.0.0.1:0"\n'
        '[passthrough]\nserver = "http://127.0.0.1:9"\n'
    )
    assert dict(line.split("=", 1) for line in setting("Environment")) == {
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
    processes = []
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as unit:
        unit.bind(environ["NOTIFY_SOCKET"])
        unit.settimeout(PATIENCE)

        def start(*behind: str | Path) -> Started:
            program = [*behind, sys.executable, "-m", "gateway", *shlex.split(command)[1:]]
            processes.append(subprocess.Popen(program, env=environ, stderr=subprocess.DEVNULL))
            return Started(processes[-1], unit, unused_tcp_port)

        yield start
        for process in processes:
            process.kill()
            process.wait()


def test_the_service_starts_reloads_and_stops_as_the_unit_does_it(started):
    """With the unit's command systemd hears READY=1, signs of life, also after a reload, and STOPPING=1 at SIGTERM."""
    service = started()
    assert [service.hear(), service.hear()] == [b"READY=1", b"WATCHDOG=1"]
    assert setting("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    service.process.send_signal(signal.SIGHUP)
    assert [service.hear() for _ in range(5)] == [b"WATCHDOG=1"] * 5
    service.process.terminate()
    assert service.stopped() == 0


def system_calls(name: str) -> set[str]:
    """The system calls of a set of systemd's, such as `@system-service`."""
    lines = [line.strip() for line in run(tool("systemd-analyze"), "syscall-filter", name).splitlines()[1:]]
    names = {line for line in lines if line and not line.startswith("#")}
    return {call for one in names for call in (system_calls(one) if one.startswith("@") else {one})}


def test_the_unit_allows_every_system_call_of_the_gateway(started, tmp_path):
    """Start, request, reload and stop make no call that the filter refuses, nor memory that is code and data."""
    strace = tool("strace")
    if subprocess.run([strace, "-qq", "-o", tmp_path / "trace", "true"], check=False).returncode:
        pytest.skip("processes cannot be traced here")
    service = started(strace, "-f", "-qq", "-o", tmp_path / "trace")
    assert service.hear() == b"READY=1"
    url = f"http://127.0.0.1:{service.port}/hooks/{'a' * 26}/generic"
    with urllib.request.urlopen(url, b"{}", timeout=PATIENCE) as answer:
        assert answer.status == 202
    [gateway] = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(service.process.pid)]).split()
    os.kill(int(gateway), signal.SIGHUP)
    assert [service.hear() for _ in range(3)] == [b"WATCHDOG=1"] * 3
    os.kill(int(gateway), signal.SIGTERM)
    assert service.stopped() == 0

    trace = (tmp_path / "trace").read_text()
    allowed, refused = setting("SystemCallFilter")
    filtered = system_calls(allowed) - {
        call for name in refused.removeprefix("~").split() for call in system_calls(name)
    }
    made = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", trace, re.M))
    assert len(made) > 30
    assert made - filtered <= ({"fchown"} if os.geteuid() == 0 else set())  # SQLite does that for root alone
    assert setting("MemoryDenyWriteExecute") == ["yes"]
    assert not re.findall(r"mmap\(.*PROT_WRITE\|PROT_EXEC|mprotect\(.*PROT_EXEC", trace)
