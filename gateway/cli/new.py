"""`mattergate new`: a service of your own, drafted from one request that it sent."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from gateway.catalog.scaffold import scaffold
from gateway.cli import app
from gateway.cli.common import fail, out


@app.command()
def new(
    service: Annotated[str, typer.Argument(help="The key of the service: a-z, 0-9 and -.")],
    source: Annotated[
        Path, typer.Option("--from", help="A request: a JSON body, or an object with `headers` and `body`.")
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
        fail(f"{service!r} is no key of a service: use a-z, 0-9 and -")
    try:
        request = json.loads(source.read_text("utf-8"))
    except (OSError, ValueError) as error:
        fail(f"{source}: {error}")
    if not isinstance(request, dict):
        fail(f"{source}: expected a JSON object")
    whole = isinstance(request.get("headers"), dict) and "body" in request
    headers, body = (request["headers"], request["body"]) if whole else ({}, request)
    body = json.loads(body) if isinstance(body, str) else body
    target = folder / service
    if target.exists():
        fail(f"{target} is there already; remove it or choose another name")
    for name, text in scaffold(service, headers, body).items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        out.print(f"wrote {path}", markup=False)
    out.print(
        f"now edit {target}/event.yaml, and run: mattergate test --catalog {folder} {service} --write", markup=False
    )
