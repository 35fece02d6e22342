"""Small release archives, a directory to install them into, and the commands run as an operator does."""

import fcntl
import io
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tarfile
import time
import urllib.request
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, free_port

COMMANDS = Path(__file__).parents[3] / "deploy/mattermost"
STANDIN = Path(__file__).parent / "standin.py"
PYTHON = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else Path(shutil.which("python3"))
TIMES = ["--settle", "0.05", "--timeout", str(5 * PATIENCE), "--stop-timeout", str(PATIENCE)]
"""What commands may take on a busy machine; whatever a test waits for, it ends as soon as it is there."""

FAULTS = {
    "wrong": "calls itself 9.9.9",
    "dies": "the server ended while it started",
    "collapses": "the server was well, and 0.05 s later it is not",
}
"""Faults of a server (see standin.py) that show at once, and what is said of them."""

SLOW_FAULTS = {
    "silent": "no answer",
    "unwell": "it answers 500",
    "other": "a server of another version answers",
}
"""Faults that may still go away: the run waits as long as it is told."""


def add(tar, name, content=b"", mode=0o644, **facts):
    """Add one member to an archive."""
    member = tarfile.TarInfo(name)
    member.mode, member.size = mode, len(content)
    for key, value in facts.items():
        setattr(member, key, value)
    tar.addfile(member, io.BytesIO(content))


def make_archive(folder, version, name=None, extra=(), **facts):
    """A release archive whose server is the stand-in."""
    path = folder / (name or f"mattermost-{version}-linux-amd64.tar.gz")
    config = {"ServiceSettings": {"ListenAddress": ":8065", "SiteURL": ""}, "SqlSettings": {"DriverName": "postgres"}}
    with tarfile.open(path, "w:gz") as tar:
        for inner in ("", "/bin", "/client", "/config", "/i18n"):
            add(tar, f"mattermost{inner}", mode=0o755, type=tarfile.DIRTYPE)
        add(tar, "mattermost/bin/mattermost", f"#!{PYTHON} -IS\n".encode() + STANDIN.read_bytes(), 0o755)
        add(tar, "mattermost/bin/standin.json", json.dumps({"version": version, **facts}).encode())
        add(tar, "mattermost/config/config.json", json.dumps(config).encode(), 0o600)
        add(tar, "mattermost/config/README.md", b"about the folder")
        add(tar, "mattermost/client/root.html", version.encode())
        add(tar, "mattermost/i18n/en.json", b"{}")
        add(tar, "mattermost/NOTICE.txt", f"notice of {version}".encode(), 0o640)
        add(tar, f"mattermost/only-{version}", b"")
        add(tar, "mattermost/client/latest.html", type=tarfile.SYMTYPE, linkname="root.html")
        for member in extra:
            add(tar, **member)
    return path


def tree(root):
    """All that can be seen of a tree, but for times of folders, and what a server writes about itself."""
    seen = {}
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder) / name
            inner = path.relative_to(root)
            if inner.parts[0] in {"logs", "mattermost.pid"} or str(inner) == "data/environment":
                continue
            status = path.lstat()
            content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
            facts = [stat.filemode(status.st_mode), status.st_uid, status.st_gid, content]
            if stat.S_ISREG(status.st_mode):
                facts.append(status.st_mtime_ns)
            seen[str(inner)] = facts
    return seen


