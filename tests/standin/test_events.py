"""Connections that outlive their sockets: what is told again, what is lost, and when they are forgotten."""

import json

import pytest

from gateway.standin import events
from gateway.standin.events import SENT, WAITING, Hub


@pytest.fixture
def moment(monkeypatch):
    """Give the time of the hub, which a test moves."""
    now = [1000.0]
    monkeypatch.setattr(events, "clock", lambda: now[0])
    return now


@pytest.fixture
def hub(moment):
    """Give a hub to which every token is valid."""
    return Hub(lambda _: True)


def heard(connection, again=()) -> list[tuple[int, str]]:
    """Numbers and names of all that a socket would send now."""
    raws = list(again)
    while (raw := connection.take()) is not None:
        raws.append(raw)
    return [(one["seq"], one["event"]) for one in map(json.loads, raws)]


def test_a_connection_is_resumed(world, hub):
    """From the number on that is expected, sent before or not; nothing is told twice after that."""
    connection, again = hub.connect(world.owner, "t")
    hub.tell_user(world.owner, "one", {})
    assert heard(connection, again) == [(0, "hello"), (1, "one")]
    hub.leave(connection)
    hub.tell_user(world.owner, "two", {})
    for expected, told in ((1, [(1, "one"), (2, "two")]), (3, []), (2, [(2, "two")])):
        resumed, again = hub.connect(world.owner, "t", connection.id, expected)
        assert (resumed, heard(resumed, again)) == (connection, told)
        hub.leave(resumed)


def test_what_is_lost_begins_anew(world, hub):
    """A number of the future, or one that is sent no more: another id, and what waits follows the hello."""
    connection, _ = hub.connect(world.owner, "t")
    for number in range(SENT + 1):
        hub.tell_user(world.owner, str(number), {})
    heard(connection)
    for expected in (1, 999):
        hub.leave(connection)
        hub.tell_user(world.owner, "waits", {})
        old = connection.id
        connection, again = hub.connect(world.owner, "t", old, expected)
        assert connection.id != old
        assert heard(connection, again) == [(0, "hello"), (1, "waits")]


def test_an_open_connection_is_not_taken_over(world, hub):
    """Nor that of somebody else; the old one can be resumed later."""
    connection, _ = hub.connect(world.owner, "t")
    heard(connection)
    other, _ = hub.connect(world.owner, "t", connection.id, 1)
    assert other is not connection
    hub.leave(connection)
    assert hub.connect(world.new_user("ann"), "t", connection.id, 1)[0] is not connection
    assert hub.connect(world.owner, "t", connection.id, 1) == (connection, [])


def test_only_so_much_waits(world, hub):
    """Beyond it a closed connection is forgotten, and an open one is cut."""
    closed, _ = hub.connect(world.owner, "t")
    open_, _ = hub.connect(world.owner, "t")
    heard(closed)
    hub.leave(closed)
    for number in range(WAITING):
        hub.tell_user(world.owner, str(number), {})
    assert (closed.full, open_.full) == (False, True)
    hub.tell_user(world.owner, "too much", {})
    assert closed.id not in hub.connections
    hub.leave(open_)
    assert not hub.connections


@pytest.mark.parametrize(
    ("opened", "acted", "closed", "gone"),
    [
        (0, 0, 10, 600),
        (10, 10, 320, 600),
        (0, 310, 590, 900),
        (0, 0, 300, 600),
        (0, 250, 299, 600),
    ],
)
def test_stale_connections_are_forgotten_at_the_next_look(world, hub, moment, opened, acted, closed, gone):
    """Looks are five minutes apart, and find those that are closed and whose user did nothing for five minutes."""
    moment[0] = 1000.0 + opened
    connection, _ = hub.connect(world.owner, "t")
    heard(connection)
    moment[0] = 1000.0 + acted
    hub.touch("t")
    moment[0] = 1000.0 + closed
    hub.leave(connection)
    moment[0] = 1000.0 + gone - 1
    assert hub.connect(world.owner, "t", connection.id, 1)[0] is connection
    connection.activity, connection.active = 1000.0 + acted, False
    moment[0] = 1000.0 + gone
    assert hub.connect(world.owner, "t", connection.id, 1)[0] is not connection


def test_who_is_told(world):
    """Members of a channel but who acted himself; nobody whose token is no longer valid."""
    valid = {"o", "a"}
    hub = Hub(lambda token: token in valid)
    ann, square = world.new_user("ann"), world.channel_named(world.home.id, "town-square")
    square.members |= {world.owner.id, ann.id}
    owner, _ = hub.connect(world.owner, "o")
    other, _ = hub.connect(ann, "a")
    hub.tell_channel(square, "typing", {}, omit=ann)
    valid.discard("o")
    hub.tell_channel(square, "posted", {"x": 1}, own=lambda user: {"mentions": user.username})
    assert [name for _, name in heard(owner)] == ["hello", "typing"]
    other.take()
    assert json.loads(other.take() or b"")["data"] == {"x": 1, "mentions": "ann"}
    hub.reap()
    hub.leave(owner)
    hub.reap()
    assert list(hub.connections) == [other.id]
    hub.forget()
    assert not hub.connections
