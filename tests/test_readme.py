"""The README says what the code does: settings, metrics, commands and examples are compared with it."""

import re
from pathlib import Path

import pytest
import typer

from gateway import settings
from gateway.cli import app
from gateway.cli.check import reference_table
from gateway.observe.metrics import Metrics

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_the_settings_table_is_that_of_the_code():
    """The table of settings is the output of the command that it names."""
    assert reference_table() in README


def test_every_metric_is_in_the_table_with_its_labels():
    """Each series stands in the README under the name and with the labels that Prometheus sees."""
    for family in Metrics().registry._names_to_collectors.values():
        name = family._name + ("_total" if family._type == "counter" else "_info" if family._type == "info" else "")
        labels = ", ".join(f"`{label}`" for label in family._labelnames)
        assert f"| `{name}` | {labels} |" in README


def test_every_command_is_in_the_table():
    """Each command of the command line has its line in the README."""
    group = typer.main.get_command(app)
    for name in group.commands:
        assert f"`mattergate {name}" in README


def test_the_example_settings_are_valid():
    """The settings of the README are read without a fault."""
    [text] = re.findall(r"```toml\n(.*?)```", README, re.S)
    environment = {
        "OPS_HOOK": "https://chat.example.com/hooks/abc",
        "GITHUB_SECRET": "a",
        "ALERTS_SECRET": "b",
        "ANY_SECRET": "c",
    }
    known = settings.parse(text, "mattergate.toml", environment, lambda path: path.read_text())
    assert set(known.routes) == {"github", "alerts", "anything"}


def test_the_example_translator_is_valid(tmp_path):
    """The translator of the README loads, and makes the message that one expects."""
    from gateway.catalog import catalog
    from gateway.model import Request
    from gateway.pipeline import sample

    [text] = re.findall(r"```yaml\n(.*?)```", README, re.S)
    folder = tmp_path / "acme-orders"
    folder.mkdir()
    (folder / "event.yaml").write_text(text)
    (folder / "service.yaml").write_text(
        "name: Acme\ndocs: https://example.com\nsetup: Enter the URL.\nevent: [{header: X-Event}]\n"
    )
    service = catalog.load([tmp_path]).services["acme-orders"]
    body = b'{"order": {"id": 7, "status": "failed", "url": "https://example.com/7", "customer": {"name": "Ada"}}}'
    reading = sample.read(service, Request(headers={"x-event": "order.paid"}, body=body))
    [attachment] = reading.pieces[0].messages[0].attachments
    assert (attachment.color, attachment.title, attachment.text) == ("danger", "Order 7: failed", None)
    assert reading.subject == "order 7"


@pytest.mark.parametrize("command", ["./deploy/try", "./tests/run"])
def test_both_commands_of_a_newcomer_are_there(command):
    """The two commands of the README exist and can be run."""
    assert command in README
    assert (Path(__file__).parents[1] / command).stat().st_mode & 0o111
