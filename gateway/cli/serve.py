"""`mattergate serve`: the gateway in this process, until a signal ends it."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import uvloop

from gateway import settings
from gateway.app import app as gateway_app
from gateway.app.systemd import supervised
from gateway.cli import app
from gateway.cli import options as given
from gateway.cli import settings as settings_file
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import fail
from gateway.errors import FaultyFilesError, JournalError
from gateway.observe import logs
from gateway.settings import Settings

_YOUNG = 10_000
"""Allocated objects that start a garbage collection. Nearly all objects are freed without one."""

_log = logs.get("settings")


@app.command(epilog=example("mattergate serve", "mattergate serve --config /etc/mattergate/mattergate.toml"))
def serve(config: given.Config = DEFAULT) -> None:
    """Run the gateway until SIGTERM or SIGINT; both stop it in order, and nothing accepted is lost.

    SIGHUP reads the settings file, its secrets and the catalog again: settings change whole or not at all, documents
    service by service. The log says what changed and what is wrong. POST /api/v1/reload at the admin listener does the
    same. Environment variables are those of the start.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to change, and once there is not
    try:
        known = settings_file.read(config)
        logs.configure(known.log.level, known.log.format, sys.stderr)
        uvloop.run(_serve(known, lambda: settings.load(config, os.environ)))
    except (FaultyFilesError, JournalError) as error:
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
    """Exclude catalog and metrics, which stay, from garbage collection.

    Without this, a full collection walks all of them, for tens of milliseconds in the middle of a request. A document
    that is replaced later needs no collector: compiled documents hold no reference cycles. This is called for each
    service that is compiled, and so has to cost the same whatever there is: to count what is frozen would walk it.
    """
    if gc.get_threshold()[0] != _YOUNG:  # the first time
        gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


async def _reload(running: gateway_app.App, again: asyncio.Event) -> None:
    """Reload the settings at each SIGHUP."""
    while True:
        await again.wait()
        again.clear()
        try:
            await running.reload()
        except FaultyFilesError:
            pass  # logged already, and the running settings stay
        except Exception as error:
            _log.error("settings not taken up: this is a fault of mattergate", exc_info=error)


def _cause(error: BaseException) -> BaseException:
    """The first error inside exception groups, into which a task group puts every error."""
    return _cause(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
