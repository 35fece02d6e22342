"""A configured route as ingress uses it: its settings, its service, and its verification schemes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy

from gateway.catalog.service import Service
from gateway.errors import Fault
from gateway.model import CardMode
from gateway.pipeline.brevity import Verbosity
from gateway.pipeline.interpret import Wishes
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.lines import Place, Report, meant, shown
from gateway.settings.routes import RouteSettings, is_template
from gateway.verify import verify


class Route:
    """One inbound URL. It names its service by key; ingress looks that up for each request, so that a reload applies.

    `address` is the credential of a pass-through URL, "" for a route of the settings. With `buttons` its messages may
    have some.
    """

    def __init__(self, settings: RouteSettings, server_limit: int, depth: int, *, buttons: bool = False) -> None:
        self.name = settings.name
        self.service_key = settings.service
        self.address = ""
        self.destinations: Sequence[str] = settings.destinations
        self.secrets: Sequence[Secret] = settings.secrets
        self.open = settings.allow_unsigned and not settings.secrets
        self.body_limit = settings.body_limit or server_limit
        self.duplicate_window = settings.duplicate_window
        self.own_schemes = verify.parse_schemes(settings.verify) if settings.verify else ()
        self.fetches_keys = verify.fetches(self.own_schemes)
        self.wishes = wishes_of(settings, depth, buttons=buttons)

    def __repr__(self) -> str:
        return f"<Route {self.name}>"

    def at(self, address: str) -> "Route":
        """A copy of the route for one address inside its destination: the hook of a pass-through URL."""
        twin = copy(self)
        twin.address = address
        return twin

    def schemes(self, service: Service) -> Sequence[verify.Scheme]:
        """The verification schemes, of which an authentic request satisfies one."""
        return self.own_schemes or service.verify


def wishes_of(settings: RouteSettings, depth: int, *, buttons: bool = False) -> Wishes:
    """What the settings of a route want of its messages. Those with `buttons` need the phase."""
    chosen = is_template(settings.channel or "")
    return Wishes(
        only=settings.only,
        ignore=settings.ignore,
        when=settings.when or "",
        muted_until=settings.mute_until or 0.0,
        verbosity=Verbosity(settings.verbosity),
        strict=settings.strict,
        mentions=settings.mentions,
        channel=None if chosen else settings.channel,
        channel_template=settings.channel or "" if chosen else "",
        channels=settings.channels,
        username=settings.username,
        icon_url=settings.icon_url,
        icon_emoji=settings.icon_emoji,
        priority=settings.priority,
        requested_ack=settings.requested_ack,
        persistent_notifications=settings.persistent_notifications,
        silent=settings.silent,
        card=CardMode(settings.card) if settings.card else None,
        buttons=buttons,
        depth=depth,
        route=settings.name,
    )


def faults(settings: Settings) -> list[Fault]:
    """The faults in the verification and the rules of the routes: missing secrets, invalid schemes and templates."""
    return [fault for route in settings.routes.values() for fault in _faults(route, settings.source)]


def unknown_services(settings: Settings, keys: Collection[str]) -> list[Fault]:
    """A fault for each service of a route or of pass-through that is not among `keys`, those of the catalog."""
    through = settings.passthrough.services if settings.passthrough is not None else ()
    asked: list[tuple[Place, str]] = [
        (("routes", route.name, "service"), route.service) for route in settings.routes.values()
    ]
    asked += [(("passthrough", "services", index), service) for index, service in enumerate(through)]
    return [
        settings.source.fault(place, f"the catalog has no service {service!r}", meant(service, tuple(sorted(keys))))
        for place, service in asked
        if service not in keys
    ]


def build(settings: Settings) -> Mapping[str, Route]:
    """The routes of settings without `faults`. The messages of those that any table reaches may have buttons."""
    server = settings.server
    tables = settings.callbacks.values()
    return {
        name: Route(route, server.body_limit, server.depth_limit, buttons=any(table.reaches(name) for table in tables))
        for name, route in settings.routes.items()
    }


def _faults(route: RouteSettings, source: Report) -> Iterator[Fault]:
    place = ("routes", route.name)
    secrets_at = shown((*place, "secrets"))
    unread = any(fault.where.startswith(secrets_at) for fault in source.faults)  # reported already
    if not route.secrets and not route.allow_unsigned and not unread:
        remedy = "set secrets_env, or allow_unsigned = true where the network is trusted"
        yield source.fault(place, "anyone could post here: the route has no secret", remedy)
    for index, problem in verify.read_schemes(route.verify)[1]:
        yield source.fault((*place, "verify", index), problem)
    rules = wishes_of(route, 1).rules
    for key, problem in rules.faults if rules else ():
        yield source.fault((*place, key), problem, "`mattergate functions` lists what it may call")
