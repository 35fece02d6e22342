"""Everything up to the journal: routes, catalog and the public listener, put together from settings.

One Intake runs in every process that takes requests in: the core itself, or each of its workers.
"""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from gateway.errors import Fault, FaultyFilesError
from gateway.ingress import route as routes
from gateway.ingress.entry import Place, Places
from gateway.ingress.http import Ingress, Rules
from gateway.ingress.learned import Learned
from gateway.ingress.listener import Listener
from gateway.ingress.passthrough import Passthrough
from gateway.ingress.table import RouteTable
from gateway.journal import Appended, Entry
from gateway.mattermost.answers import open_session, unanswered
from gateway.metrics import Metrics
from gateway.settings import Settings
from gateway.translate import catalog
from gateway.translate.catalog import GENERIC, Catalog


class Intake:
    """Takes requests in. `prepare` reads what settings ask for, `commit` makes it so; `serve` listens, `close` ends."""

    def __init__(self, store: Callable[[Entry], Awaitable[Appended]], metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._prepared: tuple[Settings, Catalog] | None = None
        self._ingress: Ingress | None = None
        self._runner: web.ServerRunner | None = None
        self._session: ClientSession | None = None

    async def prepare(self, settings: Settings) -> Sequence[Fault]:
        """Load the catalog for these settings; every fault that forbids to use them, none when `commit` may follow."""
        try:
            known = await asyncio.to_thread(catalog.load, folders(settings), wanted(settings))
            if routes.faults(settings, known):  # told against the whole catalog, which knows the names that may be meant
                return routes.faults(settings, await asyncio.to_thread(catalog.load, folders(settings)))
        except FaultyFilesError as error:
            return error.faults
        self._prepared = settings, known
        return ()

    def commit(self) -> None:
        """Take requests by what was prepared last, from the next one on."""
        if self._prepared is None:
            return
        (settings, known), self._prepared = self._prepared, None
        rules = Rules(
            RouteTable(routes.build(settings, self._metrics), passthrough(settings, self._metrics)),
            known,
            places(settings),
            settings.server.read_timeout,
            settings.server.public_url,
        )
        for key in {route.service for route in settings.routes.values()}:
            self._metrics.expect_translators(key, [translator.name for translator in known.services[key].translators])
        if self._ingress is None:
            self._session = open_session()
            learned = Learned(journal_path(settings).with_suffix(".secrets"), self._fetch)
            self._ingress = Ingress(rules, self._store, self._metrics, learned)
        else:
            self._ingress.rules = rules
        _settle_memory()

    async def serve(self, listening: socket.socket, settings: Settings) -> None:
        """Answer what arrives at a socket that listens."""
        assert self._ingress is not None  # noqa: S101 - prepared and committed before
        server = settings.server
        listener = Listener(self._ingress, header_limit=server.header_limit)
        self._runner = web.ServerRunner(listener, shutdown_timeout=server.grace)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def close(self) -> None:
        """Stop accepting, and answer the requests under way."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, url: str) -> None:
        """Fetch the URL that confirms a handshake; OSError says why it could not be."""
        assert self._session is not None  # noqa: S101 - made with the ingress
        try:
            timeout = ClientTimeout(total=10)
            async with self._session.get(url, allow_redirects=False, timeout=timeout) as response:
                if response.status >= 300:
                    raise OSError(f"answered {response.status}")
        except ClientError as error:
            raise OSError(unanswered(error).reason) from error


def folders(settings: Settings) -> list[Path]:
    """The catalog folders: the built-in one, and the user's over it."""
    return [catalog.builtin_folder(), *map(Path, settings.catalog.folders)]


def wanted(settings: Settings) -> set[str] | None:
    """The services that requests can be for; None for all of the catalog: it takes half of the memory of a gateway."""
    through = settings.passthrough
    if through is not None and not through.services:
        return None
    return {route.service for route in settings.routes.values()} | set(through.services if through else ()) | {GENERIC}


def journal_path(settings: Settings) -> Path:
    """The file of the embedded journal."""
    return Path(settings.journal.url.removeprefix("sqlite:"))


def passthrough(settings: Settings, metrics: Metrics) -> Passthrough | None:
    """The pass-through hooks, when a server is set for them."""
    if settings.passthrough is None:
        return None
    return Passthrough(settings.passthrough.server, settings.passthrough.services, settings.server, metrics)


def places(settings: Settings) -> Places:
    """What the parcels of each destination have to say; a channel over REST knows its own."""
    return {
        name: Place(cards=True) if table.rest else Place(table.channel) for name, table in settings.destinations.items()
    }


def _settle_memory() -> None:
    """Take what was made so far, catalog and metrics, out of the garbage collector's sight: it stays.

    Without this, a full collection walks all of it, tens of milliseconds long, in the middle of somebody's request.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
