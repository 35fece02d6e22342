"""What would be done at a server, by what is there: pure decisions about webhooks, commands and tokens."""

from pathlib import Path

import pytest

from gateway.callbacks.connecting import (
    Place,
    command_url,
    commands_of,
    hook_url,
    hooks_of,
    own_commands,
    own_hooks,
    same_place,
    tokens_of,
)
from gateway.mattermost.integrations import Integration, Team
from gateway.secret import Secret
from gateway.settings.callbacks import CallbackSettings
from gateway.settings.tokenfiles import TokenFile
from tests.callbacks.conftest import ASK, compiled

HOME = Team("teamid", "home")
GATE = "https://gate.example.com"
TABLE = CallbackSettings(name="c", service="acme", credentials=(Secret("gate:p/w"),))
PLAIN = CallbackSettings(name="c", service="acme")
URL = hook_url(GATE, PLAIN)
A, B, C = (Secret(f"{letter}-token") for letter in "abc")
NAMES = {"dev": "dev", "ops": "ops"}


def hook(channel="", words=("!a",), url=URL, token=A, **more):
    """A webhook as the server has it."""
    fields = {"id": "h", "team_id": "teamid", "channel_id": channel, "trigger_words": [*words], "trigger_when": 0}
    return Integration({**fields, "callback_urls": [url], "content_type": "application/json", **more}, token)


def planned(places=(), words=(), found=(), table=PLAIN, url=URL):
    """The webhooks of a table: what is done with which, and why."""
    made = hooks_of(table, url, HOME, [Place(one, one) for one in places], words, found, NAMES)
    return [(one.action, one.what, *one.differences) for one in made]


def test_urls_of_a_table():
    """Credentials stand in that of webhooks alone, and count for nothing when one's own are looked for."""
    assert hook_url(GATE, TABLE) == "https://gate:p%2Fw@gate.example.com/out/c"
    assert command_url(GATE, TABLE) == "https://gate.example.com/command/c"
    assert same_place(hook_url(GATE, TABLE), "HTTPS://Gate.example.com/out/c/")
    assert not same_place(URL, "https://gate.example.com/out/d")
    assert own_hooks(URL, [hook(), hook(url="https://other.example.com/out/c")]) == [hook()]
    assert own_commands(URL, [hook()]) == []


def test_webhooks_are_made_once():
    """One for each channel, or one for all; what is there already is left alone."""
    assert planned(("dev",), ("!a",)) == [("create", "outgoing webhook in dev for !a")]
    assert planned((), ("!a",)) == [("create", "outgoing webhook for !a")]
    assert planned(("dev", "ops")) == [
        ("create", "outgoing webhook in dev for every message"),
        ("create", "outgoing webhook in ops for every message"),
    ]
    assert planned(("dev",), ("!a",), [hook("dev")]) == [("nothing", "outgoing webhook in dev for !a")]
    assert planned((), (), [hook("dev")]) == [("nothing", "outgoing webhook in dev for !a")]
    assert planned() == []


def test_what_is_not_asked_for_stays():
    """The words where a channel is asked for, the channel where words are."""
    assert planned((), ("!b",), [hook("dev")]) == [
        ("update", "outgoing webhook in dev for !b", "trigger_words: !a becomes !b")
    ]
    assert planned(("ops",), (), [hook("dev")]) == [
        ("update", "outgoing webhook in ops for !a", "channel_id: dev becomes ops")
    ]


def test_differences_of_a_webhook_without_its_secrets():
    """Its credentials, a token that it lacks, another form of what it sends."""
    url = hook_url(GATE, TABLE)
    (told,) = planned((), (), [hook(content_type="", token=Secret(""))], TABLE, url)
    assert told[2:] == ("content_type: nothing becomes application/json", "credentials in its URL", "it has no token")
    two = hook(callback_urls=["https://other.example.com/x", URL])
    (change,) = hooks_of(TABLE, url, HOME, [], [], [two], {})
    assert change.fields["callback_urls"] == ["https://other.example.com/x", url]


SHAPES = {"ask": compiled(ASK)}


def command(trigger="ask", url=f"{GATE}/command/c", **more):
    """A command as the server has it."""
    fields = {"auto_complete": True, "auto_complete_hint": "", "auto_complete_desc": "Ask", "method": "P"}
    return Integration({"id": "c", "team_id": "teamid", "trigger": trigger, "url": url, **fields, **more}, A)


@pytest.mark.parametrize(
    ("found", "action", "why"),
    [
        (None, "create", ""),
        (command(), "nothing", ""),
        (command(method="G"), "update", "method: G becomes P"),
        (command(url="https://old.example.com/command/c"), "cannot", "old.example.com; if that was this gateway"),
        (command(url="https://x:y@other.example.com/z"), "cannot", "it calls other.example.com"),
    ],
)
def test_commands(found, action, why):
    """Made, changed, left alone; that of somebody else is not touched."""
    (change,) = commands_of(PLAIN, SHAPES, f"{GATE}/command/c", HOME, [found] if found else [])
    step = change.step("callbacks.c")
    assert (step.action, step.what, step.team) == (action, "slash command /ask", "home")
    assert why in step.why


def test_sub_commands_are_one_command():
    """Its completion names them."""
    subs = {sub: compiled(ASK.replace("trigger: ask", f"trigger: ask, sub: {sub}")) for sub in ("when", "who")}
    (change,) = commands_of(PLAIN, subs, f"{GATE}/command/c", HOME, [])
    assert change.fields["auto_complete_hint"] == "[when|who|help]"
    assert change.fields["auto_complete_desc"] == "Try /ask help"


def file(name, token=None):
    """A token file."""
    return TokenFile(name, Path(name), token)


def kept(known, files, found):
    """The token for what is new, and what is written where."""
    made = tokens_of(known, files, found, lambda: Secret("fresh"))
    return made.new.reveal(), [(one and one.named, token.reveal()) for one, token in made.writes]


def test_tokens_of_a_table():
    """What the server has is kept; a file is written over when it is empty, or the server knows its token no more."""
    assert kept([], [], []) == ("fresh", [(None, "fresh")])
    assert kept([], [file("f")], []) == ("fresh", [("f", "fresh")])
    assert kept([A], [file("f", A)], []) == ("a-token", [])
    assert kept([A], [file("f", A)], [A]) == ("a-token", [])
    assert kept([], [file("f")], [B]) == ("b-token", [("f", "b-token")])
    assert kept([A, B], [file("f", A), file("g", B)], [B, C]) == ("b-token", [("f", "c-token")])
    assert kept([A], [], [B]) == ("b-token", [(None, "b-token")])
    assert kept([A], [file("f", A)], [B, Secret("")]) == ("b-token", [("f", "b-token")])
