"""What is in the payloads of deliveries, and what of it is shown."""

import msgspec

from gateway.acts.stored import StoredAct, StoredResponse, encode
from gateway.callbacks.smoothing import Occasion
from gateway.console.payloads import act_of, messages, opened, parts
from gateway.model import Card, CardMode, Delivery

URL = "https://chat.example.com/hooks/commands/a1b2c3d4e5f6g7h8i9j0k1l2m3"
ACT = encode(StoredAct("ask", Occasion.COMMAND, {"text": "now"}, URL))
BODY = {"response_type": "ephemeral", "text": "one", "extra_responses": [{"text": "two"}]}
RESPONSE = encode(StoredResponse(URL, msgspec.Raw(msgspec.json.encode(BODY))))


def test_each_kind_is_told_apart():
    """Acts and later answers are opened; a message is none, and neither is what an older version stored."""
    found = act_of(ACT)
    assert found is not None
    assert found.callback == "ask"
    assert isinstance(opened(RESPONSE), StoredResponse)
    assert act_of(RESPONSE) is None
    assert all(opened(payload) is None for payload in (b"", b'{"text": "x"}', b'{"type":"other"}', b'{"type":'))


def test_messages_are_shown_and_what_lets_one_act_is_not():
    """A later answer is its messages without its URL, an act is none, and a button does not say where it leads."""
    assert parts(ACT) == []
    assert parts(RESPONSE) == [{"response_type": "ephemeral", "text": "one"}, {"text": "two"}]
    assert parts(b'{"type":"other","url":"x"}') == []
    button = {"id": "a1", "name": "Ack", "integration": {"url": "https://g/action/SECRET", "context": {"ticket": "t"}}}
    shown = parts(msgspec.json.encode({"attachments": [{"actions": [button]}]}))
    assert shown == [{"attachments": [{"actions": [{"id": "a1", "name": "Ack", "integration": "<secret>"}]}]}]
    assert parts(b"no JSON") == [{}]


def test_each_message_is_there_once():
    """With the deliveries that carry it, and the card of them apart."""
    card = Card("s", CardMode.UPDATE, payload='{"text": "card"}')
    deliveries = [Delivery(number, "e", 0.0, "ops", "l", b'{"text": "x"}', card=card) for number in (1, 2)]
    found = [(one.payload["text"], list(one.deliveries), one.card) for one in messages(deliveries)]
    assert found == [("x", [1, 2], False), ("card", [1, 2], True)]
