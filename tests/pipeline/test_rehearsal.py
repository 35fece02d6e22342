"""Samples go the whole way: proof, handshake, delivery id, duplicates, translation, card."""

import msgspec
import pytest

from gateway.catalog import catalog
from gateway.pipeline.expectation import Answer, Expectation, differences
from gateway.pipeline.rehearsal import doubtful, rehearse, written
from gateway.pipeline.sample import parse

SERVICE = """
name: Items
docs: https://example.com
setup: Nothing to set up here.
event: [{json: kind}]
delivery_id: [{header: X-Id}, {json: number, default: "-"}]
ignore: [dull]
verify:
  - {header: X-Token}
  - {hmac: sha256, header: X-Sig, timestamp: {header: X-Time}, message: [timestamp, ".", body]}
handshake:
  - {when: {json: {kind: hello}, signed: true}, take: {json: word}, reply: {body: {word: "{value}"}}}
"""
TRANSLATOR = """
title: An item
events: [item, other]
input: {type: object, required: [box], properties: {box: {type: string}, number: {type: integer}}}
subject: "{{ box }}"
phase: "{{ 'open' if number == 1 else 'close' }}"
card: item
message: {text: "{{ box }} {{ number }}"}
"""
CARD = """title: An item
message: {text: 'all of {{ box }}'}
actions: [{name: Close, callback: other/close, when: number == 1, context: {box: "{{ box }}"}}]
"""
CLOSE = {"name": "Close", "callback": "other/close", "context": {"box": "a"}}


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    """Give the service `items`."""
    folder = tmp_path_factory.mktemp("catalog")
    (folder / "items" / "cards").mkdir(parents=True)
    (folder / "items" / "service.yaml").write_text(SERVICE)
    (folder / "items" / "item.yaml").write_text(TRANSLATOR)
    (folder / "items" / "cards" / "item.yaml").write_text(CARD)
    known = catalog.load([folder])
    assert not known.faults
    return known.services["items"]


def found(items, text):
    """What becomes of a sample; `expect` is added to its text."""
    return rehearse(parse(text + "\nexpect: {outcome: message}", "a sample"), items).found


ITEM = "request: {headers: {X-Id: a1}, body: {kind: item, box: a, number: 1}}"


@pytest.mark.parametrize(
    "how", ["secret: s", "secret: s\nsign: 1", "{}", "secret: s\nsign: X-Sig\nat: 2026-02-03T12:00:00Z"]
)
def test_a_request_goes_the_whole_way(items, how):
    """It is signed by either scheme, or sent to an open route; what it becomes is told in full."""
    assert found(items, ITEM if how == "{}" else f"{how}\n{ITEM}") == Expectation(
        "message",
        translator="items/item",
        event="item",
        delivery_id="a1 1",
        subject="a",
        phase="open",
        reason="",
        messages=[{"text": "a 1", "username": "Items"}],
        card={"text": "all of a", "username": "Items"},
        actions=[CLOSE],
    )


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("secret: s\nsigned_with: other", "wrong_secret"),
        ("secret: s\nsign: 1\nsigned_with: other", "wrong_secret"),
        ("secret: s\nsign: false", "unsigned"),
    ],
)
def test_a_request_that_proves_nothing_is_refused(items, how, cause):
    """With its cause, and the reason in words."""
    refused = found(items, f"{how}\n{ITEM}")
    assert (refused.outcome, refused.cause, bool(refused.reason)) == ("refused", cause, True)


KEYS = {
    "pinned": "{ed25519: true, header: X-Sig, also: secret, message: [body, {header: X-Id}],"
    " public_key: whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=}",
    "fetched": '{ecdsa: sha256, header: X-Sig, also: secret, keys: {pem: "https://keys.example.com/a.pem"}}',
    "token": '{jwt: RS256, header: X-Sig, audience: secret, keys: {jwks: "https://keys.example.com/jwks"}}',
    "of the route": "{rsa: sha256, style: pss, header: X-Sig}",
}


