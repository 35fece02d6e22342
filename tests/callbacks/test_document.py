"""Callback documents: what one does in its two steps, and what `check` says of those that cannot be meant."""

import pytest

from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.given import Given
from gateway.callbacks.reply import To
from gateway.callbacks.smoothing import Occasion, Said
from gateway.secret import Secret
from tests.callbacks.conftest import ASK, compiled, problems

DEPLOY = """
title: Deploy *it*
answers: [command, action]
command: {trigger: deploy, sub: now}
input: {words?: [text], context?: {service: text}}
settings: {url: "https://ci.example.com", branch: main, extra: }
let: {service: "{{ context.service or words | first }}"}
request:
  url: "{{ settings.url }}/jobs/{{ service | urlencode }}"
  headers:
    Authorization: "Basic {{ concat(secrets.user, ':', secrets.token) | base64 }}"
    X-Extra: "{{ settings.extra }}"
  json: {branch: "{{ settings.branch }}", by: "{{ user.name }}"}
  answer: {number: number}
reply:
  - {when: answer.json.number > 100, to: channel, message: {text: "many"}}
  - message: {text: "{{ service }} is number {{ answer.json.number }} {{ answer.json.echo }}"}
"""
GIVEN = Given({"branch": "next"}, {"user": Secret("hook-user"), "token": Secret("s3cr3t-token")})
OK = OutsideAnswer(200, {"content-type": "application/json"}, b'{"number": 7, "echo": "s3cr3t-token"}')
ASKED = Said(Occasion.COMMAND, {"text": "api", "words": ["api"], "user": {"name": "ann"}})


def text_of(reply) -> str:
    """The text of a reply with one message."""
    (one,) = reply.messages
    return one.message.text


def test_a_request_is_made_of_what_was_said_and_what_the_settings_give():
    """Settings win over the defaults of the document, and a header without its value is left out."""
    callback = compiled(DEPLOY)
    act = callback.act(ASKED, GIVEN)
    sent = act.request.reveal()
    assert (sent.method, sent.url) == ("POST", "https://ci.example.com/jobs/api")
    assert sent.headers == {
        "Authorization": "Basic aG9vay11c2VyOnMzY3IzdC10b2tlbg==",
        "Content-Type": "application/json",
    }
    assert sent.body == b'{"branch":"next","by":"ann"}'
    assert (callback.secrets, callback.by_settings) == ({"user", "token"}, True)


def test_nothing_prints_a_secret():
    """Neither the act nor its request, nor a reply to a service that repeats what it was sent."""
    callback = compiled(DEPLOY)
    act = callback.act(ASKED, GIVEN)
    reply = callback.reply(act, OK)
    assert "s3cr3t" not in repr(act) + repr(act.request) + repr(act.request.shown) + repr(reply)
    assert text_of(reply) == "api is number 7 <\u200bsecret>"


def test_the_first_reply_that_holds_is_taken():
    """And without a `when`, it holds; it goes where the occasion sends it."""
    callback = compiled(DEPLOY)
    act = callback.act(ASKED, GIVEN)
    assert callback.reply(act, OutsideAnswer(200, {}, b'{"number": 101}')).to is To.CHANNEL
    assert callback.reply(act, OK).to is To.CALLER


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (OutsideAnswer(503), "ci.example.com answered 503 Service Unavailable"),
        (OutsideAnswer(200, {"content-type": "text/html"}, b"<html>"), "ci.example.com answered no JSON but text/html"),
        (OutsideAnswer(200, {}, b"{}"), "number is required"),
        (NoAnswer("ci.example.com did not answer within 10 s"), "did not answer within 10 s"),
    ],
)
def test_what_fails_is_said(answer, problem):
    """To the caller alone, in words that name the callback; the title and the problem are no Markdown."""
    callback = compiled(DEPLOY)
    reply = callback.reply(callback.act(ASKED, GIVEN), answer)
    assert problem in reply.problem
    assert reply.to is To.CALLER
    assert text_of(reply).startswith(r"Deploy \*it\*: that did not work: ")


