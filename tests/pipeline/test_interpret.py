"""What a route says about priority and silence goes before what the message says."""

import pytest

from gateway.catalog import catalog
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Priority
from gateway.model import CardMode, Note, Outcome, Request
from gateway.pipeline.brevity import Verbosity
from gateway.pipeline.interpret import Wishes, interpret
from tests import builtin

SERVICE = """
name: Own
docs: https://example.com/own
setup: Nothing to set up; this service exists for tests alone.
event: [{json: kind}]
"""
TRANSLATOR = """
title: One
events: ["*"]
message:
  text: a
  silent: "{{ quiet }}"
  priority: {priority: "{{ level }}", requested_ack: "{{ ack }}", persistent_notifications: "{{ nag }}"}
"""


@pytest.fixture
def read(tmp_path):
    """A function that reads a payload with the wishes of a route, and gives the message."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE)
    (tmp_path / "own" / "one.yaml").write_text(TRANSLATOR)
    service = catalog.load([tmp_path]).services["own"]

    def message(body: bytes, **wishes):
        request = Request(headers={"content-type": "application/json"}, body=body)
        [piece] = interpret(service, Content(request, body), Wishes(mentions=True, **wishes), DEFAULT).pieces
        assert not piece.reason
        return piece.messages[0]

    return message


@pytest.mark.parametrize(
    ("body", "wishes", "priority"),
    [
        (b"{}", {}, None),
        (b'{"level":"urgent"}', {}, Priority("urgent")),
        (b'{"level":"nonsense"}', {}, None),
        (b'{"ack":true}', {}, Priority("", True)),
        (b'{"ack":false}', {}, None),
        (b'{"level":"important","ack":1}', {}, Priority("important", True)),
        (b'{"level":"urgent","ack":true}', {"requested_ack": False}, Priority("urgent")),
        (b'{"level":"urgent"}', {"priority": "important"}, Priority("important")),
        (b"{}", {"priority": "urgent", "requested_ack": True}, Priority("urgent", True)),
        (b"{}", {"requested_ack": True}, Priority("", True)),
        (b"{}", {"persistent_notifications": True}, None),
        (b'{"level":"urgent","nag":true}', {}, Priority("urgent")),
    ],
)
def test_priority(read, body, wishes, priority):
    """The route decides part by part, else the translator; nobody is nagged who is not mentioned."""
    assert read(body, **wishes).priority == priority


@pytest.mark.parametrize(
    ("quiet", "wish", "silent"),
    [("true", None, True), ("false", None, False), ("true", False, False), ("0", True, True)],
)
def test_silence(read, quiet, wish, silent):
    """The route decides, else the translator."""
    assert read(f'{{"quiet":{quiet}}}'.encode(), silent=wish).silent is silent


def test_mismatches_are_explained_for_the_first_events_only(tmp_path):
    """Of two hundred events that match no schema, the reasons of five say where."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE + "unwrap: [{split: $}]\n")
    (tmp_path / "own" / "one.yaml").write_text(TRANSLATOR + "input: {type: object, required: [level]}\n")
    service = catalog.load([tmp_path]).services["own"]
    request = Request(headers={"content-type": "application/json"}, body=b"[" + b'{"kind": "a"},' * 249 + b"{}]")
    pieces = interpret(service, Content(request), Wishes(), DEFAULT).pieces
    assert ["level is required" in piece.reason for piece in pieces[:7]] == [True] * 5 + [False] * 2
    assert len(pieces) == 201


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({}, True),
        ({"only": ("push",)}, True),
        ({"ignore": ("ping",)}, False),
        ({"only": ("push",), "ignore": ("ping",)}, False),
    ],
)
def test_the_test_of_a_service_passes_what_a_route_shows_only(wishes, told):
    """Whoever sets up a webhook sees that it works; a route that ignores the test by name has its way."""
    service = builtin.service("github")
    request = Request(headers={"x-github-event": "ping", "content-type": "application/json"}, body=b'{"zen":"x"}')
    [piece] = interpret(service, Content(request), Wishes(**wishes), DEFAULT).pieces
    assert piece.outcome is (Outcome.MESSAGE if told else Outcome.IGNORED)


