"""Signed tokens of requests: what they say, how long they live, and that nothing shows them."""

import jwt
import pytest

from gateway.callbacks.given import Given
from gateway.secret import Secret
from tests.callbacks.conftest import compiled, problems
from tests.callbacks.test_document import ASKED

NOW = 1_767_268_800.0
TOKEN = """
title: Ask
answers: message
optional_secrets: [unused]
request:
  url: https://bot.example.com/
  auth:
    jwt: HS256
    secret: signing
    claims: {app: "{{ secrets.id }}", sub: "{{ user.name }}", roles: ["{{ gone }}", all]}
    lifetime: 10m
  headers: {X-Unused: "{{ secrets.unused }}"}
reply: {message: {text: "{{ answer.text }}"}}
"""
GIVEN = Given({}, {"id": Secret("client-7"), "signing": Secret("a secret to sign with")}, NOW)


def test_a_token_says_its_claims_and_when_it_was_made():
    """What is missing is left out; the secret signs, and is not sent."""
    callback = compiled(TOKEN)
    sent = callback.act(ASKED, GIVEN).request.reveal()
    prefix, _, token = sent.headers["Authorization"].partition(" ")
    with pytest.warns(match="key"):  # shorter than one should be
        claims = jwt.decode(token, "a secret to sign with", ["HS256"], options={"verify_exp": False})
    assert prefix == "Bearer"
    assert claims == {"app": "client-7", "sub": "ann", "roles": ["all"], "iat": int(NOW), "exp": int(NOW) + 600}
    assert callback.secrets == {"id", "signing"}
    assert "X-Unused" not in sent.headers


def test_nothing_shows_a_token():
    """Who has it may ask the service."""
    act = compiled(TOKEN).act(ASKED, GIVEN)
    assert act.request.shown.headers["Authorization"] == "Bearer <secret>"
    assert "eyJ" not in repr(act)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Given({}, GIVEN.secrets), "nobody says what time it is"),
        (Given({}, {"id": Secret("client-7")}, NOW), "the secret 'signing', which signs its token, is missing"),
    ],
)
def test_without_time_or_secret_there_is_no_token(given, why):
    """And nobody is asked."""
    act = compiled(TOKEN).act(ASKED, given)
    assert act.request is None
    assert why in act.problem


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("lifetime: 10m", "lifetime: 2d", "at most"),
        ("lifetime: 10m", "lifetime: soon", "request/auth/lifetime"),
        ("X-Unused: ", "authorization: ", "leave one of them out"),
        ("user.name", "user.nme", "`user` has no key `nme`"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(old, new, why):
    """With its place."""
    assert why in "\n".join(problems(TOKEN.replace(old, new)))
