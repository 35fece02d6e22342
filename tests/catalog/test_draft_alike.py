"""Events that are told alike."""

import pytest

from gateway.catalog.draft_alike import alike, called, common


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["incident.triggered", "incident.resolved"], "incident"),
        (["PUSH_ARTIFACT", "DELETE_ARTIFACT"], "artifact"),
        (["pull_request.review.opened", "pull_request.review.closed"], "pull request review"),
        (["user.created", "order.created"], ""),
        (["push", "push.tag"], ""),
        (["opened", "closed"], ""),
    ],
)
def test_what_names_have_in_common(names, words):
    """What they begin with, or end with unless that is what happened."""
    assert common(names) == words


def test_events_are_alike_by_their_keys():
    """Those of one thing with nearly the same payload; a key more does not matter, another payload does."""
    order = {"order": {"id": 1, "total": 2, "shop": "a", "state": "paid", "at": 1}}
    groups = {
        "order.paid": [order],
        "order.lost": [{"order": {**order["order"], "why": "rain"}}],
        "order.note": [{"note": {"text": "a"}}],
        "user.made": [{**order, "version": 1}],
    }
    assert alike(groups) == [["order.paid", "order.lost"], ["order.note"], ["user.made"]]
    assert alike({"paid": [order], "lost": [order], "note": [{"note": {}}]}) == [["paid", "lost"], ["note"]]
    assert called(["paid", "lost"], {"paid": [order], "lost": [order]}) == "order"
