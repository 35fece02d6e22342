"""Buttons carry tickets that come back as they were made; who may use them is looked up in the document."""

import re
from secrets import randbits

import msgspec

from gateway.callbacks.buttons import SignedButtons, declared, path_secrets, takes
from gateway.callbacks.ticket import LIFE, LONGEST, Place, Ticket, TicketKind, verify
from gateway.catalog.actions import Offered
from gateway.catalog.build import build
from gateway.catalog.everywhere import About
from gateway.catalog.kinds import Text
from gateway.journal.keyrings import RingKey
from gateway.language.template import Engine
from gateway.mattermost.payload import Option
from gateway.pipeline.attached import BUTTON_ROOM, Origin
from tests.callbacks.conftest import texts

NOW = 1_800_000_000.5
KEY, NEXT = RingKey("k1", bytes(32), NOW - 10), RingKey("k2", bytes(range(32)), NOW)
ORIGIN = Origin("alerts", "e1", "ops", "acme:incident 7", NOW)
ACK = Offered("Acknowledge!", "acme/incident", "acme/ack", "primary", {"incident": "7"})
MENU = Offered("Silence", "acme/incident", "acme/silence", options=(Option("1 hour", "1h"), Option("4 h", "4h")))


def live(service: str, callback: str, route: str, destination: str) -> str | None:
    """A table that answers for one service on one route."""
    return "account" if (route, service) == ("alerts", "acme") else None


def buttons(url: str = "https://gate.example/", key: RingKey = KEY) -> SignedButtons:
    """The buttons of a gateway."""
    return SignedButtons(url, live, [key], randbits)


def ticket(action: object, *keys: RingKey) -> Ticket:
    """The ticket of a button as it comes back."""
    found = verify(action.integration.context["ticket"], TicketKind.BUTTON, keys or [KEY], Place("c", "p", "u"), NOW)
    assert isinstance(found, Ticket), found
    return found


def test_a_button_as_mattermost_takes_it() -> None:
    """Its id is a segment of a URL there; the ticket says all that the click is about."""
    button, menu = buttons().made([ACK, MENU], ORIGIN)
    assert (button.id, button.name, button.style, button.type) == ("acknowledge1", "Acknowledge!", "primary", "button")
    assert button.integration.url == f"https://gate.example/action/{path_secrets([KEY])[0]}"
    found = ticket(button)
    assert found == Ticket(
        TicketKind.BUTTON, found.id, "acme/ack", "Acknowledge!", "acme:incident 7", "ops", Place(), int(NOW + LIFE),
        {"incident": "7"}, "account", "acme/incident", "e1",
    )  # fmt: skip
    assert (menu.id, menu.type, menu.options) == ("silence2", "select", [Option("1 hour", "1h"), Option("4 h", "4h")])
    assert [takes(ticket(menu), value) for value in ("1h", "9h", "")] == [True, False, False]
    assert [takes(found, value) for value in ("1h", "")] == [False, True]


def test_only_what_is_answered_has_a_button() -> None:
    """On its route, with a public URL, and not too long to be signed."""
    assert buttons("").made([ACK], ORIGIN) == []
    assert buttons().made([ACK], msgspec.structs.replace(ORIGIN, route="other")) == []
    assert [one.name for one in buttons().made([msgspec.structs.replace(ACK, callback="x/y"), MENU], ORIGIN)] == [
        "Silence"
    ]
    assert buttons().made([msgspec.structs.replace(ACK, context={"incident": "x" * LONGEST})], ORIGIN) == []


def test_what_every_message_of_a_route_offers() -> None:
    """The documents of the services that its tables name, as far as they are compiled; nothing without a URL."""
    documents = {"everywhere/note": "title: Note it\nactions: [{name: Note, callback: other/note, when: subject}]\n"}
    sources = {**texts({}), **{name: Text(f"acme/{name}", text, name) for name, text in documents.items()}}
    service, faults = build("acme", sources, Engine())
    assert faults == []
    made = buttons()
    known = {"acme": service.everywhere}
    made.settle("https://gate.example", live, {"alerts": ["acme", "slow"]}, lambda key: known.get(key, ()))
    assert "alerts" in made.everywhere
    [note] = made.besides(About("alerts", "github", subject="s"))
    assert (note.name, note.document, note.callback) == ("Note", "acme/everywhere/note", "other/note")
    assert made.besides(About("alerts", "github")) == []
    assert declared(service, Ticket(TicketKind.BUTTON, "1", "other/note", "Note", document=note.document)) is not None
    made.settle("", live, {"alerts": ["acme"]}, lambda key: known.get(key, ()))
    assert "alerts" not in made.everywhere


def test_a_button_fits_the_room_that_is_kept_for_it() -> None:
    """The longest ticket, with its URL."""
    [button] = buttons("https://" + "g" * 200).made([ACK], ORIGIN)
    rest = len(msgspec.json.encode(button)) - len(button.integration.context["ticket"])
    assert rest + LONGEST < BUTTON_ROOM


def test_a_new_key_signs_from_then_on() -> None:
    """The path changes with it; both keys have one while both are valid."""
    made = buttons()
    made.adopt([NEXT, KEY])
    [button] = made.made([ACK], ORIGIN)
    assert ticket(button, NEXT, KEY).action == "Acknowledge!"
    new, old = path_secrets([NEXT, KEY])
    assert button.integration.url.endswith(f"/action/{new}")
    assert new != old
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", new)
    assert path_secrets([NEXT], "dialog") != (new,)


def test_the_action_of_a_ticket_is_that_of_the_document_now() -> None:
    """What a document does not declare any more, nobody may do."""
    sources = texts({"ack": "title: Acknowledge\nanswers: action\nreply: {message: {text: done}}\n"})
    incident = """title: An incident
events: [incident]
message: {text: incident}
actions: [{name: Acknowledge!, callback: ack, allow: ["@ann"], confirm: Sure?, done: Acknowledged}]
"""
    sources["incident"] = msgspec.structs.replace(sources["service"], name="acme/incident", text=incident)
    service, faults = build("acme", sources, Engine())
    assert faults == []
    found = ticket(buttons().made([ACK], ORIGIN)[0])
    action = declared(service, found)
    assert (action.allow, action.confirm, action.told()) == (("@ann",), "Sure?", "Acknowledged")
    assert declared(service, msgspec.structs.replace(found, action="Close")) is None
    assert declared(service, msgspec.structs.replace(found, document="acme/gone")) is None
    assert declared(service, msgspec.structs.replace(found, document="acme/callbacks/ack")) is None
