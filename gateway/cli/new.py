"""`mattergate new`: a service of your own, or an event of one that is there, drafted from requests that were sent."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway import settings as all_settings
from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.catalog.draft import Draft, added, draft
from gateway.catalog.draft_spelling import Spelling
from gateway.catalog.generic import GENERIC
from gateway.catalog.service import Service
from gateway.cli import app, catalog, journal, offline
from gateway.cli import capture as capturing
from gateway.cli import options as given
from gateway.cli.offline import OfflineGateway
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import fail, fault_line, plural, say, unusable, warn
from gateway.console import lookup
from gateway.console.lookup import Stored
from gateway.errors import MattergateError, Refused, SettingsError
from gateway.model import Request
from gateway.pipeline import drafted_sample, recorded

LARGEST: Final = 50_000_000
"""Bytes of the largest file of requests: a HAR of a whole visit."""


@app.command(
    epilog=example(
        "mattergate new acme --from request.json",
        "mattergate new acme --from recorded/ --secret-env ACME_SECRET",
        "mattergate new acme --from traffic.har --from more.http --docs https://acme.example/webhooks",
        "pbpaste | mattergate new acme --from -",
        "mattergate new acme --capture --secret-env ACME_SECRET",
        "mattergate new github --from sponsorship.json",
        "mattergate new --from recorded/",
        "mattergate new --event 019a7c3d11",
    )
)
def new(
    service: Annotated[
        str | None,
        typer.Argument(help="The key of the service: a-z, 0-9 and -. [default: the one that is recognised]"),
    ] = None,
    source: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="A file with requests, or a folder of them; `-`: standard input. May be repeated.",
        ),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Your catalog folder; the service becomes a folder in it.")] = Path(
        "schemas"
    ),
    secret_env: Annotated[
        str,
        typer.Option(help="The environment variable with the secret of the sender: its signatures are tried with it."),
    ] = "",
    docs: Annotated[str, typer.Option(help="The vendor's page about its webhooks.")] = "",
    capture: Annotated[
        bool, typer.Option("--capture", help="Let the running gateway keep what is sent to a URL, and draft from that.")
    ] = False,
    event: Annotated[
        list[str] | None,
        typer.Option(help="An event of the journal, by (the start of) its id. May be repeated."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=10, help="With --capture: draft after so many requests.")] = 10,
    config: given.Config = DEFAULT,
) -> None:
    """Draft a service from requests that it sent: documents and samples that hold, for you to edit.

    A file holds JSON (a body; an object with `headers` and `body`; a list or lines of these), HAR, raw HTTP, curl
    commands, or the bare body of a request: JSON, XML, a form, text. Give several requests: events that are told
    alike get one translator, what differs between them names events and deliveries, and an id that comes again is
    what they are about. What a message can do without is optional; each request is a sample, or a line says why not.
    Without a key, it is the service of the event, else the sender is recognised over all of the catalog.

    With --capture, point the sender at the URL that is shown. A service that is there, built in or yours, gets the
    events that it lacks; no file that exists is changed. Credentials are masked in
    what is written. With --secret-env the ways to sign are tried until one fits; without, the likeliest is written
    and said to be unproven.
    """
    _check(service, docs, (capture, bool(source), bool(event)))
    secret = _secret(secret_env)
    requests, text, sender = _sent(source, event, config, count)
    service = service or sender or _recognised(requests, folder)
    known = _existing(service, folder)
    try:
        if known is None:
            made = draft(service, requests, secret=secret, docs=docs, text=text)
        else:
            made = added(known, requests, _taken(known), secret=secret)
    except ValueError as error:
        fail(str(error))
    _write(folder, service, made, Spelling(service, text))
    for note in made.notes:
        warn(note)
    _next_steps(folder, service, made, config, is_new=known is None)


def _check(service: str | None, docs: str, sources: Sequence[bool]) -> None:
    """Fail unless the options make sense; `sources` says which of those of requests are given."""
    if service is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", service):
        fail(f"{service!r} is no key of a service: use a-z, 0-9 and -, not - first", 2)
    if sum(sources) != 1:
        fail("say where the requests come from: --from FILE (or a folder, or -), --event ID, or --capture", 2)
    if docs and not docs.startswith(("http://", "https://")):
        fail("--docs is the URL of a page, with https://", 2)


def _secret(variable: str) -> str:
    if not variable:
        return ""
    return os.environ.get(variable) or fail(f"--secret-env: the environment has no {variable}, or it is empty", 2)


def _sent(
    sources: Sequence[Path] | None, events: Sequence[str] | None, config: Path, count: int
) -> tuple[list[Request], str, str]:
    """The requests of files, of the journal or of a capture, the text of files, the service of events ("": unknown)."""
    if sources:
        return *_requests(sources), ""
    if events:
        stored = _stored(events, config)
        service = stored[0].event.service
        return [one.request() for one in stored], "", "" if service == GENERIC else service
    return capturing.requests(config, count), "", ""


def _stored(events: Sequence[str], config: Path) -> list[Stored]:
    """Events of the journal; one without a request ends the command."""

    async def look(gateway: OfflineGateway) -> list[Stored]:
        return [await lookup.load(gateway, await journal.complete(gateway.journal, one)) for one in events]

    try:
        return offline.run(config, look)
    except Refused as refused:
        return fail(refused.detail or refused.title)


def _requests(sources: Sequence[Path]) -> tuple[list[Request], str]:
    """The requests in files and folders, and all of their text; what cannot be read ends the command."""
    found: list[Request] = []
    texts: list[str] = []
    for source in sources:
        try:
            for name, data in _contents(source):
                texts.append(data.decode("utf-8", "replace"))
                try:
                    found += recorded.requests(data)
                except ValueError as error:
                    fail(f"{name}: {error}")
        except OSError as error:
            fail(unusable(source, error))
    return found or fail("there are no files in that folder"), "\n".join(texts)


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of a file, of each file of a folder, or of standard input. Raises OSError."""
    if str(source) == "-":
        yield "-", sys.stdin.buffer.read()
        return
    paths = sorted(path for path in source.iterdir() if path.is_file()) if source.is_dir() else [source]
    for path in paths:
        if path.name.startswith("."):
            continue
        if path.stat().st_size > LARGEST:
            fail(f"{path}: it has more than {LARGEST:,} bytes; divide it")
        yield str(path), path.read_bytes()


