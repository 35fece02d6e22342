"""Requests: rendered twice where they have secrets, once to be sent and once to be shown."""

import pickle

import pytest

from gateway.callbacks.answer import OutsideAnswer
from gateway.callbacks.given import Given
from gateway.callbacks.request import RequestShape
from gateway.callbacks.smoothing import Occasion, Said
from gateway.catalog.scope import ALONE
from gateway.errors import TranslationError
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Engine
from gateway.secret import Secret
from tests.callbacks.conftest import compiled

GIVEN = Given({"url": "https://ci.example.com/ci"}, {"key": Secret("k3y-k3y-k3y")})


def shape(**raw) -> RequestShape:
    """The compiled request of these keys."""
    noted = []
    made = RequestShape(raw, Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), noted), ALONE)
    assert noted == []
    return made


def test_a_secret_is_in_what_is_sent_and_never_in_what_is_shown():
    """In query, headers and body; a request can be neither printed nor pickled with one."""
    made = shape(
        url="{{ settings.url }}/run?a=1",
        query={"key": "{{ secrets.key }}"},
        headers={"X-Key": "{{ secrets.key }}", "content-type": "application/x-own"},
        text="{{ secrets.key }} {{ text }}",
        timeout="3s",
    ).render({"text": "a\nb"}, GIVEN)
    sent = made.reveal()
    assert sent.url == "https://ci.example.com/ci/run?a=1&key=k3y-k3y-k3y"
    assert sent.headers == {"X-Key": "k3y-k3y-k3y", "content-type": "application/x-own"}
    assert sent.body == b"k3y-k3y-k3y a\nb"
    assert (made.host, made.timeout, made.repeat) == ("ci.example.com", 3.0, "never")
    assert made.shown.headers["X-Key"] == "<secret>"
    assert "k3y" not in f"{made!r} {made.shown}"
    with pytest.raises(TypeError):
        pickle.dumps(made)


def test_a_header_is_one_line():
    """No value of a payload begins another header."""
    made = shape(url="https://a.example/", headers={"X-By": "by {{ text }}"}).render({"text": "a\r\nX-Admin: 1"}, GIVEN)
    assert made.reveal().headers == {"X-By": "by a X-Admin: 1"}


@pytest.mark.parametrize(
    "raw",
    [
        {"url": "https://a.example/{{ gone | urlencode }}"},
        {"url": "https://a.example/", "headers": {"A": "{{ 1 / secrets.key }}"}},
        {"url": "https://a.example/", "text": "{{ long }}"},
        {"url": "https://a.example/", "query": {"a": "{{ long }}"}},
    ],
)
def test_a_request_that_cannot_be_made_says_why_without_secrets(raw):
    """With the place in the document."""
    with pytest.raises(TranslationError, match=r"acme/callbacks/it#/(request|headers)") as raised:
        shape(**raw).render({"long": "x" * 1_100_000}, GIVEN)
    assert "k3y" not in str(raised.value)


def test_what_is_made_of_secrets_is_masked_where_a_service_repeats_it():
    """A token that was signed for it, and a name and password as one text, in its headers, too."""
    headers = "{X-Basic: \"Basic {{ concat(secrets.user, ':', secrets.key) | base64 }}\"}"
    callback = compiled(f"""
title: Ask
answers: command
command: {{trigger: ask}}
request:
  url: https://api.example.com/
  headers: {headers}
  auth: {{jwt: HS256, secret: key}}
reply: {{message: {{text: "{{{{ answer.text }}}} {{{{ answer.headers.location }}}}"}}}}
""")
    given = Given({}, {"user": Secret("ann"), "key": Secret("k3y-of-the-service")}, 1.0)
    act = callback.act(Said(Occasion.COMMAND, {"text": ""}), given)
    sent = act.request.reveal().headers
    token, basic = sent["Authorization"].split()[1], sent["X-Basic"].split()[1]
    answer = OutsideAnswer(200, {"location": f"/?t={token}"}, f"got {token} and {basic}".encode())
    text = callback.reply(act, answer).messages[0].message.text
    assert text.replace("\u200b", "") == "got <secret> and <secret> /?t=<secret>"
