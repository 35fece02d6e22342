"""The server's process: found, started, stopped; as a process of our own or as a unit of systemd."""

import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from lifecycle.commands import Account, find, run
from lifecycle.files import own
from lifecycle.report import Failure, say

BINARY = "bin/mattermost"
QUICK, SLOW = 0.02, 0.2
"""Seconds between the first two looks at what starts or stops, and between any two once that takes its time."""


LOG = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
"""How root opens a log in a folder that is not its own: a link there may lead anywhere."""


class Server(Protocol):
    """A way to run the server of one installation."""

    log: str

    def running(self) -> bool:
        """Whether it runs now."""

    def start(self, environment: dict[str, str]) -> None:
        """Start it; whether it comes up is another question."""

    def stop(self, patience: float) -> None:
        """End it; by force when it has not ended after `patience` seconds."""

    def died(self) -> bool:
        """Whether a server that was started has ended since."""

    def environment(self) -> dict[str, str]:
        """The MM_* variables that it runs with now."""


def processes(directory: Path) -> list[int]:
    """The servers that run in a directory, whoever started them; their plugins are not among them."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")[:3]  # an interpreter and its options may come first
            dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            called = any(Path(os.fsdecode(word)).parts[-2:] == ("bin", "mattermost") for word in words)
            if called and not dead and (entry / "cwd").readlink() == directory:
                found.append(int(entry.name))
    return found


def variables_of(process: int) -> dict[str, str]:
    """The MM_* variables of a process."""
    with suppress(OSError):
        pairs = (part.partition(b"=") for part in Path(f"/proc/{process}/environ").read_bytes().split(b"\0"))
        return {os.fsdecode(key): os.fsdecode(value) for key, _, value in pairs if key.startswith(b"MM_")}
    return {}


class OwnProcess:
    """The server as a process of its own session, with a pid file and a log in its directory."""

    def __init__(self, directory: Path, account: Account) -> None:
        self.directory = directory
        self.account = account
        self.pid_file = directory / "mattermost.pid"
        self.log = str(directory / "logs/process.log")
        self._child: subprocess.Popen[bytes] | None = None

    def _processes(self) -> list[int]:
        """Those found in the directory, and the one that we started, whatever it calls itself."""
        ours = [self._child.pid] if self._child and self._child.poll() is None else []
        return sorted({*processes(self.directory), *ours})

    def running(self) -> bool:
        """Whether it runs now."""
        return bool(self._processes())

    def environment(self) -> dict[str, str]:
        """The MM_* variables that it runs with now."""
        return {key: value for process in self._processes() for key, value in variables_of(process).items()}

    def start(self, environment: dict[str, str]) -> None:
        """Start it; whether it comes up is another question.

        Raises:
            Failure: it cannot be executed at all.
        """
        log = Path(self.log)
        if not log.parent.exists():
            log.parent.mkdir()
            own(log.parent, self.account)
        try:
            with os.fdopen(os.open(log, LOG, 0o640), "ab") as output:
                if not os.geteuid():
                    os.fchown(output.fileno(), self.account.uid, self.account.gid)
                self._child = subprocess.Popen(  # type: ignore[call-overload] # noqa: S603 - a fixed argument
                    [self.directory / BINARY],
                    cwd=self.directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **self.account.switch,
                )
        except OSError as error:
            raise Failure(
                f"the server cannot be started: {error.strerror}", self.directory / BINARY, "see its file modes"
            ) from error
        self.pid_file.unlink(missing_ok=True)
        with self.pid_file.open("x", encoding="ascii") as file:
            file.write(f"{self._child.pid}\n")

    def died(self) -> bool:
        """Whether a server that was started has ended since."""
        return self._child is not None and self._child.poll() is not None

    def stop(self, patience: float) -> None:
        """End it; by force when it has not ended after `patience` seconds."""
        _end(self._processes, patience)
        self._child = None
        self.pid_file.unlink(missing_ok=True)


def looks() -> Iterator[None]:
    """Look after look without end, at first in quick succession: most things are soon done."""
    pause = QUICK
    while True:
        yield
        time.sleep(pause)
        pause = min(1.5 * pause, SLOW)


def _end(find_processes: Callable[[], list[int]], patience: float) -> None:
    """End every process that is found: politely, then by force with its plugins."""
    until = time.monotonic() + patience
    asked: set[int] = set()
    killed: set[int] = set()
    for _ in looks():
        found = find_processes()
        if not found:
            return
        for process in found:
            with suppress(ProcessLookupError):
                if time.monotonic() > until and process not in killed:
                    killed.add(process)
                    say(f"process {process} did not end within {patience:g} s: it is killed")
                    group = os.getpgid(process)
                    (os.killpg if group == process else os.kill)(process, signal.SIGKILL)
                elif process not in asked:
                    asked.add(process)
                    os.kill(process, signal.SIGTERM)


UNIT = """[Unit]
Description=Mattermost
After=network.target postgresql.service

