"""schemas/README.md, the page for authors: what it shows works, and every key and function is on it."""

import json
import re

import jsonschema
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from gateway import settings
from gateway.callbacks import sample as callback_sample
from gateway.callbacks import samplefile as callback_samples
from gateway.callbacks.document import CALLBACK
from gateway.callbacks.known import KEYS
from gateway.callbacks.reply import POSSIBLE
from gateway.callbacks.smoothing import Occasion
from gateway.catalog import files, yamlfile
from gateway.catalog.build import build
from gateway.catalog.kinds import Text
from gateway.catalog.metaschema import meta_schema
from gateway.catalog.select import Selector
from gateway.catalog.service import Service
from gateway.catalog.shapes import compiled
from gateway.catalog.states import StateTable
from gateway.catalog.tolerance import tolerant
from gateway.cli import app, catalog
from gateway.decode.content import Content
from gateway.decode.unwrap import parse_unwrap, unwrap
from gateway.language.document import DocumentPlace
from gateway.language.functions import TABLE
from gateway.language.functions.states import STATES, TONES
from gateway.language.output import Mode
from gateway.language.template import Engine
from gateway.model import CardMode, Request
from gateway.pipeline import sample, samplefile
from gateway.pipeline.expectation import Expectation
from gateway.pipeline.interpret import Wishes
from gateway.pipeline.rehearsal import rehearse
from gateway.pipeline.sample import Sample, SampleRequest
from gateway.pipeline.unsampled import unidentified, unsampled
from tests import keytables, reference

PAGE = reference.AUTHORS.read_text("utf-8")
PROSE = reference.BLOCK.sub("", PAGE)