def test_a_template_that_cannot_compute_is_no_fault_of_the_document(tmp_path):
    """A value that is not of the type that the document says goes to the generic translator, with its path."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE)
    document = "title: One\nevents: ['*']\ninput: {type: object, properties: {n: {type: integer}, o: {}}}\n"
    (tmp_path / "own" / "one.yaml").write_text(document + 'message: {text: "{{ n - 1 }}{{ o }}"}\n')
    service = catalog.load([tmp_path]).services["own"]
    request = Request(headers={"content-type": "application/json"}, body=b'{"kind":"a","n":"many"}')
    [piece] = interpret(service, Content(request), Wishes(), DEFAULT).pieces
    assert (piece.outcome, piece.translator, piece.mismatch) == (Outcome.MESSAGE, "generic", "own/one")
    assert piece.reason.endswith('n has to be a whole number, and is "many"')


def test_a_header_names_the_event_of_a_service_without_documents(tmp_path):
    """The generic translator tells it in words; filters know nothing of it."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "service.yaml").write_text(SERVICE.replace("event: [{json: kind}]\n", ""))
    service = catalog.load([tmp_path]).services["bare"]
    request = Request(headers={"content-type": "application/json", "x-acme-event": "door_opened"}, body=b'{"name":"7"}')
    [piece] = interpret(service, Content(request, request.body), Wishes(), DEFAULT).pieces
    assert (piece.name, piece.messages[0].attachments[0].title) == ("", "Door opened: 7")


EMPTY = """
title: One
events: ["*"]
message:
  text: "{{ text }}"
  attachments: [{color: good, text: "{{ more }}"}]
  props: {card: "{{ card }}"}
"""


@pytest.fixture
def own(tmp_path):
    """A service whose one translator says what is in `text` and `more`."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE)
    (tmp_path / "own" / "one.yaml").write_text(EMPTY)
    return catalog.load([tmp_path]).services["own"]


def reading(service, body: bytes, content_type: str = "application/json", **wishes):
    """The reading of a body."""
    request = Request(headers={"content-type": content_type}, body=body)
    return interpret(service, Content(request), Wishes(**wishes), DEFAULT)


@pytest.mark.parametrize(
    "body",
    [b'{"message": "Disk full"}', b'{"text": " ", "more": null, "message": "Disk full"}', b'{"card": "c"}', b"{}"],
)
def test_a_message_that_comes_out_empty_is_told_by_the_generic_translator(own, body):
    """Nobody is told "(empty message)", and nothing is swallowed; the event says why."""
    found = reading(own, body)
    [piece] = found.pieces
    assert (found.outcome, found.translator) == (Outcome.MESSAGE, "generic")
    assert found.reason == piece.reason == "the message of own/one came out empty"
    assert (piece.emptied, piece.mismatch, piece.subject) == ("own/one", "", "")
    [message] = piece.messages
    assert b"Disk full" not in body or message.attachments[0].title == "Disk full"


def test_a_message_that_loses_its_title_is_told_and_noted(tmp_path):
    """A person should look at it; with the title nothing is noted."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE)
    titled = EMPTY.replace("{color: good", "{title: '{{ name }} is down'")
    (tmp_path / "own" / "one.yaml").write_text(titled)
    service = catalog.load([tmp_path]).services["own"]
    lost, kept = reading(service, b'{"more": "a"}'), reading(service, b'{"name": "db", "more": "a"}')
    assert (lost.outcome, lost.note, lost.translator) == (Outcome.MESSAGE, "untitled", "own/one")
    assert lost.reason == "own/one came out without its title"
    assert (kept.note, kept.reason) == ("", "")


