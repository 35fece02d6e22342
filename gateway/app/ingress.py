"""Everything from the public listener to the journal's door, put together from settings and catalog."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from gateway.catalog import catalog
from gateway.catalog.catalog import GENERIC, Catalog
from gateway.errors import SettingsError
from gateway.ingress.http import Ingress, Rules
from gateway.ingress.learned import Learned
from gateway.ingress.listener import Listener
from gateway.ingress.passthrough import Passthrough
from gateway.ingress.table import RouteTable
from gateway.journal import Appended, Entry, Secrets
from gateway.mattermost.answers import unanswered
from gateway.observe.metrics import Metrics
from gateway.observe.tracing import Tracer
from gateway.pipeline import route as routes
from gateway.pipeline.entry import DestinationTraits, Traits
from gateway.settings import Settings


class PublicSide:
    """Takes requests in by settings and a catalog that fit together; `adopt` exchanges both between two requests.

    `secrets` are those that `journal` holds: what services told routes in handshakes.
    """

    def __init__(
        self,
        settings: Settings,
        known: Catalog,
        store: Callable[[Entry], Awaitable[Appended]],
        metrics: Metrics,
        tracer: Tracer,
        session: ClientSession,
        journal: Secrets,
        secrets: Mapping[str, str],
    ) -> None:
        self._metrics = metrics
        self._session = session
        learned = Learned(journal, secrets, self._fetch)
        self._ingress = Ingress(self._rules(settings, known), store, metrics, learned, tracer)

    @property
    def rules(self) -> Rules:
        """What requests are taken in by now."""
        return self._ingress.rules

    def adopt(self, settings: Settings, known: Catalog) -> None:
        """Take requests in by these from the next one on. Series of routes that are gone end."""
        for name, service in list(self._metrics.routes.items()):
            if not _takes(settings, name, service):
                self._metrics.forget(route=name)
        self._ingress.adopt(self._rules(settings, known))

    def listener(self, settings: Settings) -> web.BaseRunner:
        """What answers at the public listener; it waits as long as the grace for requests under way when it ends."""
        server = settings.server
        return web.ServerRunner(
            Listener(self._ingress, header_limit=server.header_limit), shutdown_timeout=server.grace
        )

    def _rules(self, settings: Settings, known: Catalog) -> Rules:
        table = RouteTable(routes.build(settings, self._metrics), passthrough(settings, self._metrics))
        for key in {route.service for route in settings.routes.values()}:
            self._metrics.expect_translators(key, [translator.name for translator in known.services[key].translators])
        return Rules(table, known, traits(settings), settings.server)

    async def _fetch(self, url: str) -> None:
        """Fetch the URL that confirms a handshake; OSError says why it could not be."""
        try:
            timeout = ClientTimeout(total=10)
            async with self._session.get(url, allow_redirects=False, timeout=timeout) as response:
                if response.status >= 300:
                    raise OSError(f"answered {response.status}")
        except ClientError as error:
            raise OSError(unanswered(error).reason) from error


def load(settings: Settings) -> Catalog:
    """The catalog that requests need under these settings. Raises CatalogError, SettingsError with every fault."""
    known = catalog.load(folders(settings), wanted(settings))
    if routes.faults(settings, known):  # told against the whole catalog, which knows the names that may be meant
        raise SettingsError(routes.faults(settings, catalog.load(folders(settings))))
    return known


def folders(settings: Settings) -> list[Path]:
    """The catalog folders: the built-in one, and the user's over it."""
    return [catalog.builtin_folder(), *map(Path, settings.catalog.folders)]


def wanted(settings: Settings) -> set[str] | None:
    """The services that requests can be for; None for all of the catalog: it takes half of the memory of a gateway."""
    through = settings.passthrough
    if through is not None and not through.services:
        return None
    return {route.service for route in settings.routes.values()} | set(through.services if through else ()) | {GENERIC}


def passthrough(settings: Settings, metrics: Metrics) -> Passthrough | None:
    """The pass-through hooks, when a server is set for them."""
    if settings.passthrough is None:
        return None
    return Passthrough(settings.passthrough.services, settings.server, metrics)


def _takes(settings: Settings, name: str, service: str) -> bool:
    """Whether there is a route of this name for this service, configured or passing through."""
    if name in settings.routes:
        return settings.routes[name].service == service
    through = settings.passthrough
    return through is not None and (not through.services or service in through.services)


def traits(settings: Settings) -> Traits:
    """What the parcels of each destination have to say; a channel over REST knows its own."""
    return {
        name: DestinationTraits(cards=True) if table.rest else DestinationTraits(table.channel)
        for name, table in settings.destinations.items()
    }