[Service]
Type=notify
ExecStart="{directory}/bin/mattermost"
WorkingDirectory={directory}
User={user}
Group={group}
{environment}# Migrations of a large database take their time.
TimeoutStartSec=3600
KillMode=mixed
Restart=always
RestartSec=10
LimitNOFILE=49152
{capability}
[Install]
WantedBy=multi-user.target
"""


class SystemdUnit:
    """The server as a unit of systemd."""

    def __init__(self, name: str) -> None:
        self.name = name if name.endswith(".service") else f"{name}.service"
        self.log = f"journalctl --unit {self.name}"
        if not find("systemctl"):
            raise Failure("there is no systemctl", "--systemd", "leave the option out: the server runs without systemd")

    def _systemctl(self, *words: str) -> str:
        return run(["systemctl", *words, self.name], f"see `systemctl status {self.name}` and `{self.log}`")

    def _property(self, name: str) -> str:
        return self._systemctl("show", f"--property={name}", "--value").strip()

    def running(self) -> bool:
        """Whether it runs now."""
        return self._property("ActiveState") in {"active", "activating", "reloading", "deactivating"}

    def environment(self) -> dict[str, str]:
        """The MM_* variables that it runs with now."""
        process = self._property("MainPID")
        return variables_of(int(process)) if process.isdigit() and process != "0" else {}

    def start(self, environment: dict[str, str]) -> None:  # noqa: ARG002 - the unit has its own
        """Start it; whether it comes up is another question. Its variables are those of the unit."""
        self._systemctl("start", "--no-block")

    def died(self) -> bool:
        """Whether a server that was started has ended since. With Restart= systemd tries again: that counts as well.

        A unit whose start is still in the queue, as behind that of its database, has not even begun.
        """
        shown = self._systemctl("show", "--property=ActiveState,SubState,Job").splitlines()
        now = dict(line.split("=", 1) for line in shown if "=" in line)
        ended = now.get("ActiveState") in {"failed", "inactive"} and now.get("Job", "") in {"", "0"}
        return ended or now.get("SubState") == "auto-restart"

    def stop(self, patience: float) -> None:  # noqa: ARG002 - TimeoutStopSec of the unit says how long
        """End it."""
        self._systemctl("stop")

    def write(self, path: Path, text: str) -> None:
        """Make systemd know the unit, from now on and after every boot."""
        path.write_text(text)
        run(["systemctl", "daemon-reload"], "see `systemctl status`")
        self._systemctl("enable")

    def forget(self, path: Path) -> None:
        """Take back what `write` did."""
        with suppress(Failure):
            self._systemctl("disable")
        path.unlink(missing_ok=True)
        run(["systemctl", "daemon-reload"], "see `systemctl status`")


def refuse_a_unit(directory: Path) -> None:
    """A server that systemd looks after must be stopped by systemd, which would start it again.

    Raises:
        Failure: such a unit runs in the directory.
    """
    if not find("systemctl"):
        return
    for process in processes(directory):
        with suppress(Failure, OSError):
            group = Path(f"/proc/{process}/cgroup").read_text().strip().rpartition("/")[2]
            if group.endswith(".service") and SystemdUnit(group)._property("MainPID") == str(process):
                do = f"add --systemd {group.removesuffix('.service')}"
                break
    else:
        return
    raise Failure(f"the server runs as {group}", directory, do)


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now; a port that only root may open counts as free."""
    for family, _, _, _, address in socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, socket.SOCK_STREAM) as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                candidate.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                candidate.bind(address)
            except PermissionError:
                continue
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return False
    return True