def _recognised(requests: Sequence[Request], folder: Path) -> str:
    """The key of the service that sent the first request which tells; where none does, the command ends."""
    known = Catalog(_with(folder))
    for request in requests:
        if found := catalog.recognised(known, request):
            say(f"recognised as {found.service}: {'; '.join(found.reasons)}")
            return found.service
    return fail(
        "no service of the catalog is recognised in this: say the key of a new one, as in `mattergate new acme`", 2
    )


def _with(folder: Path) -> list[Path]:
    """The folders of the built-in catalog with the user's, if it is there."""
    return catalog.folders([folder] if folder.is_dir() else ())


def _existing(key: str, folder: Path) -> Service | None:
    """The service of this key in the built-in catalog or in the folder; its faults end the command."""
    folders = _with(folder)
    if key not in Catalog(folders).keys:
        return None
    return catalog.require(folders, {key}).service(key)


def _taken(known: Service) -> list[str]:
    return list(known.documents)


def _write(folder: Path, key: str, made: Draft, spelling: Spelling) -> None:
    """Write documents and samples; a file that is there is never written over."""
    target = folder / key
    for name, text in made.documents.items():
        _create(target / name, text)
    folders = catalog.folders([folder])
    found, faults = catalog.load(folders, {key})
    for fault in faults:
        warn(fault_line(fault))
    written = found.service(key)
    if faults or written is None:
        fail("the draft has faults, which is a fault of mattergate: please report it; no samples are written")
    there = {path.stem for service, path in files.samples(folders) if service == key}
    for stem, request in made.samples.items():
        free = next(name for name in _names(stem) if name not in there)
        there.add(free)
        try:
            sample = drafted_sample.text(written, request, made.proof, spelling.header)
            _create(target / "samples" / f"{free}.yaml", sample)
        except MattergateError as error:
            warn(f"no sample {free}: {error}")


def _names(stem: str) -> Iterator[str]:
    yield stem
    for number in range(2, 10_000):
        yield f"{stem}_{number}"


def _create(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        fail(unusable(path, error))
    say(f"wrote {path}")


def _next_steps(folder: Path, key: str, made: Draft, config: Path, *, is_new: bool) -> None:
    """Say in four lines what to do."""
    events, target = plural(len(made.events), "event"), folder / key
    say(f"\n1. read and edit {target} ({events}); what comes out: mattergate test --catalog {folder} {key}")
    if _is_configured(config, folder):
        say(f"2. {folder} is a catalog folder of {config}: a gateway that runs takes up each edit")
    else:
        say(f'2. let the gateway use it: [catalog] folders = ["{folder}"] in {config}, then reload it')
    if is_new:
        say(f'3. add a route: [routes.{key}] service = "{key}", destinations = [...], secrets_env = [...]')
    else:
        say(f"3. routes of {key} that are there tell the new events from then on")
    say("4. all that a document can say, with examples: schemas/README.md")


def _is_configured(config: Path, folder: Path) -> bool:
    """Whether the settings name this catalog folder; False where there are no settings that can be read."""
    if not config.exists():
        return False
    try:
        known = all_settings.load(config, dict(os.environ))
    except (SettingsError, OSError):
        return False
    return folder.resolve() in {Path(one).resolve() for one in known.catalog.folders}
