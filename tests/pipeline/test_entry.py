"""Parcels: one for every message and destination, with cards where posts can be edited and have threads."""

import hashlib

import msgspec
import pytest
from msgspec.structs import replace

from gateway.catalog.actions import Offered
from gateway.catalog.everywhere import About
from gateway.catalog.select import Selector
from gateway.decode.content import Content
from gateway.journal.duplicates import key_of
from gateway.mattermost.fit import Fitted
from gateway.mattermost.payload import Action, Integration, Message, decode, encode
from gateway.model import Card, CardMode, Outcome, Phase, Request
from gateway.pipeline.attached import Origin
from gateway.pipeline.entry import DestinationTraits, keys, parcels
from gateway.pipeline.interpret import Piece, Reading
from gateway.pipeline.route import Route
from gateway.settings.tables import RouteSettings
from gateway.verify.verify import Proof, parse_scheme

TRAITS = {"hook": DestinationTraits("town"), "rest": DestinationTraits(cards=True)}


class Acme:
    """As much of a service as parcels look at."""

    key = "acme"


def route(*destinations, **more):
    """A route to these destinations."""
    settings = RouteSettings(name="r", service="acme", destinations=destinations, allow_unsigned=True, **more)
    return Route(settings, 1_000_000, 64)


def made(pieces, *destinations, traits=TRAITS, **more):
    """The parcels of one request with these pieces."""
    reading = Reading(Outcome.MESSAGE, "e", "t", "", "", "", tuple(pieces))
    return list(parcels("e1", route(*destinations, **more), Acme, reading, traits))


def piece(*texts, subject="s", card=None, phase=Phase.CHANGE, channel=None, reply=False):
    """A piece of these messages."""
    messages = [Message(text=text, channel=channel) for text in texts]
    shown = Message(text=card) if card else None
    return Piece(
        Outcome.MESSAGE,
        "e",
        "t",
        subject,
        fitted=tuple(Fitted(one, encode(one)) for one in messages),
        card=shown,
        phase=phase,
        reply=reply,
    )


def test_a_message_without_cards():
    """One parcel for every destination, on the lane of its subject, in the channel of the settings."""
    hook, rest = made([piece("a")], "hook", "rest")
    assert (hook.lane, rest.lane) == ("hook acme:s", "rest acme:s")
    assert (decode(hook.payload).channel, decode(rest.payload).channel) == ("town", None)
    assert (hook.card, rest.card) == (None, None)


def test_a_long_message_goes_on_in_its_thread():
    """Without a card, what is too long for a post replies to the first part; webhooks get separate messages."""
    parts = made([piece("a", "b", "c", subject="")], "hook", "rest")
    assert [part.card for part in parts if part.destination == "hook"] == [None] * 3
    assert [part.card for part in parts if part.destination == "rest"] == [Card("event e1 1", CardMode.THREAD)] * 3
    assert {part.lane for part in parts if part.destination == "rest"} == {"rest @r"}


def test_the_events_of_one_request_have_threads_of_their_own():
    """Each event that is too long has its own thread; one that is not has none."""
    parts = made([piece("a", "b"), piece("c"), piece("d", "e")], "rest")
    assert [part.card and part.card.subject for part in parts] == [
        *["event e1 1"] * 2,
        None,
        *["event e1 3"] * 2,
    ]


@pytest.mark.parametrize("mode", CardMode)
def test_a_route_with_cards_shows_the_subject(mode):
    """The first message is the subject's; what goes on replies under it, and a webhook gets neither."""
    pieces = [piece("a", "b", card="state", phase=Phase.OPEN)]
    hook, first, further, *more = made(pieces, "hook", "rest", card=mode.value)
    assert (hook.card, further.card, further.destination) == (None, None, "hook")
    assert first.card == Card("acme:s", mode, Phase.OPEN, '{"text":"state"}')
    replies = [] if mode is CardMode.UPDATE else [Card("acme:s", CardMode.THREAD, alone="event e1 1")]
    assert [one.card for one in more] == replies