def test_a_document_says_of_its_failures_what_it_likes():
    """And where nothing is left of that, the usual text says it."""
    callback = compiled(ASK + "failure: {message: {text: 'no: {{ problem }} {{ answer.text }}'}}\n")
    act = callback.act(Said(Occasion.COMMAND, {"text": "x"}))
    assert text_of(callback.reply(act, OutsideAnswer(500, {}, b"why"))) == (
        "no: api.example.com answered 500 Internal Server Error why"
    )
    assert text_of(callback.reply(act, NoAnswer("gone"))) == "Ask: that did not work: gone"


def test_what_is_needed_and_missing_asks_nobody():
    """The reply says what the input lacks."""
    callback = compiled(ASK.replace("request:", "input: {context: {incident: text}}\nrequest:"))
    act = callback.act(Said(Occasion.COMMAND, {"text": "x"}))
    assert act.request is None
    assert "context is required" in callback.reply(act).problem


def test_a_template_that_fails_is_a_failure():
    """Of the request and of the reply alike; nothing is raised, and nothing is silent."""
    callback = compiled(ASK.replace('"{{ text }}"', '"{{ 1 / text }}"'))
    act = callback.act(Said(Occasion.COMMAND, {"text": "x"}))
    assert "acme/callbacks/it#/request/json/text" in act.problem
    assert callback.reply(act).messages
    callback = compiled(ASK.replace("answer.json.text", "1 / answer.json.text"))
    reply = callback.reply(callback.act(Said(Occasion.COMMAND, {"text": "x"})), OutsideAnswer(200, {}, b'{"text":"a"}'))
    assert "#/reply/message/text" in reply.problem
    assert reply.messages


def test_a_web_page_is_no_answer_that_can_be_shown():
    """It comes from a sign-in or proxy; a document that shows nothing of the answer does not mind."""
    page = OutsideAnswer(200, {"content-type": "text/html; charset=utf-8"}, b"<html>Sign in</html>")
    said = Said(Occasion.COMMAND, {"text": "x"})
    shows, minds_not = compiled(ASK), compiled(ASK.replace("{{ answer.json.text }}", "done"))
    assert "a web page" in shows.reply(shows.act(said), page).problem
    assert text_of(minds_not.reply(minds_not.act(said), page)) == "done"


def test_a_dialog_is_opened_before_anything_is_asked():
    """The command opens it, its submission sends the request; one that was cancelled sends none."""
    callback = compiled(
        """
title: Deploy
answers: [command, dialog]
command: {trigger: deploy}
dialog: {title: "Deploy {{ text }}", fields: [{name: version}], on_cancel: true}
request: {url: "https://ci.example.com/", form: {version: "{{ submission.version }}"}}
"""
    )
    opened = callback.act(Said(Occasion.COMMAND, {"text": "api"}))
    assert (opened.dialog["title"], opened.request) == ("Deploy api", None)
    sent = callback.act(Said(Occasion.DIALOG, {"submission": {"version": "1 2"}, "cancelled": False}))
    assert (sent.dialog, sent.request.reveal().body) == (None, b"version=1+2")
    assert callback.act(Said(Occasion.DIALOG, {"submission": {}, "cancelled": True})).request is None


SHARED = """
shapes: {job: {text: text}}
callbacks:
  settings: {url: "https://ci.example.com", zone: eu}
  request:
    headers: {Authorization: "Bearer {{ secrets.token }}", X-Zone: "{{ settings.zone }}"}
    query: {zone: "{{ settings.zone }}"}
    timeout: 5s
    answer: job
"""


def test_what_all_callbacks_of_a_service_have_is_said_once():
    """Each may say otherwise: of headers, parameters and settings one by one, of the rest as a whole."""
    own = ASK.replace("https://api.example.com/ask", "{{ settings.url }}/ask").replace(
        "json:", "headers: {X-Zone: a}, json:"
    )
    callback = compiled(own + "settings: {zone: us}\n", shared=SHARED)
    request = callback.act(Said(Occasion.COMMAND, {"text": "x"}), Given({}, {"token": Secret("s3cr3t-token")})).request
    sent = request.reveal()
    assert (sent.url, request.timeout) == ("https://ci.example.com/ask?zone=us", 5.0)
    assert (sent.headers["X-Zone"], sent.headers["Authorization"]) == ("a", "Bearer s3cr3t-token")
    assert callback.secrets == {"token"}
    assert problems(own.replace("{{ answer.json.text }}", "{{ answer.json.nme }}"), shared=SHARED) == [
        "6 reply/message/text: `answer.json` has no key `nme`"
    ]


