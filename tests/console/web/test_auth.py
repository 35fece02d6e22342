"""Tokens, sessions and patience, without HTTP."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gateway.console.web import auth
from gateway.console.web.auth import Auth, Guesses, Role
from gateway.secret import Secret
from gateway.settings.admin import Admin

ADMIN = Admin(token=Secret("the token of an admin"), read_token=Secret("the token of a reader"))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time, as long as nobody moves it."""
        return self.now


def test_each_token_has_its_role():
    """The two tokens tell an administrator from a reader; anything else is nobody."""
    door = Auth(lambda: ADMIN)
    assert door.guarded
    assert door.bearer("the token of an admin").role is Role.ADMIN
    assert door.bearer("the token of a reader").role is Role.READER
    assert door.bearer("") is door.bearer("the token of an admin ") is None


def test_a_token_in_the_request_needs_no_csrf_token():
    """No other web site can make a browser send it."""
    assert Auth(lambda: ADMIN).bearer("the token of an admin").proves("")


def test_a_session_lasts_twelve_hours():
    """Then its cookie is nobody's."""
    clock = Clock()
    door = Auth(lambda: ADMIN, clock)
    cookie = door.sign_in("the token of an admin")
    clock.now = 12 * 3600 - 1
    assert door.session(cookie).may_change
    clock.now += 1
    assert door.session(cookie) is None


def test_a_changed_token_ends_its_sessions():
    """The settings of this moment count, also for whoever is signed in."""
    tables = [ADMIN]
    door = Auth(lambda: tables[0])
    admin, reader = door.sign_in("the token of an admin"), door.sign_in("the token of a reader")
    tables[0] = Admin(token=Secret("a new token of an admin"), read_token=ADMIN.read_token)
    assert door.session(admin) is None
    assert door.session(reader).role is Role.READER


def test_signing_out_ends_the_session_everywhere():
    """A cookie that somebody copied is worth nothing afterwards."""
    door = Auth(lambda: ADMIN)
    cookie, other = door.sign_in("the token of an admin"), door.sign_in("the token of an admin")
    door.sign_out(cookie)
    door.sign_out("unknown")
    assert door.session(cookie) is None
    assert door.session(other) is not None


def test_sessions_are_bounded():
    """The oldest goes when there are too many."""
    door = Auth(lambda: ADMIN)
    cookies = [door.sign_in("the token of an admin") for _ in range(auth.MOST_SESSIONS + 1)]
    assert door.session(cookies[0]) is None
    assert door.session(cookies[1]) is not None


def test_each_session_has_a_csrf_token_of_its_own():
    """One session's page proves nothing for another."""
    door = Auth(lambda: ADMIN)
    one, other = (door.session(door.sign_in("the token of an admin")) for _ in range(2))
    assert one.proves(one.csrf)
    assert not one.proves(other.csrf)
    assert not one.proves("")


@given(st.text(st.characters(), max_size=50))
def test_any_text_can_be_compared(text):
    """Lone surrogates, which headers may hold, and anything else are compared without an error."""
    door = Auth(lambda: ADMIN)
    assert door.bearer(text) is door.session(text) is door.sign_in(text) is None
    assert not door.anybody.proves(text)


async def test_wrong_tokens_of_one_address_wait_in_line(waits):
    """Each waits longer than the one before; another address does not wait for them, and the table empties."""
    guesses = Guesses(pause=0.5, most=2)
    waiting = [asyncio.ensure_future(guesses.wait(address)) for address in "aab"]
    await asyncio.sleep(0)
    assert not guesses.room("a")
    assert guesses.room("b")
    assert waits.seconds == [0.5, 1.0, 0.5]
    waits.over.set()
    await asyncio.gather(*waiting)
    assert guesses.room("a")
    assert not guesses._waiting


async def test_the_table_of_wrong_tokens_is_bounded(waits):
    """However many addresses come, so many wait and the others are not remembered."""
    guesses = Guesses(pause=0.5, most=2, in_all=3)
    waiting = [asyncio.ensure_future(guesses.wait(address)) for address in "abc"]
    await asyncio.sleep(0)
    assert not any(guesses.room(f"2001:db8::{number}") for number in range(1000))
    assert len(guesses._waiting) == 3
    waits.over.set()
    await asyncio.gather(*waiting)
    assert guesses.room("d")
