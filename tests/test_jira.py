"""What Jira sends twice is told once: the delivery ids of comments."""

import copy
from typing import Any

import pytest

from gateway.model import Request
from tests import builtin

JIRA = builtin.service("jira")
COMMENT = {
    "id": "30091",
    "body": "Seen",
    "created": "2026-03-09T10:00:00.000+0000",
    "updated": "2026-03-09T10:00:00.000+0000",
}
AS_COMMENT: dict[str, Any] = {"webhookEvent": "comment_created", "comment": COMMENT}
AS_CHANGE: dict[str, Any] = {
    "webhookEvent": "jira:issue_updated",
    "issue_event_type_name": "issue_commented",
    "comment": COMMENT,
    "issue": {"key": "WEB-41"},
}


def key_of(payload: dict[str, Any], identifier: str = "") -> str:
    """The delivery id of a request with this payload."""
    headers = {"x-atlassian-webhook-identifier": identifier} if identifier else {}
    return JIRA.delivery_key(Request("POST", headers), payload)


@pytest.mark.parametrize("kind", ["issue_commented", "comment_created"])
def test_a_comment_and_the_change_that_it_is_are_one_event(kind: str) -> None:
    """Whichever comes first is told, however the requests are numbered."""
    assert key_of(AS_COMMENT, "a") == key_of(AS_CHANGE | {"issue_event_type_name": kind}, "b") != ""


def test_a_deleted_comment_is_told_once() -> None:
    """Where the change of the issue still says which comment it was."""
    as_change = AS_CHANGE | {"issue_event_type_name": "issue_comment_deleted"}
    assert key_of(AS_COMMENT | {"webhookEvent": "comment_deleted"}, "a") == key_of(as_change, "b") != ""


def test_an_edited_comment_is_another_event() -> None:
    """Each edit is told, and once."""
    edited = copy.deepcopy(AS_COMMENT) | {"webhookEvent": "comment_updated"}
    edited["comment"]["updated"] = "2026-03-09T11:00:00.000+0000"
    as_change = AS_CHANGE | {"issue_event_type_name": "issue_comment_edited", "comment": edited["comment"]}
    assert key_of(edited, "a") == key_of(as_change, "b") != key_of(AS_COMMENT, "c")


@pytest.mark.parametrize(
    "other",
    [
        {"webhookEvent": "comment_deleted", "comment": COMMENT},
        AS_CHANGE | {"issue_event_type_name": "issue_generic", "changelog": {"items": [{"field": "status"}]}},
        AS_CHANGE | {"issue_event_type_name": "issue_resolved"},
    ],
)
def test_what_says_more_than_the_comment_is_told_as_well(other: dict[str, Any]) -> None:
    """A deleted comment is news, and so is a change of state with a comment."""
    assert key_of(other, "a") not in ("", key_of(AS_COMMENT, "a"))


def test_other_events_have_the_id_of_their_request() -> None:
    """As Jira repeats it."""
    assert key_of({"webhookEvent": "jira:issue_created", "issue": {"key": "WEB-41"}}, "a") == "a"
    assert key_of({"webhookEvent": "sprint_created"}) == ""
