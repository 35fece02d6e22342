"""`mattergate check`: every fault of settings and catalog, and whether the destinations will work."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
import uvloop
from msgspec import Struct

from gateway import settings
from gateway.app import closely, senders
from gateway.app.closely import Findings
from gateway.app.live_callbacks import probe_callbacks
from gateway.callbacks import fit
from gateway.callbacks import samplefile as callback_samples
from gateway.callbacks.document import CALLBACK, callbacks
from gateway.catalog import files, yamlfile
from gateway.catalog.catalog import Catalog
from gateway.catalog.kinds import SERVICE
from gateway.catalog.service import Service
from gateway.cli import app, catalog
from gateway.cli import options as given
from gateway.cli import settings as settings_file
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Format, fail, fault_line, plural, print_values, say, warn, working
from gateway.errors import Fault, SettingsError
from gateway.mattermost.probe import Finding as Said
from gateway.mattermost.probe import Level
from gateway.observe import tracing
from gateway.pipeline import filters, samplefile
from gateway.pipeline import route as routes
from gateway.pipeline.unsampled import (
    ALIKE,
    ALIKE_REMEDY,
    ID_REMEDY,
    IDLE_REMEDY,
    NAME_REMEDY,
    NO_ID,
    NO_NAME,
    unidentified,
    unnamed,
    unsampled,
    unused,
)
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.reader import ADMIN_TOKEN

WARNING: Final = "warning"

_UNTRIED: Final = "no sample shows what becomes of this callback"
_TRY_IT: Final = "write what Mattermost sends and the service answers into callbacks/samples/NAME.yaml of the service"


class Finding(Struct, frozen=True):
    """One line of `check`: a fault, a warning, or what the server of a destination said ("ok", "warning", "fault").

    `line` counts from 1, 0 where none is known. A finding about a destination has no file; `where` is its name.
    """

    level: str
    file: str
    line: int
    where: str
    problem: str
    remedy: str = ""


@app.command(
    epilog=example(
        "mattergate check", "mattergate check --live", "mattergate check -o jsonl | jq -r .file | sort | uniq -c"
    )
)
def check(
    config: given.Config = DEFAULT,
    reference: Annotated[bool, typer.Option("--reference", help="List every setting instead, as Markdown.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the servers whether destinations, callbacks and bots will work.")
    ] = False,
    post: Annotated[bool, typer.Option("--post", help="As --live, and send one message to each destination.")] = False,
    output: given.Output = Format.TABLE,
) -> None:
    """Check settings and catalog; every fault is listed with its place and remedy. Nothing is sent without --post."""
    if reference:
        say(reference_table())
        return
    known, faults = _settings_and_faults(config)
    warnings = [*known.warnings] if known else []
    with working("reading the catalog"):
        more, services = _of_catalog(known) if known else (Findings(), {})
    faults += more.faults
    warnings += more.warnings
    found = [_finding(WARNING, fault) for fault in warnings]
    found += [_finding(Level.FAULT, fault) for fault in faults]
    if known is not None and not faults and (live or post):
        with working("asking the servers"):
            found += _probe(known, services, post=post)
    if output is not Format.TABLE:
        print_values(found, output)
    else:
        for one in found:
            (warn if one.file and one.level == WARNING else say)(_line(one))
    wrong = sum(one.level == Level.FAULT for one in found)
    if wrong or known is None:
        fail(plural(wrong, "fault"))
    if output is Format.TABLE:
        held = f"{plural(len(known.routes), 'route')}, {plural(len(known.destinations), 'destination')}"
        say(f"{config}: {held}, no fault")


def reference_table() -> str:
    """Every setting as a Markdown table."""
    lines = ["| table | key | value | default | |", "|---|---|---|---|---|"]
    for row in settings.reference():
        default = f"`{row.default}`" if row.default and " " not in row.default else row.default
        lines.append(f"| `[{row.table}]` | `{row.key}` | {row.type} | {default} | {row.text} |")
    return "\n".join(lines)


def _settings_and_faults(config: Path) -> tuple[Settings | None, list[Fault]]:
    """The settings, as far as they could be read, and what is wrong with them."""
    try:
        return settings_file.read(config), []
    except SettingsError as error:
        return error.partial, list(error.faults)


def _of_catalog(known: Settings) -> tuple[Findings, Mapping[str, Service]]:
    """What is wrong with the documents, and where settings and catalog do not fit; and the services that both use."""
    folders = catalog.folders(known.catalog.folders)
    services = Catalog(folders)
    found = closely.read_all(folders, sorted(services.keys))
    found.faults = [*services.folder_faults, *found.faults, *services.fragment_faults()]
    found.faults += [*services.close_fragment_faults(), *(fault for _, fault in files.misnamed_samples(folders))]
    found.faults = list(dict.fromkeys(found.faults))
    found.faults += [*routes.unknown_services(known, services.keys), *routes.faults(known), *tracing.faults(known)]
    compiled = {key: one for key in sorted(_in_use(known, services, folders)) if (one := services.service(key))}
    usable = {key: one for key, one in compiled.items() if key not in services.faults}
    found.faults += [*fit.unknown_services(known, services.keys), *fit.faults(known, usable)]
    found.add(_of_samples(compiled, folders))
    found.add(_of_callback_samples(compiled, folders))
    found.warnings += [*filters.unknown(known, compiled), *fit.warnings(known, usable)]
    return found, usable


def _in_use(known: Settings, services: Catalog, folders: Sequence[Path]) -> set[str]:
    """The services that routes and callbacks use, and those that have documents of the user's."""
    routes_use, tables_use = ({one.service for one in those.values()} for those in (known.routes, known.callbacks))
    own = {path.name for folder in folders[1:] if folder.is_dir() for path in folder.iterdir()}
    return (routes_use | tables_use | own) & services.keys


