"""The tables of REST answers: every status has a meaning and a remedy, and nothing of the server's text."""

import pytest
from multidict import CIMultiDict

from gateway.mattermost.rest_answers import PENDING, Case, Extra, failed, patched, posted, put_off, unauthorised
from gateway.model import Delivered, Later, Never
from gateway.observe.metrics import CODES
from tests.mattermost.blaming import DESTINATION, EVERYWHERE, MESSAGE, UNKNOWN, blamed

NOW = 1_700_000_000.0
LEAK = "th1rd-party"
TOO_LONG = "model.post.is_valid.message_length.app_error"
FORBIDDEN = "api.context.permissions.app_error"
ROOT = "api.post.create_post.root_id.app_error"


def document(name):
    """An error document with text that is not to be repeated."""
    return b'{"id":"%s","message":"%s","status_code":400}' % (name.encode(), LEAK.encode())


def answer(status, name="", body=b"", *, edit=False, **headers):
    """Classify an answer; underscores in header names stand for hyphens."""
    named = CIMultiDict({key.replace("_", "-"): value for key, value in headers.items()})
    return (patched if edit else posted)(status, named, document(name) if name else body, NOW)


@pytest.mark.parametrize("status", [200, 201])
def test_a_post_is_delivered_under_its_id(status):
    """The id of the post is what later events edit and reply to."""
    assert answer(status, body=b'{"id":"p1","message":"x"}').result == Delivered("p1", status=status)


@pytest.mark.parametrize("body", [b"", b"<html>Log in</html>", b"{", b"[]", b"{}", b'{"id":""}', b'{"id":5}', b"\xff"])
def test_a_success_without_a_post_is_not_mattermost(body):
    """A page of a proxy, or a broken body, is no delivery: it is tried again."""
    got = answer(200, body=body).result
    assert (blamed(got), got.code) == (DESTINATION, "2xx")
    assert "proxy or login page" in got.reason


TABLE = [
    *EVERYWHERE,
    (307, "", DESTINATION, "3xx", "SiteURL"),
    (400, "api.post.unknown.app_error", UNKNOWN, "4xx", "look at the payload"),
    (400, TOO_LONG, MESSAGE, "4xx", "longer"),
    (403, FORBIDDEN, UNKNOWN, "4xx", "invite it"),
    (404, "api.context.404.app_error", DESTINATION, "4xx", "`server`"),
    (404, "", DESTINATION, "4xx", "`server`"),
    (405, "", DESTINATION, "4xx", "`server`"),
    (500, "app.post.save.app_error", UNKNOWN, "5xx", "may be permanent"),
    (501, "", UNKNOWN, "5xx", "licence"),
]


@pytest.mark.parametrize(("status", "name", "fault", "code", "hint"), TABLE)
def test_every_answer_has_a_meaning_and_a_remedy(status, name, fault, code, hint):
    """Each status becomes the right result, with the case's id and what to do."""
    got = answer(status, name, b"something").result
    assert (blamed(got), got.code, got.status) == (fault, code, status)
    assert got.reason.startswith(f"{status}: ")
    assert hint in got.reason
    assert LEAK not in got.reason
    assert "\n" not in got.reason


def test_no_status_is_without_a_result():
    """Whatever number comes, there is a result with a known class and none of the server's own text."""
    for status in (101, *range(200, 1000)):
        for edit in (False, True):
            got = answer(status, "some.case.app_error", edit=edit).result
            assert got.code in CODES
            assert LEAK not in getattr(got, "reason", "")


@pytest.mark.parametrize(
    ("status", "name", "case"),
    [
        (400, ROOT, Case.ROOT),
        (400, "api.post.create_post.channel_root_id.app_error", Case.ROOT),
        (400, "api.post.create_post.can_not_post_to_deleted.error", Case.PLACE),
        (403, FORBIDDEN, Case.PLACE),
        (400, TOO_LONG, Case.FINAL),
        (404, "app.post.get.app_error", Case.FINAL),
        (500, "app.post.save.app_error", Case.FINAL),
    ],
)
def test_what_can_be_done_about_a_post(status, name, case):
    """A lost root and a closed channel are told apart from what is final."""
    assert answer(status, name).case is case


