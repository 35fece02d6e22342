"""`mattergate render`: what a request becomes, without a server and without Mattermost."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway.catalog.generic import GENERIC
from gateway.catalog.service import Service
from gateway.cli import app
from gateway.cli.common import Folders, fail, load_catalog, out
from gateway.errors import MattergateError, Refused
from gateway.model import JSON, Outcome
from gateway.pipeline import sample


@app.command()
def render(
    file: Annotated[
        Path | None, typer.Argument(help="A body, or a sample (.yaml); `-` or nothing reads standard input.")
    ] = None,
    service: Annotated[str, typer.Option("--service", "-s", help="Which service sent it.")] = GENERIC,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="As curl's: 'X-GitHub-Event: push'.")
    ] = None,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="JSON lines in (case, service, method, headers, query, body), JSON lines out."),
    ] = False,
    catalog: Folders = None,
) -> None:
    """Show the message that a request becomes.

    For example: `mattergate render push.json -s github -H 'X-GitHub-Event: push'`
    """

    @cache
    def find(key: str) -> Service:
        known = load_catalog(catalog, {key, GENERIC})
        return known.service(key) or known.services[GENERIC]

    if batch:
        for line in sys.stdin.buffer:
            if line.strip():
                sys.stdout.write(msgspec.json.encode(_answer(find, msgspec.json.decode(line))).decode() + "\n")
        return
    try:
        if file is not None and file.suffix in {".yaml", ".yml"}:
            request = sample.load(file).request
            service = file.resolve().parents[1].name if service == GENERIC else service
        else:
            body = sys.stdin.read() if file is None or str(file) == "-" else file.read_text("utf-8")
            pairs = (text.partition(":") for text in header or ())
            request = sample.SampleRequest(headers={name.strip(): value.strip() for name, _, value in pairs}, body=body)
    except (OSError, MattergateError) as error:
        fail(error)
    answer = _answer(find, {"service": service, **msgspec.to_builtins(request)})
    out.print_json(msgspec.json.encode(answer).decode())
    if answer["outcome"] in {Outcome.REFUSED, Outcome.BROKEN}:
        raise typer.Exit(1)


def _answer(find: Callable[[str], Service], case: dict[str, JSON]) -> dict[str, JSON]:
    named = {"case": case["case"]} if "case" in case else {}
    service = find(case.get("service", GENERIC))
    request = msgspec.convert(
        {key: case[key] for key in ("method", "headers", "query", "body") if key in case}, sample.SampleRequest
    )
    try:
        reading = sample.read(service, sample.as_request(request))
    except Refused as refused:
        return {**named, "outcome": Outcome.REFUSED, "messages": [], "reason": str(refused)}
    return {
        **named,
        "outcome": reading.outcome,
        "event": reading.name,
        "translator": reading.translator,
        "subject": reading.subject,
        "reason": reading.reason,
        "messages": [message for piece in reading.pieces for message in piece.messages],
    }
