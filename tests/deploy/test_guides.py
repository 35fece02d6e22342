"""What the guides of deploy/ say: every file is there, every command exists, every setting and figure is the code's."""

import re
from pathlib import Path

import pytest
import typer

from gateway import settings
from gateway.cli import app
from gateway.settings import tables
from gateway.settings.reader import ADMIN_TOKEN

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GUIDES = {name: (DEPLOY / name).read_text() for name in ("README.md", "operations.md", "reference.md")}
PAGES = [
    ROOT / "README.md",
    ROOT / "schemas" / "README.md",
    *sorted((ROOT / ".github").glob("*.md")),
    *sorted(DEPLOY.rglob("*.md")),
]
TEXT = "\n".join(GUIDES.values())


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub writes them into URLs."""
    found = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Each relative link of a page is a file, and its anchor a heading there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_files_are_where_commands_look_for_them():
    """Each path below deploy/ in a command or sentence is a file or folder of the checkout."""
    paths = set(re.findall(r"\bdeploy/[\w./-]*\w", TEXT))
    assert paths
    assert not [path for path in paths if not (DEPLOY.parent / path).exists()]


def test_every_folder_has_its_place_in_the_table():
    """Whoever looks into deploy/ finds each way to install in the README."""
    table = GUIDES["README.md"].split("\n## ")[0]
    folders = {path.name for path in DEPLOY.iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert not [name for name in folders if f"{name}/" not in table]


def test_commands_of_mattergate_exist():
    """Each `mattergate COMMAND` of the guides is one."""
    known = set(typer.main.get_command(app).commands)
    lines = re.findall(r"`mattergate ([a-z]+)|mattergate mattergate ([a-z]+)", TEXT)
    named = {word for line in lines for word in line if word}
    assert {"check", "dead"} <= named <= known


def test_variables_and_settings_are_those_of_the_code():
    """Tables and keys in the guides, and the variables of image, unit, chart and composition, are settings."""
    known = {f"[{row.table}]": set() for row in settings.reference()}
    for row in settings.reference():
        known[f"[{row.table}]"].add(row.key)
    for table, key in re.findall(r"`(\[\w+\]) (\w+)", TEXT):
        assert key in known[table]
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix not in {".json", ".pyc"}]
    named = {name for path in files for name in re.findall(r"\bMATTERGATE_[A-Z_]+\b", path.read_text())}
    assert named
    assert named <= {*tables.variables(), "MATTERGATE_CONFIG", ADMIN_TOKEN}


def test_the_examples_of_settings_are_valid():
    """Each TOML example of the guide for operators is read without a fault."""
    examples = re.findall(r"```toml\n(.*?)```", GUIDES["operations.md"], re.S)
    assert examples
    for text in examples:
        environment = {name: f"a token called {name}" for name in re.findall(r'_env = "(\w+)"', text)}
        assert settings.parse(text, "mattergate.toml", environment, lambda path: path.read_text())


def test_limits_of_the_proxies_are_those_of_the_gateway():
    """A body that the gateway would take passes, and one that it would refuse does not reach it."""
    limit = tables.Server().body_limit
    assert limit == 5_000_000
    assert "client_max_body_size  5m;" in (DEPLOY / "nginx" / "mattergate.conf").read_text()
    assert "max_size 5MB" in (DEPLOY / "caddy" / "Caddyfile").read_text()


def test_a_newcomer_has_one_command():
    """The command of the README starts the composition, and the places that it names are those that are published."""
    text = GUIDES["README.md"]
    assert "docker compose --file deploy/compose/compose.yaml up\n" in text
    compose = (DEPLOY / "compose" / "compose.yaml").read_text()
    for port in set(re.findall(r"http://localhost:(\d+)", text)):
        assert f'"127.0.0.1:{port}:' in compose