def _of_samples(services: Mapping[str, Service], folders: Sequence[Path]) -> Findings:
    """Files of the user that are no samples, and what of the user's documents no sample reaches, or confuses.

    Those that are built in are tested already.
    """
    built_in = folders[0]
    every = [one for service in services.values() for one in service.translators]
    own = [one for one in every if not Path(one.file).is_relative_to(built_in)]
    keys = {one.name.partition("/")[0] for one in own}
    paths = [one for one in files.samples(folders) if one[0] in keys or not one[1].is_relative_to(built_in)]
    reached = samplefile.reached(services, paths)
    found = [(one.translator.file, ("events", one.index), one.problem, one.remedy) for one in unsampled(own, reached)]
    those = [services[key] for key in sorted(keys)]
    ids = [(one.documents[SERVICE].file, ("delivery_id",), NO_ID, ID_REMEDY) for one in unidentified(those, reached)]
    described = [(key, services[key].documents[SERVICE].file) for key in sorted(reached.alike)]
    ids += [
        (file, ("delivery_id",), ALIKE.format(*reached.alike[key]), ALIKE_REMEDY)
        for key, file in described
        if not Path(file).is_relative_to(built_in)
    ]
    steps = [
        (
            one.documents[SERVICE].file,
            ("unwrap", idle.number),
            f"`{idle.step}` did nothing in any sample: {idle.why}",
            IDLE_REMEDY,
        )
        for one, idle in unused(those, reached)
    ]
    names = [(one.documents[SERVICE].file, ("event",), NO_NAME, NAME_REMEDY) for one in unnamed(those, reached)]
    warnings = [
        yamlfile.fault(file, files.read(Path(file)), place, problem, remedy)
        for file, place, problem, remedy in [*found, *names, *ids, *steps]
    ]
    return Findings([*reached.faults], warnings)


def _of_callback_samples(services: Mapping[str, Service], folders: Sequence[Path]) -> Findings:
    """Files of the user that are no samples of callbacks, and callbacks of the user that have none."""
    built_in = folders[0]
    own = [one for service in services.values() for one in callbacks(service).values()]
    own = [one for one in own if not Path(one.file).is_relative_to(built_in)]
    keys = {one.name.partition("/")[0] for one in own}
    every = files.samples(folders, CALLBACK.folder)
    sampled, faults = callback_samples.named(
        one for one in every if one[0] in keys or not one[1].is_relative_to(built_in)
    )
    warnings = [
        yamlfile.fault(one.file, files.read(Path(one.file)), ("title",), _UNTRIED, _TRY_IT)
        for one in own
        if one.name not in sampled
    ]
    return Findings(faults, warnings)


def _probe(known: Settings, services: Mapping[str, Service], *, post: bool) -> list[Finding]:
    """What the servers say about each destination, bot and table of callbacks."""
    admin = os.environ.get(ADMIN_TOKEN, "").strip()

    async def ask() -> dict[str, list[Said]]:
        said = await senders.probe(known, post=post)
        return said | await probe_callbacks(known, services, Secret(admin) if admin else None)

    try:
        found = uvloop.run(ask())
    except SettingsError as error:
        return [_finding(Level.FAULT, fault) for fault in error.faults]
    return [Finding(one.level, "", 0, name, one.text) for name, those in found.items() for one in those]


def _finding(level: str, fault: Fault) -> Finding:
    return Finding(level, fault.file, fault.line, fault.where, fault.problem, fault.remedy)


def _line(found: Finding) -> str:
    """A finding in one line; a warning about a file says that it is one."""
    if not found.file:
        return f"{found.where}: {found.level}: {found.problem}"
    line = fault_line(Fault(found.file, found.line, found.where, found.problem, found.remedy))
    return f"warning: {line}" if found.level == WARNING else line