class Bench:
    """One directory that Mattermost lives in, with a space in its name, and the two commands.

    `usual` gives a directory into which 10.5.0 was installed as nobody told otherwise.
    """

    def __init__(self, folder, usual=None):
        self.folder = folder
        self._usual = usual
        self._servers = []
        self.directory = folder / "my chat"
        self.backups = folder / "my chat-backups"
        self.port = free_port()
        self.settings = folder / "settings.json"
        self.settings.write_text(
            json.dumps({"ServiceSettings": {"ListenAddress": f"127.0.0.1:{self.port}"}, "Theirs": {"Kept": [1, 2]}})
        )
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("MM_", "PG"))}
        self._untouched = self._wishes()

    def _wishes(self):
        return self.settings.read_text(), dict(self.environment)

    def archive(self, version, **facts):
        """A new release archive."""
        return make_archive(self.folder, version, **facts)

    def command(self, name, *words, dump=False):
        """The command line of one of the commands."""
        words = [*TIMES, "--directory", self.directory, *words]
        if name == "install":
            words += ["--settings", self.settings] if "--settings" not in words else []
            words += ["--user", "root"] if not os.geteuid() and "--user" not in words else []
        elif not dump:
            words += ["--database", "never"]
        return [str(word) for word in (COMMANDS / name, *words)]

    def run(self, name, *words, code=0, dump=False):
        """Run a command to its end; what it said on both streams."""
        done = subprocess.run(
            self.command(name, *words, dump=dump),
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE,
        )
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def gives_up(self, reason, name, *words):
        """Run a command that gives up on a server after a while, for this reason, and undoes all; what it said.

        How long the server needs until it shows what is wrong with it, only the machine knows: a run that has not seen
        it yet is repeated with more time.
        """
        for seconds in (0.5, 2, 8, 32, 128):
            said = self.run(name, *words, "--timeout", seconds, code=3)
            if f"the server is not well after {seconds:g} s: {reason}" in said:
                return said
        raise AssertionError(f"never: {reason}\n{said}")

    def fails(self, name, version, fault):
        """Run a command with a release that has a fault, and see it undo all for the right reason; what it said."""
        archive = self.archive(version, fault=fault)
        if fault in SLOW_FAULTS:
            return self.gives_up(SLOW_FAULTS[fault], name, archive)
        said = self.run(name, archive, code=3)
        assert FAULTS[fault] in said
        return said

    def start(self, name, *words, dump=False):
        """Start a command."""
        return subprocess.Popen(
            self.command(name, *words, dump=dump),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop_at(self, step, number, name, *words, dump=False):
        """Start a command and send it a signal as soon as it says that it begins a step; its code and words."""
        with self.start(name, *words, dump=dump) as process:
            said = ""
            for line in process.stdout:
                said += line
                if f" {step}: " in line:
                    process.send_signal(number)
                    break
            said += process.stdout.read()
        self.idle()
        return process.returncode, said

    def until(self, holds):
        """Wait until something holds; fail when it does not in time."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, "it never came to be"
            time.sleep(0.01)

    def until_said(self, process, word):
        """Read on in what a command says, until it says this."""
        for line in process.stdout:
            if word in line:
                return
        raise AssertionError(f"it ended without a word of {word}")

    def until_it_listens(self):
        """Wait until a server listens on the port."""
        self.until(lambda: not port_is_free(self.port))

    def idle(self):
        """Wait until no run is at work, nor a program that a killed run has started: these hold its lock."""
        if self.directory.exists():
            descriptor = os.open(self.directory, os.O_RDONLY)
            try:
                self.until(lambda: _locked(descriptor))
            finally:
                os.close(descriptor)

    def installed(self, **facts):
        """Have 10.5.0 run here, with the operator's own things beside it; what there is to see."""
        if facts or self._wishes() != self._untouched:
            self.run("install", self.archive("10.5.0", **facts))
        else:
            self._copy(self._usual())
        things = {"data/20260101/photo": "jpeg", "data/victim": "do not lose me", "data/changed": "before"}
        things |= {"plugins/com.acme/plugin.json": "{}", "client/plugins/com.acme/bundle.js": "js", "tls/key": "key"}
        for name, text in things.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.directory / "tls/key").chmod(0o600)
        (self.directory / "data/link").symlink_to("20260101/photo")
        return tree(self.directory)

    def _copy(self, usual):
        """Have what was installed elsewhere here, as if it had been installed here: that takes half as long."""
        shutil.copytree(usual, self.directory, symlinks=True)
        config = json.loads((self.directory / "config/config.json").read_text())
        config["ServiceSettings"]["ListenAddress"] = f"127.0.0.1:{self.port}"
        (self.directory / "config/config.json").write_text(json.dumps(config))
        server = subprocess.Popen(
            [self.directory / "bin/mattermost"], cwd=self.directory, env=self.environment, start_new_session=True
        )
        self._servers.append(server)
        (self.directory / "mattermost.pid").write_text(f"{server.pid}\n")
        self.until_it_listens()

    def pids(self):
        """The servers that run in the directory."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if alive and (entry / "cwd").readlink() == self.directory:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def version(self):
        """The installed version, as its program says."""
        command = [self.directory / "bin/mattermost", "version"]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        return re.search(r"Version: (\S+)", said.stdout)[1]

    def well(self):
        """Whether exactly one server runs and answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v4/system/ping", timeout=PATIENCE) as response:
            return len(self.pids()) == 1 and json.load(response)["status"] == "OK"

    def close(self):
        """End the servers that are left."""
        for process in self.pids():
            os.kill(process, signal.SIGKILL)
        self.until(lambda: not self.pids())
        for server in self._servers:
            server.wait()


def port_is_free(port):
    """Whether nobody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _locked(descriptor):
    """Whether the lock is ours; it goes when the file is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Gate:
    """A file that servers wait for before they listen (`gate=str(gate)`)."""

    def __init__(self, path):
        self.path = path

    def __str__(self):
        return str(self.path)

    def open(self):
        """Let them listen from now on."""
        self.path.touch()

    def close(self):
        """Hold those that are started from now on."""
        self.path.unlink()

    def is_waited_for(self):
        """Whether a server has come to the gate while it was closed."""
        return self.path.with_suffix(".waiting").exists()


@pytest.fixture(scope="session")
def usual(tmp_path_factory):
    """A function that gives a directory into which 10.5.0 was installed, once for all tests."""

    @cache
    def installed():
        made = Bench(tmp_path_factory.mktemp("usual"))
        made.run("install", made.archive("10.5.0"))
        made.close()
        return made.directory

    return installed


@pytest.fixture
def bench(tmp_path, usual):
    """A directory to install into, and the commands; its servers end with the test."""
    made = Bench(tmp_path, usual)
    yield made
    made.close()


@pytest.fixture
def gate(bench):
    """A gate that is closed."""
    return Gate(bench.folder / "gate")


@pytest.fixture
def see():
    """All that can be seen of a tree."""
    return tree


@pytest.fixture
def member():
    """What adds one member to an open archive."""
    return add
