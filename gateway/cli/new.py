"""`mattergate new`: a service of your own, drafted from one request that it sent."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.catalog.scaffold import scaffold
from gateway.cli import app
from gateway.cli.options import example
from gateway.cli.output import fail, say, unusable
from gateway.model import JSON


@app.command(
    epilog=example(
        "mattergate new acme-orders --from request.json",
        "curl -s https://example.com/sample.json | mattergate new acme-orders --from -",
    )
)
def new(
    service: Annotated[str, typer.Argument(help="The key of the service: a-z, 0-9 and -.")],
    source: Annotated[
        Path,
        typer.Option(
            "--from", help="A request: a JSON body, or an object with `headers` and `body`; `-`: standard input."
        ),
    ],
    folder: Annotated[Path, typer.Option(help="Your catalog folder; the service becomes a folder in it.")] = Path(
        "schemas"
    ),
) -> None:
    """Draft a service from one request: its schema is inferred, a translator and a sample are written for you to edit.

    Then: put the folder into `[catalog] folders`, edit event.yaml, and watch
    `mattergate test --catalog schemas SERVICE --write`.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", service):
        fail(f"{service!r} is no key of a service: use a-z, 0-9 and -, not - first", 2)
    headers, body = _request(source)
    target = folder / service
    if target.exists():
        fail(f"{target} is there already; remove it or choose another name")
    for name, text in scaffold(service, headers, body).items():
        path = target / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            fail(unusable(path, error))
        say(f"wrote {path}")
    say(f"now edit {target / 'event.yaml'}, and run: mattergate test --catalog {folder} {service} --write")


def _request(source: Path) -> tuple[dict[str, str], dict[str, JSON]]:
    """Headers and body of the request in a file; one that cannot be drafted from ends the command."""
    try:
        text = sys.stdin.buffer.read().decode() if str(source) == "-" else source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(unusable(source, error))
    request = _json(text, f"{source}")
    if not isinstance(request, dict):
        fail(f"{source}: expected a JSON object, found {_kind(request)}")
    if not (isinstance(request.get("headers"), dict) and "body" in request):
        return {}, request
    body = request["body"]
    body = _json(body, f"{source}: body") if isinstance(body, str) else body
    if not isinstance(body, dict):
        fail(f"{source}: body: expected a JSON object, found {_kind(body)}")
    return {str(name): str(value) for name, value in request["headers"].items()}, body


def _json(text: str, where: str) -> JSON:
    try:
        return json.loads(text)
    except RecursionError:
        fail(f"{where}: it is nested too deeply")
    except ValueError as error:
        fail(f"{where}: it is not JSON ({error}); services are drafted from JSON bodies alone")


def _kind(value: JSON) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
