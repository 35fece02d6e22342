"""What drafted events are about."""

import pytest

from gateway.catalog.draft_subject import Told, subjects


def told(event, *payloads, about=()):
    """A document for payloads."""
    return Told(event, payloads, about)


PUSHES = [("repo.made", [("repo",)]), ("push", [("repo",)]), ("tag", []), ("fork", []), ("star", [])]


@pytest.mark.parametrize(
    ("documents", "found"),
    [
        ([told("order.paid", {"order": {"id": 7}, "shop": {"id": 1}}, about=[("order",)])], ["order {{ order.id }}"]),
        ([told("order.paid", {"data": {"id": 7}}, about=[("data",)])], ["order {{ data.id }}"]),
        ([told("order.paid", {"order_id": 7, "account_id": 1})], ["order {{ order_id }}"]),
        ([told("", {"monitor": {"id": 1}, "ok": 0}, {"monitor": {"id": 1}, "ok": 1})], ["monitor {{ monitor.id }}"]),
        ([told("", {"monitor": {"id": 1}}, {"monitor": {"id": 2}})], [""]),
        ([told("paid", {"user": {"id": 7}}, about=[("user",)])], [""]),
        (
            [
                told("issue.opened", {"issue": {"id": "IS-77"}}, about=[("issue",)]),
                told("issue.noted", {"note": {"id": "N-1234", "issue": {"id": "IS-77"}}}, about=[("note",)]),
            ],
            ["issue {{ issue.id }}", "issue {{ note.issue.id }}"],
        ),
        (
            [
                told("order.paid", {"order": {"id": "O-0001"}, "shop": {"id": "S-0001"}}, about=[("order",)]),
                told("order.sent", {"order": {"id": "O-0002"}, "shop": {"id": "S-0001"}}, about=[("order",)]),
            ],
            ["order {{ order.id }}", "order {{ order.id }}"],
        ),
        (
            [told(name, {"repo": {"id": "R-0001"}, "ref": name}, about=about) for name, about in PUSHES],
            ["repo {{ repo.id }}", "", "", "", ""],
        ),
        (
            [told("alarm", {"TopicArn": "arn:1", "Message": {"AlarmArn": "arn:2", "AlarmName": "a"}})],
            ["alarm {{ Message.AlarmArn }}"],
        ),
        ([told("alarm", {"Message": {"RoleArn": "arn:2", "AlarmName": "a"}})], [""]),
        ([told("a.b", {"event": {"id": "E-1"}}, about=[("event",)])], [""]),
    ],
)
def test_the_id_of_the_thing_is_found(documents, found):
    """In its object, by what documents have in common, or because it came again.

    That of a delivery, a person, or of what holds most things is none.
    """
    assert [one.template for one in subjects(documents, {("event", "id")})] == found