@pytest.mark.parametrize("mode", CardMode)
def test_a_message_that_replies_shows_no_subject(mode):
    """Whatever the route wants; all parts of it find each other also where the subject has no card."""
    [note] = made([piece("a", reply=True)], "rest", card=mode.value)
    assert note.card == Card("acme:s", CardMode.THREAD, alone="")
    parts = made([piece("a", "b", reply=True, phase=Phase.CLOSE)], "rest", card=mode.value)
    assert [one.card for one in parts] == [
        Card("acme:s", CardMode.THREAD, Phase.CLOSE, alone="event e1 1"),
        Card("acme:s", CardMode.THREAD, alone="event e1 1"),
    ]


def test_what_opens_is_the_card_until_an_event_has_all_that_it_shows():
    """A reply that opens a subject without a card is where the others reply to."""
    [opened] = made([piece("a", reply=True, phase=Phase.OPEN)], "rest", card="both")
    assert opened.card == Card("acme:s", CardMode.THREAD, Phase.OPEN)


def test_without_a_card_document_the_message_is_the_card():
    """The payload of the card is left out, for it is that of the delivery."""
    [parcel] = made([piece("a")], "rest", card="update")
    assert parcel.card == Card("acme:s", CardMode.UPDATE)


def test_without_a_subject_there_is_no_card():
    """What is about nothing has nothing to update."""
    [parcel] = made([piece("a", subject="")], "rest", card="update")
    assert parcel.card is None


def test_a_subject_has_a_card_in_each_channel():
    """A post cannot be answered from another channel, so each channel has its card, which goes there."""
    [there] = made([piece("a", card="state", channel="dev")], "rest", card="both")
    [here] = made([piece("a", card="state")], "rest", card="both")
    assert there.card.subject != here.card.subject
    assert decode(there.card.payload.encode()).channel == "dev"


def test_the_channel_of_the_route_goes_before_that_of_the_destination():
    """A message that the route sent somewhere stays there."""
    [parcel] = made([piece("a", channel="dev")], "hook", channel="dev")
    assert decode(parcel.payload).channel == "dev"


def test_the_channel_that_a_rule_chose_goes_before_that_of_the_destination():
    """The one that only the document named does not."""
    plain = piece("a", channel="dev")
    chosen = msgspec.structs.replace(plain, channel="dev")
    assert [decode(parcel.payload).channel for parcel in made([chosen, plain], "hook")] == ["dev", "town"]


def test_an_unknown_destination_is_a_webhook_without_a_channel():
    """The pass-through destination is in no settings."""
    [parcel] = made([piece("a")], "passthrough", card="both")
    assert (parcel.card, decode(parcel.payload).channel) == (None, None)


class Signing:
    """As much of a service as keys look at: its delivery ids are in a header."""

    key = "acme"
    delivery_headers = frozenset({"x-id"})
    delivery_id = ()
    id_window = 60.0
    body_window = 5.0


SIGNED = parse_scheme({"hmac": "sha256", "header": "X-Signature"})
STAMPED = parse_scheme({"hmac": "sha256", "header": "X-Signature", "message": ["timestamp", ".", "body"],
                        "timestamp": {"header": "X-Time"}})  # fmt: skip


class Naming(Signing):
    """One whose delivery ids have the signature in them, beside what it is about."""

    delivery_headers = None
    delivery_id = (Selector({"json": "s"}), Selector({"json": "about"}))


def keys_of(
    body: bytes, delivery: str = "", proof: Proof | None = None, inflated: bytes | None = None, service=Signing, **query
):
    """The keys of one request."""
    content = Content(Request(body=body, query=query), inflated)
    return [key.key for key in keys(route("hook"), service, content, delivery, proof)]


def test_the_digest_of_a_signature_over_the_body_is_the_key_of_the_body():
    """One hash is enough: what proves the body tells it apart, too."""
    digest = bytes(range(32))
    assert keys_of(b"x", "d-1", Proof(SIGNED, digest))[1:] == [key_of("r", "body", digest)]
    assert keys_of(b"x", "", Proof(SIGNED, digest)) == [key_of("r", "body", digest)]


def test_a_body_whose_signature_covers_more_has_a_hash_of_its_own():
    """Signed again with another time, the same body is the same event."""
    assert keys_of(b"x", "d-1", Proof(STAMPED))[1:] == keys_of(b"x", "d-2", Proof(STAMPED))[1:]
    assert keys_of(b"x", "d-1", Proof(STAMPED)) != keys_of(b"y", "d-1", Proof(STAMPED))


