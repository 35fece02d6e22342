"""The keys of the input are those that smoothing makes."""

from gateway.callbacks.known import INPUT, KEYS, OWN
from gateway.callbacks.smoothing import Occasion, smoothed
from gateway.catalog.schema import Schema

SENT = {
    "user_id": "u", "user_name": "ann", "channel_id": "c", "team_id": "t", "post_id": "p", "text": "a b",
    "trigger_word": "a", "command": "/a", "timestamp": 1795952464, "file_ids": "f", "user_mentions": "x",
    "user_mentions_ids": "y", "channel_mentions": "x", "channel_mentions_ids": "y", "root_id": "r", "state": "s",
    "context": {"selected_option": "o"}, "submission": {"query": "q", "selected_field": "f"}, "type": "dialog_lookup",
    "post": '{"id": "p", "root_id": "r", "message": "m"}',
}  # fmt: skip


def test_smoothing_makes_all_of_them_and_no_others():
    """And of the types that are known, so that `check` reads templates rightly."""
    made = [smoothed(occasion, SENT).input for occasion in Occasion]
    assert set().union(*made) == set(KEYS) > OWN
    schema = Schema(INPUT)
    assert [one for one in made if not schema.matches(one)] == []