def test_one_child_of_xml_is_a_list_where_the_shape_has_one(tmp_path):
    """A template repeats for one as it does for several."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(SERVICE.replace("{json: kind}", "{json: o.kind}"))
    shape = "{o: {item: [{name: text}]}}"
    text = (
        f"title: One\nevents: ['*']\ninput: {shape}\nmessage: {{text: [{{each: o.item, line: '- {{{{ name }}}}'}}]}}\n"
    )
    (tmp_path / "own" / "one.yaml").write_text(text)
    service = catalog.load([tmp_path]).services["own"]
    item = b"<item><name>tea</name></item>"
    found = reading(service, b"<o>" + item + b"</o>", "text/xml")
    assert [one.text for one in found.pieces[0].messages] == ["- tea"]
    found = reading(service, b"<o>" + item + item + b"</o>", "text/xml")
    assert [one.text for one in found.pieces[0].messages] == ["- tea\n- tea"]


def test_a_strict_route_refuses_an_empty_message(own):
    """As it refuses all that no document can tell."""
    with pytest.raises(Refused, match="came out empty"):
        reading(own, b"{}", strict=True)
    assert not reading(own, b'{"text": "a"}', strict=True).reason


def test_a_body_that_is_not_json_is_called_so_also_where_its_text_is_a_message(own):
    """Such as a translator of chat messages, for which any text is one."""
    found = reading(own, b'{"text": "a",}')
    [piece] = found.pieces
    assert (found.translator, piece.messages[0].text) == ("own/one", '{"text": "a",}')
    assert found.reason.startswith("the body is not JSON")
    assert found.note == Note.UNREADABLE


def test_what_was_repaired_is_said(own):
    """The message is that of its translator, and the event says what its sender did wrong."""
    found = reading(own, b'{"text": "a\nb"}')
    assert (found.translator, found.pieces[0].messages[0].text) == ("own/one", "a\nb")
    assert found.reason == "its JSON had line breaks or other control characters within strings, which were escaped"
    assert not found.pieces[0].reason
    form = "application/x-www-form-urlencoded"
    found = reading(own, b'payload={"text": "a & b"}', form)
    assert found.pieces[0].messages[0].text == "a & b"
    assert found.reason == "its form field payload was not percent-encoded, and was read as it stood"
    found = reading(own, b'payload={"x": "a\n& b"}', form)
    assert found.reason.startswith("the message of own/one came out empty; its form field payload was not")


@pytest.mark.parametrize(
    ("headers", "body", "name"),
    [
        ({}, b'{"status": "resolved", "alerts": [', ""),
        ({}, b"", ""),
        ({"x-kind": "alert"}, b'{"status": "resolved", "alerts": [', "alert"),
        ({"x-kind": "alert"}, b"{}", "alert.firing"),
    ],
)
def test_what_a_service_supposes_is_not_said_of_a_body_that_cannot_be_read(tmp_path, headers, body, name):
    """An alert that could not be read may be a resolved one; what headers say is said."""
    (tmp_path / "own").mkdir()
    supposed = "event: [{header: x-kind}, {json: status, default: firing}]"
    (tmp_path / "own" / "service.yaml").write_text(SERVICE.replace("event: [{json: kind}]", supposed))
    (tmp_path / "own" / "one.yaml").write_text(TRANSLATOR.replace('["*"]', "[other]"))
    service = catalog.load([tmp_path]).services["own"]
    request = Request(headers={"content-type": "application/json", **headers}, body=body)
    [piece] = interpret(service, Content(request, body), Wishes(), DEFAULT).pieces
    assert piece.name == name
    assert "firing" not in str(piece.messages) or name.endswith("firing")


CARD_OF_ITEM = """
title: An item as it is now
input: {type: object, required: [about], properties: {about: {type: object, required: [state]}}}
message:
  text: "{{ about.state }}{% if about.more %}{{ about.more + 1 }}{% endif %}"
"""
ITEM = """
title: One
events: ["*"]
subject: s
phase: "{{ phase }}"
card: item
message: {text: told}
"""


@pytest.fixture
def told(tmp_path):
    """A function that gives the piece of a payload on a route that wants cards."""
    (tmp_path / "own" / "cards").mkdir(parents=True)
    (tmp_path / "own" / "service.yaml").write_text(SERVICE)
    (tmp_path / "own" / "one.yaml").write_text(ITEM)
    (tmp_path / "own" / "cards" / "item.yaml").write_text(CARD_OF_ITEM)
    service = catalog.load([tmp_path]).services["own"]

    def piece(body: bytes):
        request = Request(headers={"content-type": "application/json"}, body=body)
        [piece] = interpret(service, Content(request, body), Wishes(card=CardMode.BOTH), DEFAULT).pieces
        assert (piece.messages[0].text, piece.subject) == ("told", "s")
        return piece

    return piece


@pytest.mark.parametrize(
    ("body", "outcome", "why"),
    [
        (b'{"about": {}}', Outcome.MESSAGE, "own/cards/item: about.state is required, and is missing"),
        (b'{"about": {"state": " "}}', Outcome.MESSAGE, "the card of own/one, cards/item, came out empty"),
        (b'{"about": {"state": "open"}}', Outcome.MESSAGE, ""),
        (b'{"about": {"state": "open", "more": [1]}}', Outcome.BROKEN, "own/cards/item#/message/text"),
    ],
)
def test_a_card_is_not_edited_by_what_lacks_what_it_shows(told, body, outcome, why):
    """The message is told as a reply, also where the card is broken, and the reason says why."""
    piece = told(body)
    assert why in piece.reason
    assert (piece.outcome, piece.card is None, piece.reply) == (outcome, bool(why), bool(why))
    assert piece.note == (Note.BROKEN if outcome is Outcome.BROKEN else "")


@pytest.mark.parametrize(
    ("word", "phase"), [(b"open", "open"), (b"close", "close"), (b"", "change"), (b"Closed", "change")]
)
def test_a_phase_that_is_none_counts_as_change(told, word, phase):
    """And the reason says so."""
    piece = told(b'{"phase": "%b", "about": {"state": "open"}}' % word)
    assert (piece.phase, bool(piece.card)) == (phase, True)
    assert ("is none of open, change and close" in piece.reason) == (word == b"Closed")


def test_what_does_not_hold_is_ignored_for_each_event_of_a_request(tmp_path):
    """After unwrapping: each event has its own branch; `request.event` is its name."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(f"{SERVICE}unwrap: [{{split: events}}]\n")
    (tmp_path / "own" / "one.yaml").write_text(EMPTY)
    service = catalog.load([tmp_path]).services["own"]
    events = b'{"kind": "a", "ref": "main", "text": "1"}, {"kind": "a", "ref": "x"}, {"kind": "b", "ref": "main"}'
    body = b'{"events": [' + events + b"]}"
    when = "ref == 'main' and request.event == 'a'"
    request = Request(headers={"content-type": "application/json"}, body=body)
    pieces = interpret(service, Content(request), Wishes(route="r", when=when), DEFAULT).pieces
    reason = f"[routes.r] when = {when} does not hold"
    assert [(piece.outcome, piece.reason) for piece in pieces] == [
        (Outcome.MESSAGE, ""), (Outcome.IGNORED, reason), (Outcome.IGNORED, reason),
    ]  # fmt: skip


