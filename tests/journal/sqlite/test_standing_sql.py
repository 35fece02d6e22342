"""The statements about destinations and places in lanes look at a bounded part of the journal."""

import sqlite3

import pytest

from gateway.journal import Entry, Settlement
from gateway.journal.sqlite import memory_sql, standing_sql, write_sql
from gateway.journal.standing import Ahead
from gateway.model import Attempt, AttemptResult, DeliveryState, Event, Outcome, Parcel, Request


def store(connection: sqlite3.Connection, number: int, lanes: str, destination: str = "ops") -> None:
    """Store an event with a delivery in each lane."""
    event = Event(f"e{number}", float(number), "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
    parcels = tuple(Parcel(destination, lane, b"{}") for lane in lanes)
    write_sql.store(connection, memory_sql.recall(connection), [(Entry(event, parcels), 0.0, 0)])


def settle(connection: sqlite3.Connection, seq: int, state: DeliveryState, at: float) -> None:
    """Settle a delivery after an attempt that ended at this time."""
    result = AttemptResult.DELIVERED if state is DeliveryState.DELIVERED else AttemptResult.LATER
    attempt = Attempt(at, result, 404, "4xx", "404")
    made = Settlement(seq, state, 1, reason="404", attempt=attempt)
    write_sql.settle(connection, memory_sql.recall(connection), [made])


def test_where_very_many_wait_the_count_says_at_least(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest ones of its destination are looked at; beyond them there may be more."""
    monkeypatch.setattr(standing_sql, "_AHEAD", standing_sql._AHEAD.replace("2000", "4"))
    for number in range(1, 7):
        store(connection, number, "ab")
    assert standing_sql.ahead(connection, 11) == Ahead(2, more=True)
    store(connection, 7, "c")
    assert standing_sql.ahead(connection, 13) == Ahead(more=True)
    assert standing_sql.ahead(connection, 3) == Ahead(1, 1, "e1", more=False)


def test_a_destination_far_behind_tells_what_was_tried_first(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest pending deliveries are those that were tried; the newest delivered ones end a failure."""
    monkeypatch.setattr(standing_sql, "_FEW", 2)
    for number in range(1, 30):
        store(connection, number, "a")
    for seq, state in ((1, DeliveryState.PENDING), (2, DeliveryState.DELIVERED), (29, DeliveryState.DELIVERED)):
        settle(connection, seq, state, float(seq))
    store(connection, 30, "a", "dev")
    found = standing_sql.tried(connection)
    assert {(one.state, one.log[-1].at) for one in found["ops"]} == {
        (DeliveryState.PENDING, 1.0),
        (DeliveryState.DELIVERED, 2.0),
        (DeliveryState.DELIVERED, 29.0),
    }
    assert "dev" not in found


def test_an_old_failure_does_not_look_like_the_present(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead letters from before the stretch that is looked at for messages that passed are not told."""
    monkeypatch.setattr(standing_sql, "_TRIED", standing_sql._TRIED.replace("2000", "5"))
    for number in range(1, 4):
        store(connection, number, "a")
        settle(connection, number, DeliveryState.DEAD, float(number))
    assert len(standing_sql.tried(connection)["ops"]) == 3
    for number in range(4, 12):
        store(connection, number, "a", "dev")
    assert "ops" not in standing_sql.tried(connection)


def test_the_results_of_each_destination_are_few(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many of each kind, however many there are, and whatever else waits before."""
    monkeypatch.setattr(standing_sql, "_TRIED", standing_sql._TRIED.replace("10000", "25"))
    for number in range(1, 31):
        store(connection, number, "a", "dev" if number % 2 else "ops")
        settle(connection, number, DeliveryState.PENDING, float(number))
    found = standing_sql.tried(connection)
    assert [one.log[-1].at for one in found["ops"]] == [float(number) for number in range(2, 18, 2)]
    assert len(found["dev"]) == len(found["ops"])
    store(connection, 31, "a", "late")
    settle(connection, 31, DeliveryState.PENDING, 31.0)
    assert "late" not in standing_sql.tried(connection)
