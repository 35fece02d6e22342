"""A callback that snoozes says what and for how long, or why it does not."""

import pytest

from gateway.callbacks.smoothing import Occasion, Said
from gateway.callbacks.snooze import LONGEST, SnoozeWish
from tests.callbacks.conftest import compiled, problems

SNOOZE = """
title: Snooze
answers: action
snooze: {route: "{{ context.route }}", subject: "{{ context.subject }}", for: "{{ option }}"}
"""


def act(option: str, **context: str):
    """What a click on a menu means."""
    shape = compiled(SNOOZE)
    assert shape.snoozes
    return shape.act(Said(Occasion.ACTION, {"option": option, "context": context}))


@pytest.mark.parametrize(("option", "seconds"), [("90m", 5400.0), (" 4h ", 14_400.0), ("31d", LONGEST), ("end", 0.0)])
def test_a_subject_is_snoozed_for_a_time(option: str, seconds: float) -> None:
    """As a duration is written; the subject is as the translator names it."""
    assert act(option, route="r", subject="a_b *c*").snooze == SnoozeWish("r", "a_b *c*", seconds)


@pytest.mark.parametrize(
    ("option", "context", "why"),
    [
        ("1h", {"route": "r"}, "nothing says what is to be snoozed"),
        ("1h", {"subject": "s"}, "nothing says what is to be snoozed"),
        ("soon", {"route": "r", "subject": "s"}, "'soon' is not a duration"),
        ("0s", {"route": "r", "subject": "s"}, "at most 31 d"),
        ("32d", {"route": "r", "subject": "s"}, "at most 31 d"),
    ],
)
def test_what_is_not_known_is_not_snoozed(option: str, context: dict[str, str], why: str) -> None:
    """The reply says why."""
    made = act(option, **context)
    assert made.snooze is None
    assert why in made.problem


def test_who_snoozes_asks_nobody() -> None:
    """A request beside it, and names that nobody knows, are faults."""
    [fault] = problems(SNOOZE + "request: {url: 'https://a.example'}\n")
    assert fault == "4 snooze: who snoozes asks no service: leave out `request`"
    [fault] = problems(SNOOZE.replace("option", "optoin"))
    assert "optoin" in fault