def test_what_is_not_covered_does_not_count():
    """Where some named parts are signed, anybody can change the rest: what is signed is the key."""
    parts = parse_scheme({"hmac": "sha256", "json": "s", "message": [{"json": "a"}, {"json": "b"}]})
    proof = Proof(parts, message=bytes(32))
    assert keys_of(b"x", "d-1", proof)[1:] == keys_of(b"y", "d-2", proof)[1:] == [key_of("r", "body", bytes(16))]
    weak = parse_scheme({"hmac": "sha256", "header": "X-S", "message": [{"digest": "crc32"}]})
    assert keys_of(b"x", "", Proof(weak, message=bytes(32))) == keys_of(b"y", "", Proof(weak, message=bytes(32)))


def test_a_signature_that_several_events_share():
    """Where the delivery id has it in it, and more, those are events of their own; a repeat is one as ever."""
    parts = parse_scheme({"hmac": "sha256", "json": "s", "message": [{"json": "at"}, {"json": "kind"}]})
    proof = Proof(parts, message=bytes(32))
    first, other = (keys_of(b"x", id_, proof, service=Naming) for id_ in ("s\na", "s\nb"))
    assert not {*first} & {*other}
    assert first == keys_of(b"y", "s\na", proof, service=Naming)


def test_a_field_that_is_signed_with_more_is_the_key():
    """Not the form in which it stands."""
    scheme = parse_scheme({"hmac": "sha256", "header": "X-S", "message": [{"header": "X-T"}, {"form": "payload"}]})
    first = keys_of(b"payload=%7B%7D", "", Proof(scheme, message=b"1", field="payload"))
    assert first == keys_of(b"payload={}", "", Proof(scheme, message=b"2", field="payload"))
    assert first != keys_of(b"payload=[]", "", Proof(scheme, message=b"1", field="payload"))


def test_what_was_signed_is_known_for_as_long_as_its_time_holds():
    """A sender repeats a body with another time; nobody but who recorded it repeats both."""
    first, again = (keys_of(b"x", "", Proof(STAMPED, message=bytes([n] * 32))) for n in (1, 2))
    assert (len(first), len(again)) == (2, 2)
    assert len({*first, *again}) == 3


def test_compressed_bytes_that_are_signed_are_the_same_without_their_encoding():
    """Who leaves off the Content-Encoding sends what was signed, as a body."""
    whole = keys_of(b"wire", "", Proof(SIGNED, message=bytes(32)), inflated=b"x")
    bare = keys_of(b"wire", "", Proof(SIGNED, bytes(32)))
    assert set(whole) & set(bare)
    assert set(whole) & set(keys_of(b"x"))


def test_the_inflated_body_counts():
    """A repeat that is compressed in another way, or not, is the same event."""
    assert keys_of(b"x") == keys_of(b"wire", inflated=b"x")
    assert keys_of(b"x") != keys_of(b"wire")


def test_a_request_without_a_body_is_its_query():
    """In whatever order its parts came."""
    assert keys_of(b"", a="1", b="2") == keys_of(b"", b="2", a="1") != keys_of(b"", a="1")


def test_an_id_alone_is_enough_where_nobody_could_make_one_up():
    """Without a signature whoever may post may post anything."""
    [key] = keys_of(b"x", "d-1")
    assert key == key_of("r", "id", hashlib.sha256(b"d-1").digest())


CLOSE = Offered("Close", "acme/one", "acme/close")


class Made:
    """Makes a button of what is offered, and notes what for. On the routes `everywhere` it offers a snooze besides."""

    def __init__(self, *, alive: bool = True, everywhere: tuple[str, ...] = ()) -> None:
        self.alive = alive
        self.everywhere = everywhere
        self.origins: list[Origin] = []
        self.abouts: list[About] = []

    def besides(self, about):
        """A snooze."""
        self.abouts.append(about)
        return [Offered("Snooze", "mattergate/everywhere/snooze", "mattergate/snooze")]

    def made(self, offered, origin):
        """A button of each."""
        self.origins.append(origin)
        where = Integration("https://g.example/a", {"ticket": origin.destination})
        return [Action(id="a", name=one.name, type="button", integration=where) for one in offered if self.alive]


