"""Tables of callbacks and the catalog: what is alive, and what does not fit."""

import pytest

from gateway import settings
from gateway.callbacks import fit
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.build import build
from gateway.catalog.kinds import Text
from gateway.language.template import Engine
from tests.callbacks.conftest import ASK, texts

CLICK = """
title: Close
answers: action
input: {context: {issue: text}}
settings: {region: eu, owner: null}
request:
  url: "{{ settings.url }}/{{ settings.project | urlencode }}/{{ context.issue | urlencode }}"
  headers: {Authorization: "{{ secrets.key }}"}
"""
CLICK = CLICK.replace("owner: null", "owner: null, project: null")
FORM = """
title: Ask for a name
answers: [action, dialog]
dialog: {title: Name, fields: [{name: name}]}
reply: {message: {text: done}}
"""
HEAR = "title: Hear\nanswers: message\nreply: {message: {text: heard}}\n"
BOTH = "title: Both\nanswers: [outgoing, message]\nreply: {message: {text: yes}}\n"
HERE = '[server]\npublic_url = "https://gate.example.com"\n'
BOT = '[bots.x]\nserver = "https://chat.example.com"\ntoken = "t0kent0kent0kent0kent0kent"\n'
TABLE = '[callbacks.c]\nservice = "acme"\n'


def services(**documents):
    """A service `acme` with these callbacks."""
    service, wrong = build("acme", texts(documents), Engine())
    assert wrong == []
    return {"acme": service}


def told(text, found, kind=fit.faults):
    """What is told of settings: the place, the problem and the remedy of each."""
    known = settings.parse(text, "mattergate.toml", {}, lambda path: "")
    return [str(one).removeprefix("mattergate.toml:") for one in kind(known, found)]


