"""`mattergate render`: what a request becomes, without a server and without Mattermost."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec.structs import replace

from gateway.callbacks.document import CALLBACK
from gateway.catalog.catalog import Catalog
from gateway.catalog.generic import GENERIC
from gateway.catalog.service import Service
from gateway.cli import app, catalog
from gateway.cli import options as given
from gateway.cli.catalog import BODY_MOST
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import fail, print_json, print_line, unusable, warn
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.errors import MattergateError, Refused
from gateway.mattermost.fit import Limits
from gateway.model import JSON, Outcome, Request
from gateway.pipeline import sample, samplefile
from gateway.pipeline.attached import told
from gateway.pipeline.interpret import Wishes, interpret, payloads


class Case(sample.SampleRequest, frozen=True):
    """One line of a batch: a request, the service that sent it, and `case`, which the answer repeats."""

    case: JSON = msgspec.UNSET
    service: str = ""


@app.command(
    epilog=example(
        "mattergate render push.json -H 'X-GitHub-Event: push'",
        "mattergate render event.json -s acme",
        "mattergate render schemas/github/samples/push.usual.yaml",
        "mattergate render notification.xml -s acme --payload",
        "mattergate render --batch < requests.jsonl | jq -r .outcome | sort | uniq -c",
    )
)
def render(
    file: Annotated[
        Path | None, typer.Argument(help="A body, or a sample (.yaml); `-` or nothing reads standard input.")
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(
            "--service",
            "-s",
            help="Which service sent it. [default: that of the sample's folder, else the one that is recognised]",
            autocompletion=catalog.completions,
        ),
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="As curl's: 'X-GitHub-Event: push'. May be repeated.")
    ] = None,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="JSON lines in (case, service, method, headers, query, body), JSON lines out."),
    ] = False,
    payload: Annotated[
        bool,
        typer.Option(
            "--payload",
            help="Show what templates see of each event instead: decoded, unwrapped, XML in the shape of `input`.",
        ),
    ] = False,
    folder: given.Folders = None,
    config: given.Config = DEFAULT,
) -> None:
    """Show the message that a request becomes.

    Without a service, the sender is recognised over all of the catalog, by headers, the name of the event and keys. The
    exit code is 1 when the request is refused or broken; of a batch, when a line is not a request.
    """
    folders = catalog.chosen(folder, config)
    if batch:
        if file is not None or service is not None or header:
            fail("--batch reads standard input, whose lines say what each request is: give it nothing else", 2)
        _batch(folders, payload=payload)
        return
    request, key = _request(file, _headers(header or ()))
    key = service or key or _recognised(Catalog(folders), request)
    found = catalog.require(folders, {key}).service(key)
    if found is None:
        fail(f"--service: {catalog.unknown(key, folders)}", 2)
    answer = _answer(found, request, payload=payload)
    print_json(answer)
    if answer["outcome"] in {Outcome.REFUSED, Outcome.BROKEN}:
        raise typer.Exit(1)


def _headers(lines: Sequence[str]) -> dict[str, str]:
    """Headers written as curl's."""
    pairs = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            fail(f"-H {line!r} is not a header: write a name, a colon and a value, as in 'X-GitHub-Event: push'", 2)
        pairs[name.strip().lower()] = value.strip()
    return pairs


def _request(file: Path | None, headers: dict[str, str]) -> tuple[Request, str]:
    """The request in a file or on standard input, with these headers, and the service that its path names, or ""."""
    if file is None or str(file) == "-":
        return Request(headers=headers, body=sys.stdin.buffer.read()), ""
    if file.resolve().parent.parent.name == CALLBACK.folder:
        fail(f"{file} is a sample of a callback: `mattergate test` executes it, and the console has it under Try it", 2)
    try:
        if file.suffix not in {".yaml", ".yml"}:
            return Request(headers=headers, body=file.read_bytes()), ""
        found = sample.as_request(samplefile.load(file).request)
    except (OSError, UnicodeDecodeError) as error:
        fail(unusable(file, error))
    except MattergateError as error:
        fail(error)
    above = file.resolve().parents
    return replace(found, headers={**found.headers, **headers}), above[1].name if len(above) > 1 else ""


def _recognised(known: Catalog, request: Request) -> str:
    """The key of the service that is recognised, which is said, and why; that of the generic one where none is."""
    found = catalog.recognised(known, request)
    if found is None:
        warn("nothing tells which service sent this: the generic translator reads it; or name one with --service")
        return GENERIC
    warn(f"recognised as {found.service}: {'; '.join(found.reasons)}")
    return found.service


def _batch(folders: Sequence[Path], *, payload: bool) -> None:
    """Answer every line of standard input with one of standard output; the command fails when one is no request."""

    @cache
    def find(key: str) -> tuple[Service, bool]:
        usable = catalog.require(folders, {key, GENERIC})
        found = usable.service(key)
        return found or usable.services[GENERIC], found is not None

    bad, known = 0, Catalog(folders)
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            case = msgspec.json.decode(line, type=Case)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            bad += 1
            why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            problem = f"line {number} is not a request in JSON: {why}"
            print_line({**_case(line), "outcome": Outcome.BROKEN, "messages": [], "reason": problem})
            continue
        request = sample.as_request(case)
        service, is_known = find(case.service or _likeliest(known, request))
        answer = _answer(service, request, payload=payload)
        if not is_known:
            why = f"the catalog has no service {case.service!r}, the generic translator speaks"
            answer["reason"] = f"{why}; {answer['reason']}" if answer["reason"] else why
        print_line(answer if case.case is msgspec.UNSET else {"case": case.case, **answer})
    if bad:
        raise typer.Exit(1)


def _likeliest(known: Catalog, request: Request) -> str:
    """The key of the service that a line of a batch is from which names none."""
    found = catalog.recognised(known, request)
    return found.service if found else GENERIC


def _case(line: bytes) -> dict[str, JSON]:
    """The `case` of a line, also when the rest of the line is not a request."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return {"case": found["case"]} if isinstance(found, dict) and "case" in found else {}


def _answer(service: Service, request: Request, *, payload: bool) -> dict[str, JSON]:
    """What becomes of a request; with `payload` its decoded events in place of the messages."""
    wishes = Wishes()
    try:
        content = Content.of(request, BODY_MOST, wishes.depth)
        reading = interpret(service, content, wishes, Limits())
    except Refused as refused:
        return {"outcome": Outcome.REFUSED, "messages": [], "reason": str(refused)}
    found = {
        "outcome": reading.outcome,
        "event": reading.name,
        "translator": reading.translator,
        "subject": reading.subject,
        "reason": reading.reason,
    }
    if not payload:
        actions = [told(one) for piece in reading.pieces for one in piece.actions]
        messages = [message for piece in reading.pieces for message in piece.messages]
        return {**found, "messages": messages, **({"actions": actions} if actions else {})}
    return {
        **found,
        "body": content.decoded.kind,
        "unwrap": [str(one) for one in unwrap(content.value, service.unwrap).idle],
        "payloads": list(payloads(service, content)),
    }