def _rows(head: str) -> list[list[str]]:
    """The rows of the table with this head, each cell without its back quotes."""
    table = PAGE.split(f"| {head} |\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    cells = [re.split(r" (?<!\\)\| ", row.removeprefix("| ").removesuffix(" |")) for row in table]
    return [[cell.removeprefix("`").removesuffix("`").replace("\\|", "|") for cell in row] for row in cells]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A catalog folder with every document of the page, as its first line names it."""
    root = tmp_path_factory.mktemp("authors")
    for name, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.S):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(scope="module")
def services(folder):
    """The services of the page, without a fault."""
    own = {path.parent.name for path in folder.glob("*/service.yaml")}
    known, faults = catalog.load(files.layered([folder]), own, closely=True)
    assert [f"{one.file}:{one.line} {one.problem}" for one in faults] == []
    return known.services


def test_every_heading_has_an_address_of_its_own():
    """A link leads to the table that it means, and not to the first of two headings."""
    headings = [
        heading.lower() for heading in re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", PAGE, flags=re.S), re.M)
    ]
    assert len(headings) == len(set(headings))


def test_every_link_within_the_page_leads_somewhere():
    """To the address of a heading, as GitHub makes it."""
    text = re.sub(r"```.*?```", "", PAGE, flags=re.S)
    headings = [re.sub(r"[^\w -]", "", heading.lower()) for heading in re.findall(r"^#+ (.*)$", text, re.M)]
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) - {heading.replace(" ", "-") for heading in headings} == set()


def test_every_example_is_a_file_of_a_service():
    """No block of YAML stands on the page that no test reads."""
    blocks = re.findall(r"```(\w+)\n(.*)", PROSE)
    assert {language for language, _ in blocks} == {"yaml", "sh", "toml", "http", "text"}
    assert [
        first for language, first in blocks if language == "yaml" and not re.fullmatch(r"# [\w/.-]+\.yaml", first)
    ] == []


def test_the_example_settings_are_valid():
    """They are read without a fault."""
    text = "".join(re.findall(r"```toml\n(.*?)```", PROSE, re.S))
    given = {"ACME_SECRET": "a secret of a route", "OPS_HOOK": "https://chat.example.com/hooks/abc"}
    given |= {"DEPLOY_COMMAND_TOKEN": "a token of Mattermost", "DEPLOY_TOKEN": "a token of the service"}
    known = settings.parse(text, "mattergate.toml", given, lambda path: path.read_text())
    assert known.routes["orders"].service == "acme-orders"


def test_the_commands_of_the_page_exist():
    """Each `mattergate COMMAND` is one, with the options that are written."""
    known = typer.main.get_command(app).commands
    lines = re.findall(r"^ *mattergate .*$|`mattergate [^`]*`", PROSE, re.M)
    named = [re.match(r"\W*mattergate (\w+)(.*)", line).groups() for line in lines]
    assert {name for name, _ in named} >= {"new", "test", "render", "check", "schema", "functions"}
    for name, rest in named:
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<= )-{1,2}[a-z-]+", rest)) <= options, (name, rest)


def test_the_samples_of_the_page_hold_and_reach_every_event(folder, services):
    """What the page shows as the outcome of a request is what the gateway makes of it."""
    paths = files.samples([folder])
    assert {path.name for _, path in paths} == set(re.findall(r"# [^/\s]+/samples/(\S+)", PAGE))
    assert [(path.name, samplefile.run(services[key], path)) for key, path in paths] == [(p.name, []) for _, p in paths]
    reached = samplefile.reached(services, paths)
    translators = [one for service in services.values() for one in service.translators]
    assert [one.problem for one in unsampled(translators, reached)] == []
    assert unidentified(services.values(), reached) == []
    assert reached.alike == {}


def test_the_samples_of_callbacks_hold(folder, services):
    """The request, and what Mattermost is answered."""
    paths = files.samples([folder], CALLBACK.folder)
    assert {path.name for _, path in paths} == set(re.findall(r"# [^/\s]+/callbacks/samples/(\S+)", PAGE))
    for key, path in paths:
        one = callback_samples.load(path)
        assert callback_sample.differences(one.expect, callback_samples.rehearsed(services[key], one, path)) == []


def test_the_names_of_callbacks_are_there():
    """Every key of the input, and where a reply may appear."""
    rows = _rows("name | what it is | occasions")
    assert set(re.findall(r"[a-z]+", " ".join(row[0] for row in rows))) - set(KEYS) == {
        "input", "settings", "now", "secrets", "conversation", "reply", "url", "answer", "problem",
    }  # fmt: skip
    assert set(KEYS) <= set(re.findall(r"[a-z]+", " ".join(row[0] for row in rows)))
    for occasion, _, usual, others in _rows(
        "occasion | what happens | a reply appears, unless `to` says otherwise | or at"
    ):
        possible = {to.value for to in POSSIBLE[Occasion(occasion)]}
        assert set(re.findall(r"channel|thread|update|nothing|caller", f"{usual} {others}")) == possible


@pytest.mark.parametrize(("shape", "payload", "speaks"), _rows("shape | payload | does it speak?"))
def test_the_examples_of_shapes(shape, payload, speaks):
    """A payload matches a shape, or does not."""
    noted = []
    schema = tolerant(compiled(yamlfile.load(shape, "shape.yaml"), {}, DocumentPlace("a/b", (), noted)))
    assert (jsonschema.Draft202012Validator(schema).is_valid(json.loads(payload)), noted) == (speaks == "yes", [])


@pytest.mark.parametrize("line", [row[0] for row in _rows("you write | it is")])
def test_the_ways_to_write_a_shape(line):
    """Each is a shape, with the name of another that the service shares."""
    noted = []
    compiled(yamlfile.load(line, "shape.yaml"), {"customer": {}}, DocumentPlace("a/b", (), noted))
    assert noted == []


@pytest.mark.parametrize(("template", "values", "text"), _rows("template | values | what comes out"))
def test_the_examples_of_expressions(template, values, text):
    """Each gives the text beside it, where Mattermost renders Markdown."""
    found = Engine().template(template, Mode.MARKDOWN, "a/b").render(json.loads(values))
    assert found == (None if text == "*nothing*" else text)


@pytest.mark.parametrize(("event", "headers", "body", "name"), _rows("event | headers | body | name"))
def test_the_examples_of_names(event, headers, body, name):
    """Each list of selectors makes the name beside it."""
    selectors = [Selector(raw) for raw in yamlfile.load(f"event: {event}", "service.yaml")["event"]]
    request = Request(headers=json.loads(headers))
    parts = [one.value(request, json.loads(body)) for one in selectors]
    assert ".".join(filter(None, parts)) == name


@pytest.mark.parametrize("scheme", [row[1] for row in _rows("the vendor's page says | you write")])
def test_the_examples_of_schemes(scheme):
    """Each is read without a fault, and signed as its sender signs: accepted, and with another secret refused."""
    text = f"name: Acme\nsetup: Enter the URL.\nverify: [{scheme}]\n"
    service = Service("acme", yamlfile.load(text, "service.yaml"), Text("acme/service", text, "service.yaml"))
    assert not service.faults
    one = Sample(secret="s3cret", request=SampleRequest(body={"Message": "Disk full"}), expect=Expectation("message"))
    assert rehearse(one, service).found.outcome == "message"
    assert rehearse(replace(one, signed_with="guessed"), service).found.cause == "wrong_secret"


@pytest.mark.parametrize(("body", "outcome"), [('{"a": 1}', "message"), ('{"a": 2}', "refused")])
def test_a_sample_holds_a_recorded_signature(body, outcome):
    """The secret is the public key, nobody signs, and only what was signed is accepted."""
    text = "name: Acme\nsetup: Enter the URL.\nverify: [{ed25519: true, header: X-Signature}]\n"
    service = Service("acme", yamlfile.load(text, "service.yaml"), Text("acme/service", text, "service.yaml"))
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    request = SampleRequest(headers={"X-Signature": key.sign(b'{"a": 1}').hex()}, body=body)
    public = key.public_key().public_bytes_raw().hex()
    one = Sample(secret=public, sign=False, request=request, expect=Expectation(outcome))
    assert rehearse(one, service).found.outcome == outcome


@pytest.mark.parametrize(("body", "content_type", "value"), _rows("body | content type | what templates see"))
def test_the_examples_of_bodies(body, content_type, value):
    """JSON, XML, forms, multipart and text."""
    written = body.replace("\\n", "\r\n") if content_type.startswith("multipart") else body
    request = Request(headers={"content-type": content_type}, body=written.encode())
    assert Content.of(request, 10_000, 64).value == json.loads(value)


@pytest.mark.parametrize(("step", "before", "after"), _rows("step | before | after"))
def test_the_examples_of_unwrap(step, before, after):
    """Of a split, an event each."""
    events = [json.loads(one.strip("` ")) for one in after.removesuffix(", two events").split("` and `")]
    found = unwrap(json.loads(before), [parse_unwrap(yamlfile.load(step, "step.yaml"))])
    assert (found.values, found.idle) == (events, ())


def test_the_example_of_a_card(services):
    """The documents of an order do what the table of the tutorial says."""

    def told(event, **order):
        headers = {"x-acme-event": event}
        body = {"order": {"id": 7, **order}, "note": {"text": "call first"}}
        request = Request(headers=headers, body=json.dumps(body).encode())
        piece = sample.read(services["acme-orders"], request, Wishes(card=CardMode.BOTH)).pieces[0]
        return piece.phase, piece.reply, piece.card and (piece.card.attachments[0].fields[0].value, *_look(piece.card))

    title = "Acme: order 7"
    assert told("order.placed", status="placed", total=1250) == ("open", False, ("opened", title, TONES["started"]))
    assert told("note") == ("change", True, None)
    assert told("order.failed", status="failed", total=1250) == ("change", False, ("failed", title, "danger"))
    assert told("order.paid", status="paid") == ("change", True, None)
    assert told("order.delivered", status="delivered", total=1) == ("close", False, ("closed", title, "good"))


@pytest.mark.parametrize("mentions", [False, True])
def test_what_the_page_says_of_mentions(mentions):
    """They act on a route with `mentions`, and on no other: those of a document as those of a payload."""
    documents = {
        "service": "name: Acme\nsetup: Enter the URL.\nevent: [{json: kind}]\n",
        "disk": "title: A disk\nevents: [disk]\ninput: {note: text}\nmessage: {text: '@here {{ note }}', priority: "
        "{priority: urgent, persistent_notifications: true}}\n",
    }
    texts = {name: Text(f"acme/{name}", text, name) for name, text in documents.items()}
    service, faults = build("acme", texts, Engine())
    request = Request(body=b'{"kind": "disk", "note": "@channel"}')
    [message] = sample.read(service, request, Wishes(mentions=mentions)).pieces[0].messages
    at = "@" if mentions else "@\u200b"
    assert (faults, message.text, message.priority.priority) == ([], f"{at}here {at}channel", "urgent")
    assert message.priority.persistent_notifications is mentions


def _look(message):
    return message.attachments[0].title, message.attachments[0].color


def test_the_rows_of_a_table_of_states():
    """Each is one."""
    noted = []
    rows = yamlfile.load("\n".join(row[0] for row in _rows("row | what it is")), "shared.yaml")
    StateTable(rows, DocumentPlace("a/shared", (), noted))
    assert (len(rows), noted) == (3, [])


def test_every_function_and_state_is_there():
    """Whoever searches the page for one finds it."""
    assert [name for name in (*TABLE, *STATES, *TONES) if f"\n| `{name}` | " not in PAGE] == []


@pytest.mark.parametrize("kind", keytables.KINDS)
def test_every_key_is_described_and_on_the_page(kind):
    """A key of a document that says nothing of itself helps nobody, neither here nor in an editor."""
    assert keytables.undescribed(kind) == []
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", keytables.keys(kind), re.M)
    assert [key for key, _, text in rows if not text and "](#" not in _] == []


def _parts(schema):
    """A schema, and those inside of it."""
    yield schema
    for key in schema.keys() - {"examples", "default"}:
        inner = schema[key]
        inside = inner.values() if key in ("properties", "$defs") else inner if isinstance(inner, list) else [inner]
        for one in inside:
            if isinstance(one, dict):
                yield from _parts(one)


@pytest.mark.parametrize("kind", keytables.KINDS)
def test_the_examples_of_keys_are_valid(kind):
    """What a table shows as an example or default may stand there."""
    schema, _ = meta_schema(kind)
    for part in _parts(schema):
        shown = [*(part.get("examples") or ()), *([part["default"]] if "default" in part else ())]
        known = jsonschema.Draft202012Validator({"$defs": schema.get("$defs", {}), **part} if shown else {})
        assert [value for value in shown if not known.is_valid(value)] == []


def test_every_kind_of_document_has_its_tables():
    """A meta-schema that is added is on the page."""
    assert {f"{kind}.schema.json" for kind in keytables.KINDS} == set(files.schemas())


def test_a_table_shows_what_a_schema_says():
    """Nested keys, choices, bounds, defaults, examples, and which keys need or exclude each other."""
    schema = {
        "type": "object",
        "required": ["a"],
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        "properties": {
            "a": {"description": "One.", "enum": ["x", "y"], "default": "x", "examples": ["y"]},
            "b": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"c": {"const": True}}}]},
            "d": {"type": "array", "items": {"type": "object", "properties": {"e": {"type": "integer", "minimum": 1}}}},
        },
    }
    assert keytables.described("", schema).splitlines() == [
        "Exactly one of `a`, `b`.",
        "",
        "| key | value |  |",
        "| --- | --- | --- |",
        "| `a` | `x` or `y`, required | One. Default: `x`. For example `y`. |",
        "| `b` | string or mapping |  |",
        "| `b.c` | `true` |  |",
        "| `d` | list of mapping |  |",
        "| `d[].e` | whole number | At least 1. |",
    ]


def test_alternatives_that_depend_on_what_is_there_are_listed():
    """`if`, `then` and `else` at any depth."""
    schema = {
        "if": {},
        "then": {"const": "secret"},
        "else": {"if": {}, "then": {"type": "string"}, "else": {"type": "null"}},
    }
    assert keytables.described("#### one", schema) == "#### one\n\n- `secret`\n- string\n- nothing"
