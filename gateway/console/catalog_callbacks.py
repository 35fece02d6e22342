"""The callbacks of a service as people read them: what they answer, what they need, and which tables use them."""

from msgspec import Struct

from gateway.callbacks import fit
from gateway.callbacks.document import CallbackShape, callbacks
from gateway.catalog.service import Service
from gateway.settings import Settings


class CallbackRow(Struct, frozen=True):
    """One callback: the occasions that it `answers`, how its `command` is typed ("": it is none).

    `settings` are the values that a table [callbacks.NAME] may give, each with its default behind "=", and "required"
    behind those without which it does not work; `secrets` those that it must give. `tables` bring it to life.
    """

    name: str
    title: str
    answers: tuple[str, ...]
    command: str
    settings: tuple[str, ...]
    secrets: tuple[str, ...]
    tables: tuple[str, ...]


def rows(service: Service, settings: Settings) -> tuple[CallbackRow, ...]:
    """The callbacks of a service by name."""
    tables = {name: fit.alive(one, service) for name, one in settings.callbacks.items() if one.service == service.key}
    return tuple(
        CallbackRow(
            name,
            one.title,
            tuple(map(str, one.answers)),
            one.command.usage if one.command is not None else "",
            _settings(one),
            tuple(sorted(one.secrets)),
            tuple(table for table, those in tables.items() if name in those),
        )
        for name, one in sorted(callbacks(service).items())
    )


def _settings(shape: CallbackShape) -> tuple[str, ...]:
    needed = fit.needed_settings(shape)
    known = dict.fromkeys([*sorted(needed), *shape.settings])
    return tuple(_setting(name, shape.settings.get(name), required=name in needed) for name in known)


def _setting(name: str, default: str | None, *, required: bool) -> str:
    if required:
        return f"{name} (required)"
    return name if default is None else f"{name} = {default}"
