"""How the stand-in says no: ids and error documents."""

import msgspec
import pytest

from gateway.standin.refusal import RefusedError, answer_headers, bad_address, bad_body, document, new_id, permissions
from gateway.standin.server import StandIn


def test_hooks_have_ids_like_the_real_ones():
    """26 characters of lower-case base32."""
    hook = StandIn().add_hook()
    assert len(hook) == 26
    assert hook.isalnum()


def test_ids_differ():
    """A thousand of them are a thousand."""
    assert len({new_id() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("error", "status", "error_id", "detail"),
    [
        (permissions("create_post"), 403, "api.context.permissions.app_error", "permission=create_post"),
        (bad_body("post"), 400, "api.context.invalid_body_param.app_error", "post"),
        (bad_address("channel_id"), 400, "api.context.invalid_url_param.app_error", "channel_id"),
        (RefusedError(501, "x", "why"), 501, "x", "why"),
    ],
)
def test_a_refusal_is_a_document_that_tells_developers_more(error, status, error_id, detail):
    """The detail is for developers alone; the id of the request is that of its header."""
    for developer in (True, False):
        answer = document(error, developer=developer)
        told = msgspec.json.decode(answer.body)
        assert (answer.status, told["status_code"], told["id"]) == (status, status, error_id)
        assert told["detailed_error"] == (detail if developer else "")
        assert told["request_id"] == answer.headers["X-Request-Id"]
        assert error_id in told["message"]
    assert msgspec.json.decode(document(error, "other words", developer=False).body)["message"] == "other words"


def test_a_session_that_is_over_clears_its_cookie():
    """No other refusal touches it."""
    over = document(RefusedError(401, "x", forget=True), developer=False)
    assert "MMAUTHTOKEN=; " in over.headers["Set-Cookie"]
    assert "Set-Cookie" not in document(RefusedError(401, "x"), developer=False).headers


def test_every_answer_has_an_id_and_the_version():
    """Two answers have two ids."""
    first, second = answer_headers(), answer_headers()
    assert first["X-Request-Id"] != second["X-Request-Id"]
    assert first["X-Version-Id"] == second["X-Version-Id"]