GOOD = {
    "ask": (ASK, TABLE + 'tokens = ["t"]\nserver = "https://chat.example.com"\n'),
    "click": (CLICK, HERE + TABLE + 'url = "https://a.example"\nsettings = {project = "p"}\nsecrets = {key = "k"}\n'),
    "form": (FORM, HERE + TABLE + 'server = "https://chat.example.com"\n'),
    "hear": (HEAR, BOT + TABLE + 'bot = "x"\n'),
    "both": (BOTH, BOT + TABLE + 'bot = "x"\n'),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_fits_is_no_fault(name):
    """Each occasion with what it needs."""
    document, text = GOOD[name]
    assert told(text, services(it=document)) == []
    assert told(text, services(it=document), fit.warnings) == []


@pytest.mark.parametrize(
    ("document", "text", "place", "problem"),
    [
        (ASK, TABLE, "1: callbacks.c.tokens:", "nothing proves that Mattermost calls it (write tokens_file"),
        (ASK, TABLE + 'tokens = ["t"]\nonly = ["if"]', "4: callbacks.c.only[0]:", "no callback 'if' (known here: it)"),
        (ASK, TABLE + 'tokens = ["t"]\nurl = "https://a.example"', "4: callbacks.c.url:", "documents name the host"),
        (ASK, TABLE + 'tokens = ["t"]\nsettings = {a = "b"}', "4: callbacks.c.settings.a:", "takes the setting a"),
        (ASK, TABLE + 'tokens = ["t"]\nsecrets = {a = "b"}', "4: callbacks.c.secrets:", "takes the secret a"),
        (HEAR, TABLE, "1: callbacks.c:", 'nobody hears messages for it (write bot = "NAME"'),
        (FORM, HERE + TABLE, "3: callbacks.c:", "server is missing"),
        (FORM, TABLE + 'server = "https://chat.example.com"', "server:", "public_url is missing"),
        (GOOD["click"][0], GOOD["click"][1].replace("https://a", "http://a"), "5: callbacks.c.url:", "without TLS"),
        (CLICK, GOOD["click"][1].replace("project", "projekt"), "6: callbacks.c.settings", "projekt (did you mean"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_fault(document, text, place, problem):
    """One sentence with its line, its key, and what to do."""
    first = told(text, services(it=document))[0]
    assert place in first
    assert problem in first


def test_everything_that_a_callback_lacks_is_told_at_once():
    """Address, settings that stand in it, and secrets."""
    found = told(HERE + TABLE, services(it=CLICK))
    for part in ("settings: project is missing: it needs it", "url is missing", "secrets: key is missing: it needs it"):
        assert sum(part in one for one in found) == 1, found
    assert len(found) == 3


def test_a_service_without_callbacks():
    """There is nothing to bring to life."""
    (fault,) = told(TABLE, services())
    assert "the service acme has no callbacks" in fault


def test_a_service_that_is_not_there():
    """Unknown ones are told by themselves; tables of those that could not be compiled are left out."""
    known = settings.parse(TABLE, "mattergate.toml", {}, lambda path: "")
    (fault,) = fit.unknown_services(known, ["acne"])
    assert (fault.line, fault.remedy) == (2, 'did you mean "acne"?')
    assert fit.faults(known, {}) == []


def test_a_secret_that_could_not_be_read_is_not_told_twice():
    """The settings said that it is not set."""
    text = GOOD["click"][1].replace('key = "k"', 'key_env = "NOT_SET"')
    with pytest.raises(settings.tables.SettingsError) as error:
        settings.parse(text, "mattergate.toml", {}, lambda path: "")
    assert fit.faults(error.value.partial, services(it=CLICK)) == []


def test_a_callback_that_buttons_reach_does_without_tokens():
    """That its command is refused is a warning."""
    document = ASK.replace("answers: command", "answers: [command, action]")
    text = HERE + TABLE + 'server = "https://chat.example.com"\n'
    assert told(text, services(it=document)) == []
    (warning,) = told(text, services(it=document), fit.warnings)
    assert "commands of it are refused" in warning


def test_what_is_alive():
    """All callbacks of the service, or those that the table names."""
    service = services(one=CLICK, two=HEAR)["acme"]
    table = settings.tables.CallbackSettings(name="c", service="acme")
    assert set(fit.alive(table, service)) == {"one", "two"}
    only = settings.tables.CallbackSettings(name="c", service="acme", only=("two",))
    assert set(fit.alive(only, service)) == {"two"}
    assert set(fit.answering(fit.alive(table, service), Occasion.ACTION)) == {"one"}


def test_answers_that_nothing_carries_when_they_come_late():
    """A command needs the server that it was typed at, a webhook somebody who posts."""
    text = TABLE + 'tokens = ["t"]\n'
    document = ASK.replace("answers: command", "answers: [command, outgoing]")
    found = told(text, services(it=document), fit.warnings)
    assert ["no server is named" in one for one in found] == [True, False]
    assert "nobody is named to post them" in found[1]
    assert told(BOT + text + 'bot = "x"\n', services(it=document), fit.warnings) == []


BUTTON = """
title: An issue
events: [issue]
input: {number: number}
message: {text: "issue {{ number }}"}
actions: [{name: Close, callback: click, context: {issue: "{{ number }}"}, allow: ["role:team_admin"]}]
"""


def test_buttons_that_nobody_may_press():
    """Who may is asked of a bot; those of callbacks that are not alive are no matter."""
    sources = texts({"click": CLICK, "hear": HEAR})
    sources["issue"] = Text("acme/issue", BUTTON, "acme/issue.yaml")
    service, wrong = build("acme", sources, Engine())
    assert wrong == []
    click = '[callbacks.c]\nservice = "acme"\nonly = ["click"]\n'
    (warning,) = told(click, {"acme": service}, fit.warnings)
    assert 'nobody may press "Close" of acme/issue: a bot is asked' in warning
    assert told(BOT + click + 'bot = "x"\n', {"acme": service}, fit.warnings) == []
    assert told(click.replace("click", "hear"), {"acme": service}, fit.warnings) == []