@pytest.mark.parametrize(
    ("status", "name", "case"),
    [
        (403, FORBIDDEN, Case.ROOT),
        (404, "app.post.get.app_error", Case.ROOT),
        (400, "api.post.update_post.permissions_time_limit.app_error", Case.ROOT),
        (400, "api.post.patch_post.can_not_update_post_in_deleted.error", Case.ROOT),
        (400, TOO_LONG, Case.FINAL),
        (404, "", Case.FINAL),
        (502, "", Case.FINAL),
        (429, "", Case.FINAL),
    ],
)
def test_what_can_be_done_about_an_edit(status, name, case):
    """What cannot be edited counts as gone, but only where Mattermost itself says so."""
    assert answer(status, name, edit=True).case is case


@pytest.mark.parametrize(
    ("status", "name", "extras", "lasting"),
    [
        (501, "license_error.feature_unavailable", (Extra.RECEIPTS, Extra.PRIORITY), True),
        (403, "api.post.post_priority.priority_post_not_allowed_for_user.request_error", (Extra.PRIORITY,), True),
        (
            400,
            "api.post.post_priority.urgent_persistent_notification_post.request_error",
            (Extra.RECEIPTS, Extra.PRIORITY),
            False,
        ),
        (400, "api.context.invalid_body_param.app_error", (Extra.OVERRIDES,), True),
        (403, FORBIDDEN, (), True),
    ],
)
def test_what_a_message_can_do_without(status, name, extras, lasting):
    """What the server lacks is told apart from what is wrong with one message."""
    got = answer(status, name)
    assert (got.extras, got.lasting) == (extras, lasting)


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (429, {"Retry_After": "7"}, 7.0),
        (429, {"X_RateLimit_Reset": "3"}, 3.0),
        (503, {"Retry_After": "30"}, 30.0),
        (502, {"Retry_After": "30"}, None),
    ],
)
def test_how_long_to_wait(status, headers, after):
    """The server's word counts on 429 and 503."""
    assert answer(status, body=b"limit exceeded", **headers).result.after == after


def test_a_401_says_whose_it_is():
    """A proxy's login is told apart from Mattermost's, a token from a session."""
    proxy = unauthorised(b"<html>", token=True)
    token = unauthorised(document("api.context.session_expired.app_error"), token=True)
    login = unauthorised(document("api.context.session_expired.app_error"), token=False)
    assert "proxy" in proxy.reason
    assert "make a new one" in token.reason
    assert "session" in login.reason
    assert {type(proxy), type(token), type(login)} == {Later}


def test_a_failure_is_never_a_delivery():
    """What `failed` gives is for requests that are no posts."""
    assert blamed(failed(404, CIMultiDict(), b"", NOW)) is DESTINATION


@pytest.mark.parametrize(
    ("status", "name", "body", "unsure"),
    [
        (201, "", b'{"id":"p1"}', False),
        (201, "", b'{"id":"p', True),
        (200, "", b"<html>", True),
        (301, "", b"", False),
        (400, "model.post.is_valid.props.app_error", b"", False),
        (403, FORBIDDEN, b"", False),
        (408, "", b"", True),
        (425, "", b"", False),
        (429, "", b"", False),
        (500, "app.post.save.app_error", b"", True),
        (500, PENDING, b"", True),
        (500, "", b"", True),
        (501, "license_error.feature_unavailable", b"", False),
        (502, "", b"", True),
        (503, "", b"", True),
        (504, "", b"", True),
    ],
)
def test_after_which_answers_the_post_may_be_there(status, name, body, unsure):
    """A refusal is certain; a failure, and what is not Mattermost's, are not."""
    assert answer(status, name, body).unsure is unsure


def test_a_question_on_the_way_never_makes_a_message_dead():
    """Its result says what was asked, and waits as long as the server said."""
    assert put_off(Later("slow down", 7.0, "429", 429), "looking") == Later("looking: slow down", 7.0, "429", 429)
    assert put_off(Never("gone", "4xx", 404), "looking") == Later("looking: gone", None, "4xx", 404)
