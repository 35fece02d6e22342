"""The buttons and menus of messages: each carries a ticket of its own, which a click sends back to our door.

    what a document offers --made--> {name, integration: {url: PUBLIC/action/SECRET, context: {ticket}}} --click--> door
    its ticket         --declared--> who may, what is asked first, what is said once it is done

The secret in the URL keeps those out who only read the context of a button; users do not see the URL.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.callbacks.ticket import ID_BITS, LIFE, Ticket, TicketKind, new_ticket_id, sign
from gateway.catalog.actions import ActionShape, ActionsShape, Offered
from gateway.catalog.everywhere import About, EverywhereShape
from gateway.catalog.service import Service
from gateway.journal.keyrings import RingKey
from gateway.mattermost.payload import Action, Integration
from gateway.pipeline.attached import Origin

ACTION_DOOR: Final = "action"
"""The door that clicks come to, and the beginning of its path."""

TICKET: Final = "ticket"
"""The key of a button's context that holds the ticket."""

Live = Callable[[str, str, str, str], str | None]
"""The table of the settings that brings a callback to life: of a service, by its name, on a route, for a destination.

None for none.
"""

Everywhere = Callable[[str], Sequence[EverywhereShape]]
"""The documents of a service for every message, by its key; none as long as it is not compiled."""

_SECRET: Final = 22
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def path_secrets(keys: Sequence[RingKey], door: str = ACTION_DOOR) -> tuple[str, ...]:
    """The secrets in the path of a door, of each key of the ring: the first one stands in what is made now."""
    return tuple([_path_secret(key, door) for key in keys])


def _path_secret(key: RingKey, door: str) -> str:
    made = hmac.digest(key.key, f"{door} path".encode(), hashlib.sha256)
    return urlsafe_b64encode(made).decode()[:_SECRET]


class SignedButtons:
    """Makes buttons whose clicks come to `public_url` ("": there are none), signed with the first of `keys`, if any.

    `getrandbits` is that of `secrets.SystemRandom`: ids of tickets must not be guessed before they are signed.
    `everywhere` has, by route, the services of which every message there may have buttons.
    """

    def __init__(self, public_url: str, live: Live, keys: Sequence[RingKey], getrandbits: Callable[[int], int]) -> None:
        self._getrandbits = getrandbits
        self._keys = keys
        self.settle(public_url, live)

    def settle(
        self,
        public_url: str,
        live: Live,
        everywhere: Mapping[str, Sequence[str]] = {},
        documents: Everywhere = lambda _: (),
    ) -> None:
        """Use other settings from now on; `documents` are those of the services in `everywhere`."""
        self._public = public_url.rstrip("/")
        self._live = live
        self.everywhere = everywhere if public_url else {}
        self._documents = documents
        self.adopt(self._keys)

    def adopt(self, keys: Sequence[RingKey]) -> None:
        """Sign with the first of these keys of the ring from now on."""
        self._keys = keys
        self._url = f"{self._public}/{ACTION_DOOR}/{_path_secret(keys[0], ACTION_DOOR)}" if keys else ""

    def besides(self, about: About) -> Sequence[Offered]:
        """What is offered below every message of a route."""
        found = [one.offered(about) for key in self.everywhere[about.route] for one in self._documents(key)]
        return [offered for those in found for offered in those]

    def made(self, offered: Sequence[Offered], origin: Origin) -> list[Action]:
        """The buttons, in the order of what is offered, without those that no table answers on the route."""
        if not (self._public and self._keys):
            return []
        found = []
        for number, one in enumerate(offered, 1):
            service, _, callback = one.callback.partition("/")
            table = self._live(service, callback, origin.route, origin.destination)
            if table is not None and (button := self._button(number, one, table, origin)):
                found.append(button)
        return found

    def _button(self, number: int, one: Offered, table: str, origin: Origin) -> Action | None:
        """One button; None where what it carries is too long to sign: a part of it would mean something else."""
        try:
            text = sign(self._ticket(one, table, origin), self._keys[0])
        except ValueError:
            return None
        return Action(
            id=f"{_OTHER.sub('', one.name.lower())}{number}",
            name=one.name,
            type="select" if one.options else "button",
            style=one.style,
            options=list(one.options),
            integration=Integration(self._url, {TICKET: text}),
        )

    def _ticket(self, one: Offered, table: str, origin: Origin) -> Ticket:
        """The ticket of a button; what posts it knows neither channel nor post before, so the first click pins it."""
        return Ticket(
            TicketKind.BUTTON,
            new_ticket_id(self._getrandbits(ID_BITS)),
            one.callback,
            one.name,
            origin.subject,
            origin.destination,
            expires=int(origin.now + LIFE),
            context=one.context,
            table=table,
            document=one.document,
            event=origin.event,
            options=tuple([option.value for option in one.options]),
        )


def declared(service: Service, ticket: Ticket) -> ActionShape | None:
    """The action of a ticket as its document declares it now; None where it does so no more, and nobody may use it."""
    document = service.documents.get(ticket.document.partition("/")[2])
    actions = getattr(document.part, "actions", None) if document is not None else None
    return actions.by_name.get(ticket.action) if isinstance(actions, ActionsShape) else None


def takes(ticket: Ticket, option: str) -> bool:
    """Whether a value is an option of the menu, which the server does not check; a button has none, and takes ""."""
    return option in ticket.options if ticket.options else not option
