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
from gateway.catalog.generic import GENERIC
from gateway.catalog.service import Service
from gateway.cli import app, catalog
from gateway.cli import options as given
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import fail, print_json, print_line, unusable
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.errors import MattergateError, Refused
from gateway.mattermost.fit import Limits
from gateway.model import JSON, Outcome, Request
from gateway.pipeline import sample, samplefile
from gateway.pipeline.attached import told
from gateway.pipeline.interpret import Wishes, interpret, payloads

BODY_MOST = 5_000_000
"""Bytes that a body may become when it is inflated."""


class Case(sample.SampleRequest, frozen=True):
    """One line of a batch: a request, the service that sent it, and `case`, which the answer repeats."""

    case: JSON = msgspec.UNSET
    service: str = GENERIC


@app.command(
    epilog=example(
        "mattergate render push.json -s github -H 'X-GitHub-Event: push'",
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
            help="Which service sent it. [default: that of the sample's folder, else generic]",
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

    The exit code is 1 when the request is refused or broken; of a batch, when a line is not a request.
    """
    folders = catalog.chosen(folder, config)
    if batch:
        if file is not None or service is not None or header:
            fail("--batch reads standard input, whose lines say what each request is: give it nothing else", 2)
        _batch(folders, payload=payload)
        return
    request, key = _request(file, _headers(header or ()))
    key = service or key
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
    """The request in a file or on standard input, with these headers, and the service that its path names."""
    if file is None or str(file) == "-":
        return Request(headers=headers, body=sys.stdin.buffer.read()), GENERIC
    if file.resolve().parent.parent.name == CALLBACK.folder:
        fail(f"{file} is a sample of a callback: `mattergate test` executes it, and the console has it under Try it", 2)
    try:
        if file.suffix not in {".yaml", ".yml"}:
            return Request(headers=headers, body=file.read_bytes()), GENERIC
        found = sample.as_request(samplefile.load(file).request)
    except (OSError, UnicodeDecodeError) as error:
        fail(unusable(file, error))
    except MattergateError as error:
        fail(error)
    above = file.resolve().parents
    return replace(found, headers={**found.headers, **headers}), above[1].name if len(above) > 1 else GENERIC


def _batch(folders: Sequence[Path], *, payload: bool) -> None:
    """Answer every line of standard input with one of standard output; the command fails when one is no request."""

    @cache
    def find(key: str) -> tuple[Service, bool]:
        known = catalog.require(folders, {key, GENERIC})
        found = known.service(key)
        return found or known.services[GENERIC], found is not None

    bad = 0
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
        service, known = find(case.service)
        answer = _answer(service, sample.as_request(case), payload=payload)
        if not known:
            why = f"the catalog has no service {case.service!r}, the generic translator speaks"
            answer["reason"] = f"{why}; {answer['reason']}" if answer["reason"] else why
        print_line(answer if case.case is msgspec.UNSET else {"case": case.case, **answer})
    if bad:
        raise typer.Exit(1)


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
