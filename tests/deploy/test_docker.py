"""The image: its Dockerfile by hadolint, and what runs in it as it runs there, unprivileged on a read-only root."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gateway import __version__
from gateway.settings.tables import Server
from tests.conftest import PATIENCE

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
CHART = ROOT / "deploy" / "helm" / "mattergate"


def instruction(name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, continued lines joined."""
    return re.findall(rf"^{name} (.*)$", re.sub(r" *\\\n *", " ", DOCKERFILE), re.M)


def environment() -> dict[str, str]:
    """The variables of the image."""
    return dict(item.split("=", 1) for line in instruction("ENV") for item in shlex.split(line))


def words(text: str) -> list[str]:
    """The elements of the exec form of an instruction."""
    return yaml.safe_load(text[text.index("[") :])


def test_hadolint_has_nothing_to_say():
    """The linter of Dockerfiles finds no fault, of any level."""
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if not program:
        pytest.skip("no hadolint for this machine")
    done = subprocess.run([program, ROOT / "deploy" / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_image_is_pinned_to_one_version():
    """No image is `latest` or half a version: what is pulled tomorrow is what was pulled today."""
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += [
        line.replace("${PYTHON}", instruction("ARG")[0].split("=")[1]).split()[0] for line in instruction("FROM")
    ]
    for image in images:
        numbers = 2 if image.startswith("postgres:") else 3  # PostgreSQL's releases have two
        version = rf"v?\d+(\.\d+){{{numbers - 1}}}(-[a-z0-9.-]+)?"
        assert re.fullmatch(rf"[a-z0-9./-]+:{version}(@sha256:[0-9a-f]{{64}})?", image), image


def test_every_file_names_the_version_of_the_project():
    """Image, composition and chart are those of the present version."""
    ours = {service["image"] for service in COMPOSE["services"].values() if service["image"].startswith("mattergate:")}
    assert ours == {f"mattergate:{__version__}"}
    guide = (ROOT / "deploy" / "README.md").read_text()
    assert set(re.findall(r"\bmattergate:(\d[\w.]*\w)", DOCKERFILE + guide)) == {__version__}
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_ports_are_those_of_the_settings():
    """The image exposes the default ports, and asks the admin one for its health."""
    assert instruction("EXPOSE") == [f"{Server().listen.port} {Server().admin.port}"]
    assert f"http://127.0.0.1:{Server().admin.port}/healthz" in instruction("HEALTHCHECK")[0]


def test_nothing_else_is_sent_to_the_build():
    """Each path that the Dockerfile copies is let through by .dockerignore, and no other is."""
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {path for line in instruction("COPY") if "--from" not in line for path in shlex.split(line)[:-1]}
    assert let_through == copied
    assert all((ROOT / path).exists() for path in copied)


SANDBOX = ("--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/var/lib")
SETTINGS = (
    '[server]\nlisten = "127.0.0.1:0"\nadmin = "127.0.0.1:{port}"\n[passthrough]\nserver = "http://127.0.0.1:9"\n'
)


class Container:
    """What runs in the image, as it runs there: its user and variables, a read-only root, and no /proc."""

    def __init__(self, program: str, folder: Path, port: int) -> None:
        self._port = port
        (folder / "journal").mkdir()
        (folder / "journal").chmod(0o777)
        (folder / "mattergate.toml").write_text(SETTINGS.format(port=port))
        user, group = instruction("USER")[0].split(":")
        self._box = [program, *SANDBOX, "--unshare-user", "--uid", user, "--gid", group, "--die-with-parent"]
        self._box += ["--bind", folder / "journal", instruction("VOLUME")[0], "--ro-bind", folder, "/tmp/etc"]
        self._box += ["--ro-bind", ROOT, "/tmp/source", "--ro-bind", sys.prefix, sys.prefix, "--clearenv"]
        inside = environment() | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "MATTERGATE_CONFIG": "/tmp/etc/mattergate.toml",
            "PYTHONPATH": "/tmp/source",
        }
        for name, value in inside.items():
            self._box += ["--setenv", name, value]

    def start(self) -> subprocess.Popen:
        """Run ENTRYPOINT and CMD."""
        [entry], command = words(instruction("ENTRYPOINT")[0]), words(instruction("CMD")[0])
        assert entry == "mattergate"
        return subprocess.Popen([*self._box, "python", "-m", "gateway", *command], stderr=subprocess.PIPE)

    def healthy(self) -> bool:
        """Run the health check."""
        [check] = instruction("HEALTHCHECK")
        command = [word.replace(":9090", f":{self._port}") for word in words(check)]
        return subprocess.run([*self._box, *command], capture_output=True, check=False).returncode == 0


@pytest.fixture
def container(tmp_path: Path, unused_tcp_port: int) -> Iterator[Container]:
    """A container made with bubblewrap; the test is skipped where it cannot be."""
    program = shutil.which("bwrap") or pytest.skip("no bwrap here: install bubblewrap")
    if subprocess.run([program, *SANDBOX, "--unshare-user", "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    return Container(program, tmp_path, unused_tcp_port)


def test_the_image_runs_unprivileged_on_a_read_only_root(container, tmp_path):
    """The command starts, becomes healthy, keeps its journal on the volume alone, and stops in order at SIGTERM."""
    assert not container.healthy()
    process = container.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not container.healthy():
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert (tmp_path / "journal" / "journal.db").exists()
        [inside] = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(process.pid)]).split()
        os.kill(int(inside), 15)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()
