"""The reference says what the code does: its tables are made from the code, and its examples work."""

import re
from pathlib import Path

import pytest
import typer

from gateway import settings
from gateway.callbacks import fit
from gateway.catalog import catalog, files
from gateway.cli import app
from gateway.observe.metrics import Metrics
from tests import reference

GATEWAY = Path(__file__).parents[2] / "gateway"
PAGE = reference.PAGE.read_text("utf-8")


@pytest.mark.parametrize("page", reference.GENERATORS, ids=lambda page: page.name)
def test_the_tables_are_those_of_the_code(page):
    """Each page is what `python -m tests.reference` writes, over whatever stands there; every table has its place."""
    text = page.read_text("utf-8")
    assert reference.filled(page) == text, "run: python -m tests.reference"
    assert re.findall(r"<!-- generated: (\w+) -->", text) == list(reference.GENERATORS[page])
    emptied = reference.BLOCK.sub(r"\1stale\n\3", text)
    assert emptied != text
    assert reference.filled(page, emptied) == text


def test_every_metric_is_in_the_table_with_its_labels():
    """Each sample that a scrape shows belongs to a line of the page, by the name that Prometheus sees."""
    names = set(re.findall(r"^\| `(mattergate_\w+)` \| \w+ \|", PAGE, re.M))
    metrics = Metrics()
    metrics.expect_route("a", "b")
    metrics.expect_destination("c")
    metrics.expect_bot("d")
    scraped = {one.name for family in metrics.registry.collect() for one in family.samples}
    shown = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in scraped}
    assert shown <= names | {re.sub(r"_total$", "", name) for name in names}


def test_every_command_is_there():
    """Whoever searches the page for a command finds it."""

    def names(group, prefix):
        for name, command in group.commands.items():
            yield from names(command, f"{prefix} {name}") if hasattr(command, "commands") else [f"{prefix} {name}"]

    assert [name for name in names(typer.main.get_command(app), "mattergate") if f"\n### {name}\n" not in PAGE] == []


def test_every_answer_is_there():
    """Each status that a request of the public listener can end with is in the table of answers."""
    packages = ("ingress", "verify", "decode", "pipeline")
    files = [path for package in packages for path in (GATEWAY / package).rglob("*.py")]
    given = {status for path in files for status in re.findall(r"\b(?:Refused|problem)\((\d{3}),", path.read_text())}
    assert {"401", "404", "413", "422", "503"} <= given
    assert given <= set(re.findall(r"^\| (\d{3}) \| ", PAGE, re.M))


@pytest.mark.parametrize("number", range(2))
def test_the_examples_of_settings_are_valid(number):
    """Each TOML example of the page is read without a fault, as a route or as whole tables."""
    text = re.findall(r"```toml\n(.*?)```", PAGE, re.S)[number]
    head = '[destinations.ops]\nhook = "https://chat.example.com/hooks/abc"\n'
    route = '[routes.a]\nservice = "generic"\ndestinations = ["ops"]\nsecrets = ["a secret of a route"]\n'
    texts = [text] if text[0] == "[" else [head + route + line for line in text.splitlines()]
    environment = {"DEV_BOT_TOKEN": "a", "GITHUB_SECRET": "b"}
    for one in texts:
        assert settings.parse(one, "mattergate.toml", environment, lambda path: path.read_text()).routes


def test_the_example_of_callbacks_fits_the_catalog():
    """Its tables lack nothing that the documents of their services need."""
    text = re.search(r"### Let chat act\n.*?```toml\n(.*?)```", PAGE, re.S)[1]
    environment = dict.fromkeys(("PAGERDUTY_SECRET", "PAGERDUTY_KEY", "ASK_KEY"), "a secret")
    known = settings.parse(text, "mattergate.toml", environment, lambda path: "a token")
    services = catalog.load([files.builtin_folder()], {"pagerduty", "http-bot"}).services
    assert [*fit.faults(known, services), *fit.warnings(known, services)] == []
