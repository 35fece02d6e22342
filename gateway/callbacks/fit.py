"""Whether the tables of callbacks fit the catalog: which callbacks are alive, what these need, and what is missing.

Pure. What the settings can tell by themselves is told when they are read.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from gateway.callbacks.document import CallbackShape, callbacks
from gateway.callbacks.given import SETTINGS, named
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.card import CardShape
from gateway.catalog.everywhere import EverywhereShape
from gateway.catalog.service import Service
from gateway.catalog.translator import Translator
from gateway.errors import Fault
from gateway.settings import Settings
from gateway.settings.callbacks import CallbackSettings
from gateway.settings.lines import Place, meant, shown

_URL: Final = "url"
_CALLED: Final = frozenset({Occasion.OUTGOING, Occasion.COMMAND})
"""The occasions at which Mattermost proves itself by a token."""
_CLICKED: Final = frozenset({Occasion.ACTION, Occasion.DIALOG})
"""The occasions for which the gateway names a URL of its own."""

Alive = Mapping[str, CallbackShape]


def alive(table: CallbackSettings, service: Service) -> dict[str, CallbackShape]:
    """The callbacks that a table brings to life, by the names of their documents."""
    return {name: one for name, one in callbacks(service).items() if not table.only or name in table.only}


def answering(shapes: Alive, occasion: Occasion) -> dict[str, CallbackShape]:
    """Those of the callbacks that answer an occasion."""
    return {name: one for name, one in shapes.items() if occasion in one.answers}


def needed_settings(shape: CallbackShape) -> frozenset[str]:
    """The settings without which a callback has no URL to send its request to: they stand in it, and have no default.

    What else the document names may be given, or not.
    """
    request = shape.raw.get("request", {})
    inside = {key for _, key in named(request.get(_URL, ""), SETTINGS) if key}
    return frozenset(key for key in inside if shape.settings.get(key) is None)


def unknown_services(settings: Settings, keys: Collection[str]) -> list[Fault]:
    """A fault for each service of a table that is not among `keys`, those of the catalog."""
    return [
        settings.source.fault(
            ("callbacks", table.name, "service"),
            f"the catalog has no service {table.service!r}",
            meant(table.service, tuple(sorted(keys))),
        )
        for table in settings.callbacks.values()
        if table.service not in keys
    ]


def faults(settings: Settings, services: Mapping[str, Service]) -> list[Fault]:
    """Where tables of callbacks do not fit their services: those cannot work.

    `services` are those that could be compiled, by key; tables of others are left out.
    """
    return [
        fault
        for table in settings.callbacks.values()
        if (service := services.get(table.service)) is not None
        for fault in _Fitting(settings, table, service, services).faults()
    ]


def warnings(settings: Settings, services: Mapping[str, Service]) -> list[Fault]:
    """What works in part only: callbacks that cannot be reached at one of their occasions."""
    return [
        fault
        for table in settings.callbacks.values()
        if (service := services.get(table.service)) is not None
        for fault in _Fitting(settings, table, service, services).warnings()
    ]


class _Fitting:
    """One table and its service; `services` are those whose documents may have buttons for it."""

    def __init__(
        self, settings: Settings, table: CallbackSettings, service: Service, services: Mapping[str, Service]
    ) -> None:
        self._settings = settings
        self._table = table
        self._service = service
        self._known = callbacks(service)
        self._alive = alive(table, service)
        self._services = services

    def faults(self) -> Iterator[Fault]:
        if not self._known:
            remedy = f"write one: {self._service.key}/callbacks/NAME.yaml, or take another service"
            yield self._fault(("service",), f"the service {self._service.key} has no callbacks", remedy)
            return
        for index, name in enumerate(self._table.only):
            if name not in self._known:
                problem = f"the service {self._service.key} has no callback {name!r}"
                yield self._fault(("only", index), problem, meant(name, tuple(self._known)))
        yield from self._of_settings()
        yield from self._of_url()
        yield from self._of_secrets()
        yield from self._of_occasions()

    def warnings(self) -> Iterator[Fault]:
        deaf = [one for one in self._untold() if _CLICKED & set(one.answers)]
        if deaf:
            problem = (
                f"nothing proves that Mattermost calls, so that webhooks and commands of {_names(deaf)} are refused"
            )
            yield self._fault(("tokens",), problem, _TOKENS)
        if not self._table.bot and not self._table.allow:
            yield from self._of_buttons()
        yield from self._of_late_answers()

    def _of_late_answers(self) -> Iterator[Fault]:
        """Services may take longer than Mattermost waits: nothing carries their answers then."""
        asking = {name: one for name, one in self._alive.items() if one.asks}
        commands = answering(asking, Occasion.COMMAND)
        if commands and not self._table.server:
            problem = (
                f"answers of {_names([*commands.values()])} that take long are lost: no server is named to take them"
            )
            yield self._fault((), problem, 'write server = "https://chat.example.com", or name a `bot`')
        called = answering(asking, Occasion.OUTGOING)
        if called and not self._table.bot and not self._table.destination:
            problem = f"answers of {_names([*called.values()])} that take long are lost: nobody is named to post them"
            yield self._fault((), problem, f"{_BOT}, or a `destination`")

    def _of_buttons(self) -> Iterator[Fault]:
        """Buttons of documents that not everybody may press, where nobody can be asked who may."""
        asking: dict[str, str] = {}
        owners: list[Translator | CardShape | EverywhereShape] = []
        for one in self._services.values():
            owners += [*one.translators, *one.cards.values(), *one.everywhere]
        for owner in owners:
            for action in owner.actions.listed if owner.actions is not None else ():
                service, _, name = action.callback.partition("/")
                if action.allow and service == self._service.key and name in self._alive:
                    asking.setdefault(action.name, owner.name)
        if asking:
            told = ", ".join(f'"{name}" of {document}' for name, document in list(asking.items())[:3])
            yield self._fault((), f"nobody may press {told}: a bot is asked who may, and none is named", _BOT)

    def _of_settings(self) -> Iterator[Fault]:
        """Values that are missing, or that no document takes."""
        taken = {key for one in self._alive.values() for key in one.settings} - {_URL}
        for key in self._table.settings:
            if key == _URL:
                yield self._fault((SETTINGS, key), "stands beside `settings`", 'write it as url = "https://..."')
            elif key not in taken:
                problem = f"no callback that is alive takes the setting {key}"
                yield self._fault((SETTINGS, key), problem, meant(key, tuple(sorted(taken))))
        for key, those in self._needing(needed_settings):
            if key not in self._table.settings and key != _URL:
                yield self._fault((SETTINGS,), f"{key} is missing: {_names(those)} needs it", f'write {key} = "..."')

    def _of_url(self) -> Iterator[Fault]:
        those = [one for one in self._alive.values() if _URL in needed_settings(one)]
        if those and not self._table.url and not self._unread(_URL):
            yield self._fault(
                (), f"url is missing: {_names(those)} has no address of its own", 'write url = "https://..."'
            )
        takes = any(one.by_settings or _URL in one.settings for one in self._alive.values())
        if self._table.url and not takes and self._alive:
            yield self._fault(
                (_URL,), "no callback that is alive takes it: their documents name the host", "leave it out"
            )
        if self._table.url.startswith("http://") and not self._table.private:
            remedy = "write https://, or private = true where the network is trusted"
            yield self._fault((_URL,), "would be asked without TLS", remedy)

    def _of_secrets(self) -> Iterator[Fault]:
        if self._unread("secrets"):
            return
        needing = self._needing(lambda one: one.secrets)
        for name, those in needing:
            if name not in self._table.secrets:
                remedy = f'write {name}_env = "VARIABLE" or {name}_file = "PATH" there'
                yield self._fault(("secrets",), f"{name} is missing: {_names(those)} needs it", remedy)
        known = tuple(name for name, _ in needing)
        for name in self._table.secrets:
            if name not in known:
                yield self._fault(
                    ("secrets",), f"no callback that is alive takes the secret {name}", meant(name, known)
                )

    def _of_occasions(self) -> Iterator[Fault]:
        """Callbacks that nothing can reach."""
        table, every = self._table, self._alive.values()
        silent = [one for one in self._untold() if not _CLICKED & set(one.answers)]
        if silent:
            yield self._fault(("tokens",), f"nothing proves that Mattermost calls {_names(silent)}", _TOKENS)
        unheard = [one for one in every if set(one.answers) == {Occasion.MESSAGE}]
        if unheard and not table.bot:
            yield self._fault((), f"nobody hears messages for {_names(unheard)}", _BOT)
        clicked = [one for one in every if one.dialog is not None or _CLICKED & set(one.answers)]
        if clicked and not self._settings.server.public_url:
            problem = f"public_url is missing: buttons and dialogs of {_names(clicked)} lead there"
            remedy = 'write public_url = "https://..." in [server]: where Mattermost reaches the gateway'
            yield self._settings.source.fault(("server",), problem, remedy)
        dialogs = [one for one in every if one.dialog is not None]
        if dialogs and not table.server:
            problem = f"server is missing: dialogs of {_names(dialogs)} are opened there"
            yield self._fault((), problem, 'write server = "https://chat.example.com", or name a `bot`')

    def _untold(self) -> Sequence[CallbackShape]:
        """The callbacks of webhooks and commands, where the table has no token; a bot may hear messages instead."""
        if self._table.tokens or self._unread("tokens"):
            return ()
        heard = {Occasion.MESSAGE} if self._table.bot else set()
        return [one for one in self._alive.values() if _CALLED & set(one.answers) and not heard & set(one.answers)]

    def _needing(self, of: Callable[[CallbackShape], Collection[str]]) -> Sequence[tuple[str, Sequence[CallbackShape]]]:
        """What callbacks need, by name, each with those that need it."""
        found: dict[str, list[CallbackShape]] = {}
        for one in self._alive.values():
            for name in sorted(of(one)):
                found.setdefault(name, []).append(one)
        return [*found.items()]

    def _unread(self, key: str) -> bool:
        """Whether the settings have a fault there already."""
        lead = shown(("callbacks", self._table.name, key))
        return any(fault.where.startswith(lead) for fault in self._settings.source.faults)

    def _fault(self, place: Place, problem: str, remedy: str = "") -> Fault:
        return self._settings.source.fault(("callbacks", self._table.name, *place), problem, remedy)


_TOKENS: Final = 'write tokens_file = ["PATH"]; `mattergate connect` sets up the webhook or command, and fills the file'
_BOT: Final = 'write bot = "NAME" of [bots.NAME]'


def _names(shapes: Sequence[CallbackShape]) -> str:
    """The names of callbacks: at most three are told."""
    names = [one.name.rpartition("/")[2] for one in shapes]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