def test_a_condition_that_cannot_be_told_loses_nothing(own):
    """It fails on what it does not expect; a body that cannot be read is told, whatever the condition."""
    failing = reading(own, b'{"text": "a", "labels": 3}', route="r", when="'x' in labels")
    assert (failing.outcome, failing.translator) == (Outcome.MESSAGE, "own/one")
    assert failing.reason.startswith("[routes.r] when fails, so that the event passes")
    unread = reading(own, b"{", route="r", when="text == 'a'")
    assert (unread.outcome, unread.note) == (Outcome.MESSAGE, Note.UNREADABLE)


def test_the_test_of_a_service_passes_a_condition():
    """It has nothing of what the condition asks for."""
    service = builtin.service("github")
    request = Request(headers={"x-github-event": "ping", "content-type": "application/json"}, body=b'{"zen":"x"}')
    [piece] = interpret(service, Content(request), Wishes(when="ref == 'main'"), DEFAULT).pieces
    assert piece.outcome is Outcome.MESSAGE


@pytest.mark.parametrize(("team", "channel", "told"), [("web", "ops-web", False), ("root", None, True)])
def test_a_payload_chooses_its_channel_among_those_of_the_route(own, team, channel, told):
    """Any other leaves the message where it goes without the rule; that is said beside what else there is to say."""
    found = reading(own, f'{{"team": "{team}"}}'.encode(), route="r", channel_template="ops-{{ team }}",
                    channels=("ops-web",))  # fmt: skip
    [piece] = found.pieces
    assert (piece.channel, [message.channel for message in piece.messages]) == (channel or "", [channel])
    assert ("came out empty; [routes.r] channel gives ops-root" in found.reason) == told


@pytest.mark.parametrize(("now", "muted"), [(99.0, True), (100.0, False), (None, False)])
def test_a_muted_route_ignores_until_its_time(own, now, muted):
    """Without a time nothing is muted."""
    request = Request(headers={"content-type": "application/json"}, body=b'{"text": "a"}')
    found = interpret(own, Content(request), Wishes(route="r", muted_until=100.0), DEFAULT, now)
    reason = "[routes.r] mute_until: the route is muted until 1970-01-01 00:01 UTC"
    assert (found.outcome, found.reason) == ((Outcome.IGNORED, reason) if muted else (Outcome.MESSAGE, ""))


def test_a_muted_route_says_nothing_of_more_events(tmp_path):
    """Of a request with more events than are read."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.yaml").write_text(f"{SERVICE}unwrap: [{{split: events}}]\n")
    service = catalog.load([tmp_path]).services["own"]
    body = b'{"events": [' + b",".join([b"{}"] * 201) + b"]}"
    request = Request(headers={"content-type": "application/json"}, body=body)
    muted = interpret(service, Content(request), Wishes(muted_until=2.0), DEFAULT, 1.0)
    assert {piece.outcome for piece in muted.pieces} == {Outcome.IGNORED}


def test_a_route_shortens_what_any_translator_makes(own):
    """Its own message, the card beside it, and that of the generic translator."""
    body = b'{"text": "one\\n\\ntwo", "more": "three\\nfour"}'
    told = {mode: reading(own, body, verbosity=mode).pieces[0].messages[0] for mode in Verbosity}
    assert [(one.text, [part.text for part in one.attachments]) for one in told.values()] == [
        ("one\nthree", []), ("one", ["three\nfour"]), ("one\n\ntwo", ["three\nfour"]),
    ]  # fmt: skip
    [generic] = reading(own, b'{"message": "Disk full", "host": "a"}', verbosity=Verbosity.TITLE).pieces[0].messages
    assert ("Disk full" in generic.text, generic.attachments) == (True, [])
