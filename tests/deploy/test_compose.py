"""The composition furnishes itself: secrets, a first Mattermost, the gateway's settings, and samples that arrive."""

import importlib.util
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest
import yaml

from gateway import app, settings
from gateway.demo.show import SHOWN
from gateway.demo.standin import StandIn

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


@pytest.fixture
def owners() -> dict[str, int]:
    """File name -> the user that it was given to."""
    return {}


@pytest.fixture
def prepared(tmp_path: Path, owners: dict[str, int]) -> Iterator[Path]:
    """A folder `secrets` beside a folder `mattermost`, as `prepare` leaves them."""
    for name in ("secrets", "mattermost"):
        (tmp_path / name).mkdir()
    run_prepare(tmp_path, owners)
    return tmp_path


def run_prepare(folder: Path, owners: dict[str, int]) -> list[str]:
    """What `prepare` makes, with the owner of each file noted instead of changed."""
    return prepare.prepare(
        folder / "secrets",
        folder / "mattermost",
        lambda path, user: owners.__setitem__(path.name.removeprefix(".").removesuffix(".part"), user),
    )


def test_every_secret_has_one_reader_and_is_not_like_another(prepared, owners):
    """Each file is for its reader's eyes only; what two containers must share is the same, all else differs."""
    files = {path.name: path for path in (prepared / "secrets").iterdir()}
    assert set(files) == {*prepare.READERS, *prepare.COPIES}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o400}
    assert {name: owners[name] for name in prepare.READERS} == prepare.READERS
    texts = {name: path.read_text() for name, path in files.items()}
    assert texts["prometheus_token"] == texts["read_token"]
    assert len(set(texts.values())) == len(texts) - 1
    assert min(map(len, texts.values())) >= 32


def test_mattermost_finds_its_database(prepared, owners):
    """The first config.json holds the data source with the password of the database, and belongs to Mattermost."""
    password = (prepared / "secrets" / "postgres_password").read_text()
    source = json.loads((prepared / "mattermost" / "config.json").read_text())["SqlSettings"]["DataSource"]
    environment = SERVICES["postgres"]["environment"]
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    assert source.startswith(f"postgres://{user}:{password}@postgres:5432/{database}?")
    assert (owners["config.json"], owners["mattermost"]) == (prepare.MATTERMOST, prepare.MATTERMOST)


def test_a_second_start_changes_nothing(prepared, owners):
    """What is there is kept: passwords, and the configuration that Mattermost has completed."""
    (prepared / "mattermost" / "config.json").write_text("completed")
    before = {path: path.read_text() for path in prepared.rglob("*") if path.is_file()}
    assert run_prepare(prepared, owners) == []
    assert {path: path.read_text() for path in prepared.rglob("*") if path.is_file()} == before


def test_a_start_that_was_cut_short_is_completed(prepared, owners):
    """A secret that is missing is made, and its copy with it."""
    (prepared / "secrets" / "read_token").unlink()
    assert run_prepare(prepared, owners) == ["read_token", "prometheus_token"]
    read, copy = ((prepared / "secrets" / name).read_text() for name in ("read_token", "prometheus_token"))
    assert read == copy


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
    command = (FOLDER / "furnish.py", "--server", url, "--secrets", prepared / "secrets", "--wait", "5")
    code, text = await python(*command)
    assert code == 0, text
    secrets = prepared / "secrets"
    assert "http://localhost:8065/mattergate/channels/webhooks" in text
    assert (secrets / "mattermost_password").read_text() in text
    assert (secrets / "admin_token").read_text() in text
    [hook] = standin.hooks
    assert (secrets / "hook").read_text() == f"{url}/hooks/{hook}"
    assert stat.S_IMODE((secrets / "hook").stat().st_mode) == 0o600

    code, text = await python(*command)
    assert code == 0, text
    assert list(standin.hooks) == [hook]
    assert (secrets / "mattermost_password").read_text() not in text


async def test_a_webhook_that_was_deleted_is_made_again(mattermost, prepared):
    """The file follows what is in Mattermost."""
    standin, url = mattermost
    command = (FOLDER / "furnish.py", "--server", url, "--secrets", prepared / "secrets", "--wait", "5")
    assert (await python(*command))[0] == 0
    standin.hooks.clear()
    assert (await python(*command))[0] == 0
    [hook] = standin.hooks
    assert (prepared / "secrets" / "hook").read_text().endswith(hook)


async def test_a_mattermost_that_somebody_else_furnished_is_left_alone(mattermost, prepared):
    """With another administrator there, the command says what Mattermost refuses, without a password."""
    standin, url = mattermost
    standin.add_user("somebody", "pass", roles="system_admin")
    code, text = await python(FOLDER / "furnish.py", "--server", url, "--secrets", prepared / "secrets", "--wait", "5")
    assert code == 1
    assert "furnish: Mattermost answers 401 to POST /users" in text
    assert (prepared / "secrets" / "mattermost_password").read_text() not in text


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
        ("/secrets/", f"{prepared}/secrets/"),
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
    furnishing = (FOLDER / "furnish.py", "--server", url, "--secrets", prepared / "secrets", "--wait", "5")
    assert (await python(*furnishing))[0] == 0
    async with app.running(gateway_settings(prepared, url)) as running, aiohttp.ClientSession() as session:
        sending = ("--gateway", running.public, "--secret", prepared / "secrets" / "route_secret", "--pause", "0")
        code, text = await python(FOLDER / "samples.py", *sending, "--rounds", "2")
        assert code == 0, text
        assert re.findall(r"(\w+): 2\d\d", text) == [*SHOWN] * 2
        token = (prepared / "secrets" / "prometheus_token").read_text()
        async with session.get(f"{running.admin}/metrics", headers={"Authorization": f"Bearer {token}"}) as answer:
            metrics = await answer.text()
    assert 'mattergate_requests_total{outcome="message",route="github",service="github"} 2.0' in metrics
    assert len(standin.posts) >= len(SHOWN)


async def test_samples_that_are_refused_are_told(mattermost, prepared):
    """A wrong secret: the command ends with what to look at."""
    _, url = mattermost
    (prepared / "secrets" / "hook").write_text(f"{url}/hooks/{'a' * 26}")
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
    dockerfile = (FOLDER.parent / "Dockerfile").read_text()
    for name, service in SERVICES.items():
        for other, wish in service.get("depends_on", {}).items():
            target = SERVICES[other]
            if wish["condition"] == "service_healthy":
                assert "test" in target.get("healthcheck", {}) or "HEALTHCHECK" in dockerfile, (name, other)
            if wish["condition"] == "service_completed_successfully":
                assert target["restart"].startswith("on-failure"), (name, other)


def test_every_file_of_secrets_that_is_named_is_made():
    """Settings, environment and commands name no secret that neither `prepare` nor `furnish` makes."""
    texts = [(FOLDER / name).read_text() for name in ("compose.yaml", "mattergate.toml")]
    monitoring = FOLDER.parent / "monitoring"
    texts += [path.read_text() for path in (monitoring / "prometheus.yml",) if path.exists()]
    wanted = {name for text in texts for name in re.findall(r"/secrets/(\w+)", text)}
    assert wanted <= {*prepare.READERS, *prepare.COPIES, "hook"}
    assert "hook" in wanted


def test_the_containers_run_as_the_users_that_own_their_files():
    """The image of the gateway runs as the user for whom `prepare` makes its files."""
    assert f"USER {prepare.GATEWAY}:{prepare.GATEWAY}" in (FOLDER.parent / "Dockerfile").read_text()
