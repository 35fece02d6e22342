"""What proves that Mattermost calls: tokens, credentials in the URL of a webhook, secrets in the path of a click."""

from base64 import b64encode

import pytest

from gateway.acts.proofs import prove_path, prove_token, prove_webhook
from gateway.callbacks.buttons import path_secrets
from gateway.errors import Refused
from gateway.journal.keyrings import RingKey
from gateway.model import Cause, Request
from gateway.secret import Secret
from gateway.settings.callbacks import CallbackSettings

OLD, NEW = Secret("0ld-t0ken"), Secret("new-t0ken")
TABLE = CallbackSettings(name="c", service="acme", tokens=(OLD, NEW), credentials=(Secret("gate:p w"),))
PLAIN = CallbackSettings(name="c", service="acme", tokens=(OLD,))


def request(authorization=""):
    """A request with this header."""
    headers = {"authorization": authorization} if authorization else {}
    return Request("POST", headers, {}, b"", "", "http://gate.example.com/out/c")


def basic(text):
    """The header of a URL's user name and password."""
    return f"Basic {b64encode(text.encode()).decode()}"


def test_one_of_several_tokens_does():
    """As during a rotation."""
    for token in (OLD, NEW):
        prove_token(TABLE, token)
        prove_webhook(TABLE, request(basic("gate:p w")), token)
    prove_webhook(PLAIN, request(), OLD)


@pytest.mark.parametrize(
    ("table", "token", "cause", "why"),
    [
        (TABLE, None, Cause.UNSIGNED, "has no token"),
        (TABLE, Secret("gu3ss"), Cause.WRONG_SECRET, "fits none of"),
        (CallbackSettings(name="c", service="acme"), OLD, Cause.WRONG_SECRET, "nobody can call"),
    ],
)
def test_a_call_that_proves_nothing(table, token, cause, why):
    """It is refused with 401, and the reason has no secret."""
    with pytest.raises(Refused) as error:
        prove_token(table, token)
    assert (error.value.status, error.value.cause) == (401, cause)
    assert why in error.value.why
    assert not [one for one in ("0ld", "gu3ss") if one in f"{error.value} {error.value.why}"]


@pytest.mark.parametrize("header", ["", basic("gate:gu3ss"), "Basic !", "Basic /w==", "Bearer abc"])
def test_credentials_are_a_second_secret_of_webhooks(header):
    """A command brings none: Mattermost writes its token in their place."""
    with pytest.raises(Refused) as error:
        prove_webhook(TABLE, request(header), NEW)
    assert "user name and password" in error.value.why
    prove_token(TABLE, NEW)


def test_the_path_of_a_click():
    """Its secret follows from the keys that sign tickets."""
    keys = [RingKey("k", b"0" * 32, 0.0, 0.0)]
    (secret, *_) = path_secrets(keys, "action")
    prove_path(secret, "action", keys)
    for given, door in ((secret, "dialog"), ("gu3ss", "action")):
        with pytest.raises(Refused) as error:
            prove_path(given, door, keys)
        assert "wrong secret" in error.value.why
