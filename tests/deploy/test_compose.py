"""The composition furnishes itself: secrets, a first Mattermost, the gateway's settings, and samples that arrive."""

import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest
import yaml

from gateway import settings
from gateway.app import app
from gateway.demo.show import SHOWN
from gateway.standin.server import StandIn
from tests.conftest import PATIENCE

FOLDER = Path(__file__).parents[2] / "deploy" / "compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def script(name: str) -> ModuleType:
    """A script of the composition, as a module."""
    spec = importlib.util.spec_from_file_location(f"compose_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


prepare, furnish, samples = script("prepare"), script("furnish"), script("samples")


VOLUMES = ("postgres", "grafana", "gateway", "monitoring")


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A folder with the volumes as `prepare` leaves them: those of secrets, and `mattermost`."""
    for name in (*VOLUMES, "mattermost"):
        (tmp_path / name).mkdir()
    run_prepare(tmp_path)
    return tmp_path


def run_prepare(folder: Path, owners: dict[str, int] | None = None) -> list[str]:
    """What `prepare` makes, with the owner of each file noted in `owners` instead of changed."""
    return prepare.prepare(
        folder, folder / "mattermost", lambda path, user: (owners or {}).__setitem__(path.name, user)
    )


def secret_files(folder: Path) -> dict[str, str]:
    """Volume and file -> the secret in it."""
    return {
        f"{path.parent.name}/{path.name}": path.read_text() for name in VOLUMES for path in (folder / name).iterdir()
    }


def test_every_secret_is_its_own_and_long(prepared):
    """What two containers must share is the same in both volumes, all else differs, and none can be guessed."""
    files = secret_files(prepared)
    assert set(files) == {name for names in prepare.SECRETS for name in names}
    for names in prepare.SECRETS:
        assert len({files[name] for name in names}) == 1
    assert len(set(files.values())) == len(prepare.SECRETS)
    assert min(map(len, files.values())) >= 32


def test_mattermost_finds_its_database(prepared):
    """The first config.json holds the data source with the password of the database, for Mattermost alone."""
    source = json.loads((prepared / "mattermost" / "config.json").read_text())["SqlSettings"]["DataSource"]
    password = secret_files(prepared)["postgres/password"]
    environment = SERVICES["postgres"]["environment"]
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    assert source.startswith(f"postgres://{user}:{password}@postgres:5432/{database}?")
    assert stat.S_IMODE((prepared / "mattermost" / "config.json").stat().st_mode) == 0o600
    owners = {"": 0}
    run_prepare(prepared, owners)
    assert (owners["config.json"], owners["mattermost"]) == (prepare.MATTERMOST, prepare.MATTERMOST)
    assert (owners["gateway"], owners["monitoring"]) == (prepare.GATEWAY, prepare.GATEWAY)


def test_a_second_start_changes_nothing(prepared):
    """What is there is kept: passwords, and the configuration that Mattermost has completed."""
    (prepared / "mattermost" / "config.json").write_text("completed")
    before = {path: path.read_text() for path in prepared.rglob("*") if path.is_file()}
    assert run_prepare(prepared) == []
    assert {path: path.read_text() for path in prepared.rglob("*") if path.is_file()} == before


def test_a_start_that_was_cut_short_is_completed(prepared):
    """Half a file and a copy that is missing: the copy is made of what is there, and nothing else."""
    (prepared / "monitoring" / "alerts_secret").rename(prepared / "monitoring" / ".alerts_secret.part")
    (prepared / "monitoring" / ".alerts_secret.part").write_text("hal")
    assert run_prepare(prepared) == ["monitoring/alerts_secret"]
    files = secret_files(prepared)
    assert files["monitoring/alerts_secret"] == files["gateway/alerts_secret"]


@pytest.fixture
async def mattermost():
    """A stand-in in which nobody has signed up yet, and its URL."""
    standin = StandIn()
    async with standin.serve() as url:
        yield standin, url


async def python(*arguments: str | Path) -> tuple[int, str]:
    """Run a script to its end; its exit code and output."""
    import asyncio

    pipe = asyncio.subprocess.PIPE
    environ = os.environ | {"PYTHONPATH": str(FOLDER.parents[1])}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=pipe, stderr=pipe, env=environ)
    out, err = await process.communicate()
    return process.returncode, (out + err).decode()


async def test_an_empty_mattermost_is_furnished_once(mattermost, prepared):
    """The first run makes administrator, team, channel and webhook, and says where they are; the second does not."""
    standin, url = mattermost
    command = (FOLDER / "furnish.py", "--server", url, "--secrets", prepared, "--wait", str(PATIENCE))
    code, text = await python(*command)
    assert code == 0, text
    files = secret_files(prepared)
    assert "http://localhost:8065/mattergate/channels/webhooks" in text
    assert files["gateway/mattermost_password"] in text
    assert files["gateway/admin_token"] in text
    [hook] = standin.hooks
    assert {files[name] for name in furnish.HOOK_FILES} == {f"{url}/hooks/{hook}"}

    code, text = await python(*command)
    assert code == 0, text
    assert list(standin.hooks) == [hook]
    assert files["gateway/mattermost_password"] not in text


async def test_a_first_start_that_was_cut_short_still_tells_the_password(mattermost, prepared):
    """With the administrator made and no webhook written, the next run is the one whose output people read."""
    _, url = mattermost
    command = (FOLDER / "furnish.py", "--server", url, "--secrets", prepared, "--wait", str(PATIENCE))
    assert (await python(*command))[0] == 0
    for name in furnish.HOOK_FILES:
        (prepared / name).unlink()
    code, text = await python(*command)
    assert code == 0, text
    files = secret_files(prepared)
    assert files["gateway/mattermost_password"] in text
    assert files["gateway/admin_token"] in text


async def test_a_webhook_that_was_deleted_is_made_again(mattermost, prepared):
    """The file follows what is in Mattermost."""
    standin, url = mattermost
    command = (FOLDER / "furnish.py", "--server", url, "--secrets", prepared, "--wait", str(PATIENCE))
    assert (await python(*command))[0] == 0
    standin.hooks.clear()
    assert (await python(*command))[0] == 0
    [hook] = standin.hooks
    assert secret_files(prepared)["gateway/hook"].endswith(hook)


async def test_a_mattermost_that_somebody_else_furnished_is_left_alone(mattermost, prepared):
    """With another administrator there, the command says what Mattermost refuses, without a password."""
    standin, url = mattermost
    standin.add_user("somebody", "pass", roles="system_admin")
    code, text = await python(FOLDER / "furnish.py", "--server", url, "--secrets", prepared, "--wait", str(PATIENCE))
    assert code == 1
    assert "furnish: Mattermost answers 401 to POST /users" in text
    assert secret_files(prepared)["gateway/mattermost_password"] not in text


async def test_a_mattermost_that_does_not_start_is_given_up(prepared):
    """Nobody at the address: the command ends in time and says why."""
    command = (
        FOLDER / "furnish.py",
        "--server",
        "http://127.0.0.1:9",
        "--secrets",
        prepared / "secrets",
        "--wait",
        "0",
    )
    code, text = await python(*command)
    assert code == 1
    assert "is not ready after 0 s" in text
    assert "Traceback" not in text


def gateway_settings(prepared: Path, mattermost: str) -> settings.Settings:
    """The settings of the composition, with its folder of secrets, ports and Mattermost where they are in the test."""
    text = (FOLDER / "mattergate.toml").read_text()
    for was, now in (
        ("/run/secrets/", f"{prepared}/gateway/"),
        ("0.0.0.0:8080", "127.0.0.1:0"),
        ("0.0.0.0:9090", "127.0.0.1:0"),
        ("http://mattermost:8065", mattermost),
    ):
        assert was in text
        text = text.replace(was, now)
    journal = {"MATTERGATE_JOURNAL_URL": f"sqlite:{prepared}/journal.db"}
    return settings.parse(text, str(prepared / "mattergate.toml"), journal, lambda path: path.read_text("utf-8"))


async def test_the_samples_become_messages_and_lines(mattermost, prepared):
    """From nothing to a message of every sample in Mattermost, and to their counts for Prometheus, with its token."""
    standin, url = mattermost
    furnishing = (FOLDER / "furnish.py", "--server", url, "--secrets", prepared, "--wait", str(PATIENCE))
    assert (await python(*furnishing))[0] == 0
    async with app.running(gateway_settings(prepared, url)) as running, aiohttp.ClientSession() as session:
        sending = ("--gateway", running.public, "--secret", prepared / "gateway" / "route_secret", "--pause", "0")
        code, text = await python(FOLDER / "samples.py", *sending, "--rounds", "2")
        assert code == 0, text
        assert re.findall(r"(\w+): 2\d\d", text) == [*SHOWN] * 2
        token = secret_files(prepared)["monitoring/mattergate_read_token"]
        scrape = {"Authorization": f"Bearer {token}", "Host": "gateway:9090"}
        async with session.get(f"{running.admin}/metrics", headers=scrape) as answer:
            assert answer.status == 200
            metrics = await answer.text()
    assert 'mattergate_requests_total{outcome="message",route="github",service="github"} 2.0' in metrics
    assert len(standin.posts) >= len(SHOWN)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_need_no_token(mattermost, prepared, path):
    """Health checks ask by whatever address they know and without a token; metrics are not for everybody."""
    _, url = mattermost
    (prepared / "gateway" / "hook").write_text(f"{url}/hooks/{'a' * 26}")
    async with app.running(gateway_settings(prepared, url)) as running, aiohttp.ClientSession() as session:
        async with session.get(running.admin + path, headers={"Host": "10.0.0.7:9090"}) as answer:
            assert answer.status == 200
        async with session.get(f"{running.admin}/metrics") as answer:
            assert answer.status == 401


async def test_samples_that_are_refused_are_told(mattermost, prepared):
    """A wrong secret: the command ends with what to look at."""
    _, url = mattermost
    (prepared / "gateway" / "hook").write_text(f"{url}/hooks/{'a' * 26}")
    (prepared / "wrong").write_text("wrong")
    async with app.running(gateway_settings(prepared, url)) as running:
        code, text = await python(
            FOLDER / "samples.py", "--gateway", running.public, "--secret", prepared / "wrong", "--pause", "0"
        )
    assert code == 1
    assert "the gateway refuses the sample of github" in text


def named(sources: list[str], kind: str) -> list[str]:
    """The sources of mounts: `.` and `/` are paths, all else names of volumes."""
    return [source for source in sources if source.startswith((".", "/")) == (kind == "path")]


def mounts() -> list[str]:
    """The source of every mount of every service."""
    return [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]


def test_everything_that_is_mounted_is_there():
    """Each file is in the checkout, each volume and network is declared, and none is declared for nobody."""
    missing = [path for path in named(mounts(), "path") if not (FOLDER / path).exists()]
    assert not missing
    assert set(named(mounts(), "volume")) == set(COMPOSE["volumes"])
    assert {network for service in SERVICES.values() for network in service.get("networks", [])} == set(
        COMPOSE["networks"]
    )


def test_only_loopback_is_published():
    """Nobody on the network of the machine reaches a composition with fresh passwords."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    outside = [port.split(":")[1] for port in ports]
    assert len(set(outside)) == len(outside)


def test_what_depends_can_be_waited_for():
    """A service waited for until it is healthy has a check; one waited for until it ends does end."""
    assert "\nHEALTHCHECK " in (FOLDER.parent / "Dockerfile").read_text()
    for name, service in SERVICES.items():
        for other, wish in service.get("depends_on", {}).items():
            target = SERVICES[other]
            if wish["condition"] == "service_healthy":
                own = target.get("healthcheck", {"test": target["image"].startswith("mattergate:")})
                assert own.get("test"), (name, other)
            if wish["condition"] == "service_completed_successfully":
                assert target["restart"].startswith("on-failure"), (name, other)


def test_every_secret_that_is_named_is_in_the_volume_of_who_reads_it():
    """Each container's files and environment name only secrets that `prepare` or `furnish` puts into its volume."""
    made = {name for names in prepare.SECRETS for name in names} | set(furnish.HOOK_FILES)
    for service in SERVICES.values():
        sources = dict(mount.split(":")[1::-1] for mount in service.get("volumes", []))
        texts = [json.dumps(service)]
        texts += [(FOLDER / source).read_text() for source in sources.values() if source.endswith((".yml", ".toml"))]
        for name in {name for text in texts for name in re.findall(r"/run/secrets/(\w+)", text)}:
            assert f"{sources['/run/secrets'].removeprefix('secrets-')}/{name}" in made


def test_compose_accepts_the_file(tmp_path):
    """Docker Compose resolves it; version 1, which older distributions have, does not know the name at its top."""
    text, version = (FOLDER / "compose.yaml").read_text(), compose("version")
    if "version 1." in version:
        text = re.sub(r"^name:.*$", "", text, flags=re.M)
    (tmp_path / "compose.yaml").write_text(text)
    compose("--file", tmp_path / "compose.yaml", "config", "--quiet")


def compose(*arguments: str | Path) -> str:
    """The output of a command of Docker Compose; the test is skipped where there is none."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
        ):
            done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout
    return pytest.skip("no Docker Compose here: install docker-compose")


def test_the_containers_run_as_the_users_that_own_their_files():
    """The image of the gateway runs as the user for whom `prepare` makes its files."""
    assert f"USER {prepare.GATEWAY}:{prepare.GATEWAY}" in (FOLDER.parent / "Dockerfile").read_text()