BASE = "title: It acts\nanswers: action\n"
POST = 'request: {url: "https://api.example.com/", '
FORM = "title: Form\nanswers: command\ncommand: {trigger: form}\ndialog:\n  title: Form\n"
FAULTS = {
    BASE + 'request: {url: "{{ context.url }}/x"}': "3 request/url: the host of a request stands in the document",
    BASE + 'request: {url: "https://{{ context.host }}/x"}': "3 request/url: the host of a request",
    BASE + 'request: {url: "https://api.example.com{{ context.host }}"}': "3 request/url: the host of a request",
    BASE + 'request: {url: "https://a@api.example.com/"}': "3 request/url: the host of a request",
    BASE + 'request: {url: "https://api.example.com/{{ option }}"}': "3 request/url: a value in a URL might lead",
    BASE + 'request: {url: "https://api.example.com/{{ secrets.a | urlencode }}"}': "3 request/url: URLs are logged",
    BASE + "reply: {message: {text: 'a {{ secrets.token }}'}}": "3 reply/message/text: secrets.token would be shown",
    BASE + "let: {a: '{{ secrets }}'}\nreply: {message: {text: a}}": "3 let/a: secrets would be shown",
    BASE + "reply: {when: secrets.a, message: {text: a}}": "3 reply/when: secrets.a would be shown",
    BASE + POST + "headers: {A: '{{ secrets | length }}'}}": "3 request/headers/A: write which secret: secrets.NAME",
    "title: It acts\nanswers: [action, click]\nreply: {}": "2 answers/1: there is no 'click' here",
    BASE + POST + "method: GET, json: {a: 1}}": "3 request/json: a GET has no body",
    BASE + POST + "form: {b: 1}, json: {a: 1}}": "3 request/form: a request has one body, and json is one already",
    BASE + POST + "headers: {Host: a}}": "3 request/headers/Host: the connection decides",
    BASE + POST + "timeout: 2m}": "3 request/timeout: a request takes 1 min at most",
    BASE + POST + "json: {a: '{{ settings.b }}'}}": "3 request/json/a: settings.b is not in `settings`",
    BASE + POST + "json: {a: '{{ contxt.b }}'}}": "3 request/json/a: nothing here is called `contxt`",
    BASE + "input: {contxt: map}\nreply: {message: {text: a}}": "3 input/contxt: nothing that is said or clicked",
    "title: It acts\nanswers: outgoing\nreply: {to: caller, message: {text: a}}": "3 reply/to: a reply to an out",
    "title: It acts\nanswers: command\nreply: {message: {text: a}}": "2 answers: a document that answers a",
    BASE + "command: {trigger: a}\nreply: {message: {text: a}}": "3 command: it answers no command",
    ASK.replace("ask}", "ask, sub: help}"): "4 command/sub: `help` is made from all",
    FORM + "  fields: [{name: a}]": "4 dialog: nobody answers this dialog",
    FORM + "  callback: done\n  fields: [{name: a}]": "6 dialog/callback: the service has no callback 'done'",
    FORM
    + "  callback: ask\n  fields: [{name: a}]": "6 dialog/callback: callbacks/ask.yaml does not do that: it would be",
    FORM.replace("command\nc", "[command, dialog]\nc")
    + "  fields: [{name: a, type: select, options_from: sak}]": "6 dialog/fields/0/options_from: the service has no "
    "callback 'sak'; did you mean ask?",
    ASK + "failure: {message: {text: '{{ problm }}'}}\n": "7 failure/message/text: nothing here is called `problm`",
}


@pytest.mark.parametrize("text", FAULTS)
def test_what_cannot_be_meant_is_told_with_its_place(text):
    """Each is one fault, at the line and key where the author looks."""
    found = problems(text, ask=ASK.replace("trigger: ask", "trigger: other"))
    assert len(found) == 1, found
    assert FAULTS[text] in found[0], found


def test_sub_commands_must_not_collide():
    """Two documents of one trigger and word: one of them would never answer."""
    again = ASK.replace("trigger: ask", "trigger: ASK")
    assert problems(ASK, other=again) == ["4 command: it answers `/ask` already"]
    assert problems(ASK, other=ASK.replace("ask}", "ask, sub: more}")) == []
