"""Small release archives, a directory to install them into, and the commands run as an operator does."""

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
from pathlib import Path

import pytest

COMMANDS = Path(__file__).parents[3] / "deploy/mattermost"
STANDIN = Path(__file__).parent / "standin.py"
PYTHON = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else Path(shutil.which("python3"))
QUICK = ["--settle", "0.3", "--timeout", "10", "--stop-timeout", "3"]


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


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Bench:
    """One directory that Mattermost lives in, with a space in its name, and the two commands."""

    def __init__(self, folder):
        self.folder = folder
        self.directory = folder / "my chat"
        self.backups = folder / "my chat-backups"
        self.port = free_port()
        self.settings = folder / "settings.json"
        self.settings.write_text(
            json.dumps({"ServiceSettings": {"ListenAddress": f"127.0.0.1:{self.port}"}, "Theirs": {"Kept": [1, 2]}})
        )
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("MM_", "PG"))}

    def archive(self, version, **facts):
        """A new release archive."""
        return make_archive(self.folder, version, **facts)

    def command(self, name, *words, dump=False):
        """The command line of one of the commands."""
        words = [*QUICK, "--directory", self.directory, *words]
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
            timeout=60,
        )
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

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
        return process.returncode, said

    def installed(self, version="10.5.0", **facts):
        """Install a release and put the operator's own things beside it."""
        self.run("install", self.archive(version, **facts))
        things = {"data/20260101/photo": "jpeg", "data/victim": "do not lose me", "data/changed": "before"}
        things |= {"plugins/com.acme/plugin.json": "{}", "client/plugins/com.acme/bundle.js": "js", "tls/key": "key"}
        for name, text in things.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.directory / "tls/key").chmod(0o600)
        (self.directory / "data/link").symlink_to("20260101/photo")
        return tree(self.directory)

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
        import urllib.request

        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v4/system/ping", timeout=5) as response:
            return len(self.pids()) == 1 and json.load(response)["status"] == "OK"

    def close(self):
        """End the servers that are left."""
        for process in self.pids():
            os.kill(process, signal.SIGKILL)
        until = time.monotonic() + 5
        while self.pids() and time.monotonic() < until:
            time.sleep(0.02)


@pytest.fixture
def bench(tmp_path):
    """A directory to install into, and the commands; its servers end with the test."""
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def see():
    """All that can be seen of a tree."""
    return tree


@pytest.fixture
def member():
    """What adds one member to an open archive."""
    return add