@pytest.mark.parametrize("scheme", KEYS.values(), ids=KEYS)
def test_a_request_is_signed_with_a_pair_of_keys(tmp_path, scheme):
    """Its own, without network; another word signs with another pair, and a public key with none."""
    (tmp_path / "keyed").mkdir()
    described = "name: Keyed\nsetup: Nothing to set up here.\nevent: [{json: kind}]\n"
    (tmp_path / "keyed" / "service.yaml").write_text(f"{described}verify: [{scheme}]\n")
    keyed = catalog.load([tmp_path]).services["keyed"]
    text = "secret: a word\nrequest: {body: {title: t}}"
    assert (found(keyed, text).outcome, found(keyed, text).duplicate) == ("message", True)
    assert found(keyed, f"signed_with: another\n{text}").cause == "wrong_secret"
    assert found(keyed, f"sign: false\n{text}").cause == "unsigned"
    with pytest.raises(ValueError, match="a public key, which signs nothing"):
        found(keyed, text.replace("a word", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="))


def test_a_signed_time_is_the_time_of_the_clock_unless_another_is_given(items):
    """Half an hour later the signature is stale."""
    text = "secret: s\n%srequest: {headers: {X-Time: '1769868300'}, body: {kind: item, box: a, number: 2}}"
    assert found(items, text % "").outcome == "message"
    assert found(items, text % "at: 2026-01-31T14:35:00Z\n").cause == "stale"
    assert found(items, "request: {method: DELETE}").cause == "method"
    assert found(items, "request: {headers: {Content-Encoding: gzip}, body: x}").outcome == "refused"


def test_a_handshake_is_answered(items):
    """Its answer is told, and only whoever is authentic gets one."""
    text = "request: {body: {kind: hello, word: w}}"
    assert found(items, f"secret: s\n{text}") == Expectation(
        "answered", answer=Answer(type="application/json", body={"word": "w"})
    )
    assert found(items, f"secret: s\nsign: false\n{text}").outcome == "refused"


@pytest.mark.parametrize(
    ("url", "outcome", "note"),
    [
        ("https://sns.eu-west-1.amazonaws.com/?Token=1", "answered", None),
        ("https://sns.example.com/?Token=1", "message", "unconfirmed"),
        ("http://sns.eu-west-1.amazonaws.com/", "message", "unconfirmed"),
    ],
)
def test_a_subscription_is_confirmed_on_hosts_of_the_document(tmp_path, url, outcome, note):
    """Nothing is fetched; where nothing would be, it is told as in the channel."""
    (tmp_path / "topic").mkdir()
    described = (
        "name: Topic\nsetup: Enter the URL.\nhandshake: [{when: {json: {Type: Confirm}, signed: true}, "
        'take: {json: URL}, effect: fetch, hosts: ["sns.*.amazonaws.com"]}]\n'
    )
    (tmp_path / "topic" / "service.yaml").write_text(described)
    topic = catalog.load([tmp_path]).services["topic"]
    said = found(topic, f"secret: s\nrequest: {{body: {{Type: Confirm, URL: '{url}'}}}}")
    assert (said.outcome, said.note, said.duplicate) == (outcome, note, True)


def test_a_message_that_replies_to_its_card_is_told(tmp_path):
    """The card stays as it is."""
    (tmp_path / "notes" / "cards").mkdir(parents=True)
    (tmp_path / "notes" / "service.yaml").write_text(SERVICE)
    (tmp_path / "notes" / "item.yaml").write_text(TRANSLATOR.replace("card: item", "card: {reply: item}"))
    (tmp_path / "notes" / "cards" / "item.yaml").write_text(CARD)
    notes = catalog.load([tmp_path]).services["notes"]
    said = found(notes, "secret: s\nrequest: {body: {kind: item, box: a, number: 2}}")
    assert (said.phase, said.card) == ("close", {"reply": True})


def test_a_repeat_that_is_not_recognised_is_told(items, monkeypatch):
    """A delivery id that changes with each attempt is none."""
    assert found(items, f"secret: s\n{ITEM}").duplicate
    counted = iter(range(10))
    monkeypatch.setattr(items, "delivery_key", lambda *_: f"id {next(counted)}")
    assert not found(items, f"secret: s\n{ITEM}").duplicate


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("{kind: item, box: a, number: 1}", "outcome: message", ""),
        ("{kind: dull}", "outcome: message", ""),
        ("{kind: strange}", "outcome: message", "write `note: unknown`"),
        ("{kind: strange}", "outcome: message, note: unknown", ""),
        ("{kind: item, box: {a: 1}}", "outcome: message", "write `note: mismatch`"),
        ("{kind: item, box: a, number: 1}", "outcome: refused", "expects that the request is refused"),
    ],
)
def test_a_doubtful_outcome_is_told(items, body, expected, why):
    """What the generic translator says is no expectation, unless the sample says that it is."""
    one = parse(f"request: {{body: {body}}}\nexpect: {{{expected}}}", "a sample")
    told = doubtful(one.expect, rehearse(one, items).found)
    assert (why in told) if why else not told
    assert "write `note: untitled`" in doubtful(Expectation("message"), Expectation("message", note="untitled"))
    assert "write `outcome: refused`" in doubtful(Expectation("message"), Expectation("refused", reason="r"))
    reply = Expectation("message", card={"reply": True}, reason="the card stays as it is: why")
    assert "it expects a card, and the card stays as it is: why" in doubtful(Expectation("message", card={}), reply)
    assert not doubtful(Expectation("message", card={"reply": True}), reply)


def test_what_is_written_is_what_can_be_otherwise(items):
    """The reason names lines of documents: it is written where the sample has a part of it, as it stands there."""
    one = parse("request: {body: {kind: dull}}\nexpect: {outcome: ignored, reason: ignores}", "a sample")
    done = written(one, rehearse(one, items).found, items)
    assert (done.reason, done.delivery_id, done.messages) == ("ignores", "", [])


def test_a_sample_shows_the_buttons_of_its_card(items):
    """Those that are offered; that there are none is written where the document may have some."""
    opened, closed = found(items, ITEM), found(items, ITEM.replace("number: 1", "number: 2"))
    assert (opened.actions, closed.actions) == ([CLOSE], [])
    assert differences(Expectation("message", actions=[]), opened)
    assert not differences(Expectation("message", actions=opened.actions), opened)
    one = parse(f"{ITEM}\nexpect: {{outcome: message}}", "a sample")
    assert written(one, closed, items).actions == []
    assert written(one, msgspec.structs.replace(closed, translator="generic"), items).actions is None
