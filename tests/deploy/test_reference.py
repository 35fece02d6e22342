"""The reference says what the code does: its tables are made from the code, and its examples work."""

import json
import re
from pathlib import Path

import pytest
import typer

from gateway import settings
from gateway.catalog import catalog, yamlfile
from gateway.cli import app
from gateway.decode.content import Content
from gateway.decode.unwrap import parse_unwrap, unwrap
from gateway.language.functions import TABLE
from gateway.model import CardMode, Request
from gateway.observe.metrics import Metrics
from gateway.pipeline import sample
from gateway.pipeline.interpret import Wishes
from tests import reference

GATEWAY = Path(__file__).parents[2] / "gateway"
PAGE = reference.PAGE.read_text("utf-8")


def test_the_tables_are_those_of_the_code():
    """The page is what `python -m tests.reference` writes."""
    assert reference.filled(PAGE) == PAGE, "run: python -m tests.reference"


def test_every_table_that_can_be_made_is_on_the_page():
    """Each generator has its place, and writes over whatever stands there."""
    assert re.findall(r"<!-- generated: (\w+) -->", PAGE) == list(reference.GENERATORS)
    emptied = re.sub(r"(<!-- generated: \w+ -->\n).*?(<!-- end -->)", r"\1stale\n\2", PAGE, flags=re.S)
    assert emptied != PAGE
    assert reference.filled(emptied) == PAGE


def test_every_metric_is_in_the_table_with_its_labels():
    """Each sample that a scrape shows belongs to a line of the page, by the name that Prometheus sees."""
    names = set(re.findall(r"^\| `(mattergate_\w+)` \| \w+ \|", PAGE, re.M))
    metrics = Metrics()
    metrics.expect_route("a", "b")
    metrics.expect_destination("c")
    scraped = {one.name for family in metrics.registry.collect() for one in family.samples}
    shown = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in scraped}
    assert shown <= names | {re.sub(r"_total$", "", name) for name in names}


def test_every_command_and_function_is_there():
    """Whoever searches the page for a command or function finds it."""

    def names(group, prefix):
        for name, command in group.commands.items():
            yield from names(command, f"{prefix} {name}") if hasattr(command, "commands") else [f"{prefix} {name}"]

    assert [name for name in names(typer.main.get_command(app), "mattergate") if f"\n### {name}\n" not in PAGE] == []
    assert [name for name in TABLE if f"\n| `{name}` | " not in PAGE] == []


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


def test_the_example_translator_is_valid(tmp_path):
    """The translator of the page loads, and makes the message that one expects."""
    text, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
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


def _rows(head: str) -> list[list[str]]:
    """The rows of the table with this head, each cell without its back quotes."""
    table = PAGE.split(f"{head}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in table]


@pytest.mark.parametrize(("body", "content_type", "value"), _rows("| body | content type | what templates see |"))
def test_the_examples_of_bodies_are_what_templates_see(body, content_type, value):
    """JSON, XML, forms, multipart and text."""
    written = body.replace("\\n", "\r\n") if content_type.startswith("multipart") else body
    request = Request(headers={"content-type": content_type}, body=written.encode())
    assert Content.of(request, 10_000, 64).value == json.loads(value)


@pytest.mark.parametrize(("step", "before", "after"), _rows("| step | before | after |"))
def test_the_examples_of_unwrap_are_what_it_does(step, before, after):
    """Of a split, an event each."""
    events = [json.loads(one.strip("` ")) for one in after.removesuffix(", two events").split("` and `")]
    found = unwrap(json.loads(before), [parse_unwrap(yamlfile.load(step, "step.yaml"))])
    assert (found.values, found.idle) == (events, ())


def test_the_example_of_a_card_works(tmp_path):
    """The documents of an incident are read without a fault, and do what the table says."""
    documents = re.findall(r"```yaml\n# (pager/\S+)\n(.*?)```", PAGE, re.S)
    for name, text in documents:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    described = "name: Pager\ndocs: https://example.com/\nsetup: There is nothing to set up.\nevent: [{json: event}]\n"
    (tmp_path / "pager" / "service.yaml").write_text(described)
    service = catalog.load([tmp_path]).services["pager"]
    assert not service.faults

    def told(event, **more):
        request = Request(body=json.dumps({"event": event, **more}).encode())
        piece = sample.read(service, request, Wishes(card=CardMode.BOTH)).pieces[0]
        return piece.phase, piece.reply, piece.card.attachments[0].color if piece.card else None

    fired = {"id": "P1", "title": "Disk full", "state": "firing"}
    assert told("incident.triggered", incident=fired) == ("open", False, "danger")
    assert told("note.added", note={"incident": "P1", "text": "on it"}) == ("change", True, None)
    assert told("incident.priority_changed", incident={"id": "P1"}) == ("change", True, None)
    assert told("incident.resolved", incident={**fired, "state": "resolved"}) == ("close", False, "good")