def with_buttons(one, *destinations, buttons=None, **more):
    """The parcels of a piece with buttons, and the texts of what has a button in them: payload, card."""
    reading = Reading(Outcome.MESSAGE, "e", "t", "", "", "", (replace(one, actions=(CLOSE,)),))
    made = list(parcels("e1", route(*destinations, **more), Acme, reading, TRAITS, "", buttons or Made(), 5.0))
    found = [(parcel, parcel.payload, parcel.card.payload.encode() if parcel.card else b"") for parcel in made]
    return made, [tuple(decode(text).text for text in texts if b'"actions"' in text) for _, *texts in found]


def test_the_post_that_shows_the_subject_has_the_buttons():
    """Of a webhook the first message; of a card its payload, and never the message that may reply to it."""
    buttons = Made()
    one = piece("a", "b", card="state", phase=Phase.OPEN)
    made, texts = with_buttons(one, "hook", "rest", buttons=buttons, card="both")
    assert texts == [("a",), ("state",), (), ()]
    hook, rest, *_ = made
    assert decode(hook.payload).channel == "town"
    assert decode(rest.card.payload.encode()).attachments[0].actions[0].integration.context == {"ticket": "rest"}
    assert buttons.origins == [Origin("r", "e1", "hook", "acme:s", 5.0), Origin("r", "e1", "rest", "acme:s", 5.0)]


@pytest.mark.parametrize("mode", CardMode)
def test_a_message_that_is_the_card_replies_without_buttons(mode):
    """The card that it opens has them, and where it replies to one that is there, or comes late, it has none."""
    [parcel], texts = with_buttons(piece("a", channel="c"), "rest", card=mode.value)
    assert texts == [("a",)]
    assert parcel.payload == encode(Message(text="a", channel="c"))
    assert decode(parcel.card.payload.encode()).channel == "c"
    assert with_buttons(piece("a", reply=True), "rest", card=mode.value)[1] == [()]
    assert with_buttons(piece("a", reply=True, phase=Phase.OPEN), "rest", card=mode.value)[1] == [("a",)]


def test_without_cards_each_message_has_its_buttons():
    """What goes on in a thread of its own has them on its first post; one that is not about anything, too."""
    [parcel], texts = with_buttons(piece("a"), "rest")
    assert (texts, parcel.card) == ([("a",)], None)
    buttons = Made()
    parts, texts = with_buttons(piece("a", "b", subject=""), "rest", buttons=buttons)
    assert texts == [("a",), ()]
    assert [part.card.subject for part in parts] == ["event e1 1"] * 2
    assert buttons.origins[0].subject == ""


def test_a_message_of_some_routes_has_buttons_besides():
    """Behind its own, of which it may have none; asked for once, however many destinations show it."""
    buttons = Made(everywhere=("r",))
    one = piece("a", card="state", phase=Phase.OPEN)
    made, _ = with_buttons(one, "hook", "rest", buttons=buttons, card="both")
    hook, rest = decode(made[0].payload), decode(made[1].card.payload.encode())
    assert [[button.name for button in post.attachments[-1].actions] for post in (hook, rest)] == [
        ["Close", "Snooze"]
    ] * 2
    assert buttons.abouts == [About("r", "acme", "e", "t", "s", "open")]
    plain = Reading(Outcome.MESSAGE, "e", "t", "", "", "", (piece("a", phase=None),))
    [parcel] = parcels("e1", route("hook"), Acme, plain, TRAITS, "", buttons, 5.0)
    assert [button.name for button in decode(parcel.payload).attachments[-1].actions] == ["Snooze"]
    assert buttons.abouts[1].phase == ""


def test_buttons_that_nobody_answers_change_nothing():
    """Neither the payload nor the card."""
    one = piece("a", card="state")
    found, texts = with_buttons(one, "hook", "rest", buttons=Made(alive=False), card="both")
    assert texts == [(), ()]
    assert found == made([one], "hook", "rest", card="both")
