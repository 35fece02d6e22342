"""What all answers of a Mattermost server have in common: ids of errors, and times to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.mattermost.answers import error_id, shown_id, wait
from gateway.outbound.retry_after import AFTER_LIMIT

NOW = 1_700_000_000.0
SECRET = "y3ndrf8gejkmcpqxot1uwisza5"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"id": "api.user.login.invalid", "message": "x"}', "api.user.login.invalid"),
        (b'{"id": "web.a_b.c"}', "web.a_b.c"),
        (b'{"id": "nodots"}', ""),
        (b'{"id": "api..x"}', ""),
        (b'{"id": "API.x"}', ""),
        (b'{"id": "api.' + b"x" * 61 + b'"}', ""),
        (b'{"id": "' + b"a." * 7 + b'a"}', ""),
        (b'{"id": "api.x/../hooks"}', ""),
        (b'{"id": null}', ""),
        (b'{"message": "x"}', ""),
        (b'["id"]', ""),
        (b"<html>", ""),
        (b"", ""),
        (b'{"id": "\xff"}', ""),
    ],
)
def test_only_the_id_of_an_error_is_taken(body, found):
    """What has not the form of such an id, which names a case and nothing else, is not shown."""
    assert error_id(body) == found
    assert shown_id(body) == (f" ({found})" if found else "")


@given(st.binary() | st.text().map(lambda text: b'{"id": "%s"}' % text.encode("utf-8", "replace")))
def test_no_answer_disturbs_its_reading(body):
    """Whatever comes, the id is short, and made of small letters, underscores and dots."""
    found = error_id(body)
    assert len(found) < 430
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz_.")


def test_the_reset_of_a_limit_counts_when_nothing_else_does():
    """Header names are found in any case; an unreadable first header leaves the second."""
    assert wait(CIMultiDict({"x-ratelimit-reset": " 3 "}), NOW) == 3.0
    assert wait({"Retry-After": "soon", "X-RateLimit-Reset": "3"}, NOW) == 3.0
    assert wait({"Retry-After": "0", "X-RateLimit-Reset": "3"}, NOW) == 0.0
    assert wait({"X-RateLimit-Reset": "1700000060"}, NOW) == AFTER_LIMIT
    assert wait({}, NOW) is None
