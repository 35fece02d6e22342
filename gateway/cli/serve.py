"""`mattergate serve` and `mattergate check`."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from gateway import settings
from gateway.app import app as gateway_app
from gateway.app import ingress, senders
from gateway.app.systemd import supervised
from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.cli import app
from gateway.cli.common import err, fail, out
from gateway.errors import CatalogError, Fault, FaultyFilesError, JournalError, SettingsError
from gateway.mattermost.probe import Level
from gateway.observe import logs, tracing
from gateway.pipeline import route as routes
from gateway.settings import Settings

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="MATTERGATE_CONFIG", help="The settings file.", show_default=True)
]
DEFAULT = Path("mattergate.toml")

_YOUNG = 10_000
"""Objects made and not yet freed that start a collection. Nearly all are freed without one; each look at them costs."""

_log = logs.get("settings")


@app.command()
def serve(config: Config = DEFAULT) -> None:
    """Run the gateway until SIGTERM or SIGINT; both stop it in order, and nothing accepted is lost.

    SIGHUP takes up the settings file as it is then, with its secrets and the catalog, whole or not at all; the log says
    what changed or what is wrong. POST /api/v1/reload at the admin listener does the same. Environment variables are
    those of the start.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to change, and once there is not
    try:
        known = settings.load(config, os.environ)
        logs.configure(known.log.level, known.log.format, sys.stderr)
        uvloop.run(_serve(known, lambda: settings.load(config, os.environ)))
    except (SettingsError, CatalogError, JournalError) as error:
        fail(error)
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


async def _serve(known: Settings, read: Callable[[], Settings]) -> None:
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    async with gateway_app.running(known, read, _settle_memory) as running, supervised(os.environ):
        stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        reloading = asyncio.ensure_future(_reload(running, again))
        await asyncio.wait({stopped, running.failed}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        reloading.cancel()
        failed = running.failed.exception() if running.failed.done() else None
    if failed is not None:
        raise _cause(failed)


def _settle_memory() -> None:
    """Take what stays, catalog and metrics, out of the garbage collector's sight.

    Without this, a full collection walks all of it, tens of milliseconds long, in the middle of somebody's request. A
    document that is exchanged later needs no collector: what is compiled holds no circles.
    """
    if not gc.get_freeze_count():
        gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


async def _reload(running: gateway_app.App, again: asyncio.Event) -> None:
    """Take up the settings whenever SIGHUP asks for it."""
    while True:
        await again.wait()
        again.clear()
        try:
            await running.reload()
        except FaultyFilesError:
            pass  # told in the log, and what runs stays
        except Exception as error:
            _log.error("settings not taken up: this is a fault of mattergate", exc_info=error)


def _cause(error: BaseException) -> BaseException:
    """The first single error of a group of them, which is what a task group makes of any."""
    return _cause(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def reference_table() -> str:
    """Every setting as a Markdown table."""
    lines = ["| table | key | value | default | |", "|---|---|---|---|---|"]
    for row in settings.reference():
        default = f"`{row.default}`" if row.default and " " not in row.default else row.default
        lines.append(f"| `[{row.table}]` | `{row.key}` | {row.type} | {default} | {row.text} |")
    return "\n".join(lines)


@app.command()
def check(
    config: Config = DEFAULT,
    reference: Annotated[bool, typer.Option("--reference", help="List every setting instead, as Markdown.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the server of each destination whether it will work.")
    ] = False,
    post: Annotated[bool, typer.Option("--post", help="With --live: send one message to each destination.")] = False,
) -> None:
    """Check settings and catalog; every fault is listed with its place and remedy. Nothing is sent without --post."""
    if reference:
        out.print(reference_table(), markup=False)
        return
    faults: list[Fault] = []
    known = None
    try:
        known = settings.load(config, os.environ)
    except SettingsError as error:
        faults.extend(error.faults)
        known = error.partial
    services = Catalog(ingress.folders(known) if known else [files.builtin_folder()])
    for key in services.keys:
        services.service(key)
    faults.extend(services.all_faults())
    if known:
        faults.extend([*routes.faults(known), *routes.unknown_services(known, services.keys), *tracing.faults(known)])
    for fault in known.warnings if known else ():
        err.print(f"warning: {fault}", markup=False)
    if faults or known is None:
        for fault in faults:
            err.print(str(fault), markup=False)
        fail(f"{len(faults)} fault{'' if len(faults) == 1 else 's'}")
    out.print(f"{config}: {len(known.routes)} routes, {len(known.destinations)} destinations, no fault")
    if live or post:
        _check_live(known, post=post)


def _check_live(known: Settings, *, post: bool) -> None:
    """Print what is found about each destination; the command fails when one cannot work."""
    try:
        found = uvloop.run(senders.probe(known, post=post))
    except SettingsError as error:
        fail(error)
    for name, findings in found.items():
        for finding in findings:
            out.print(f"{name}: {finding.level}: {finding.text}", markup=False)
    broken = [name for name, findings in found.items() if any(f.level is Level.FAULT for f in findings)]
    if broken:
        fail(f"cannot work: {', '.join(broken)}")
