"""Authentication: tokens, sessions, the proof that a change comes from our own page, and delays for wrong tokens.

Nothing here knows HTTP. A session is a random number that the browser keeps in a cookie; its state is kept here, so
that signing out, or changing the token in the settings, ends it everywhere.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from gateway.settings.admin import Admin

LIFETIME: Final = 12 * 3600.0
"""Seconds that a session lasts."""

MOST_SESSIONS: Final = 1000
"""Sessions that are kept; the oldest goes when there are more."""

PAUSE: Final = 1.0
"""Seconds that a wrong token costs. Those of one address wait in line."""

MOST_WAITING: Final = 5
"""How many wrong tokens of one address may wait: further ones are answered at once, and told to wait."""

MOST_WAITING_IN_ALL: Final = 100
"""How many wrong tokens of all addresses may wait: what is kept of them is bounded, and so are the connections."""


class Role(StrEnum):
    """The rights of a visitor: to look, or also to change."""

    READER = "reader"
    ADMIN = "admin"


class Visitor(Struct, frozen=True):
    """Somebody whose request is admitted.

    `csrf` is what a change has to repeat, "" for one who comes with a token in the request itself: no other web site
    can add that. `session` is the cookie, "" without one.
    """

    role: Role
    csrf: str = ""
    session: str = ""

    @property
    def may_change(self) -> bool:
        """Whether it is an administrator."""
        return self.role is Role.ADMIN

    def proves(self, given: str) -> bool:
        """Whether `given` proves that a change comes from a page that we made for this visitor."""
        return not self.csrf or hmac.compare_digest(_raw(given), _raw(self.csrf))


class _Session(Struct, frozen=True):
    token: bytes
    csrf: str
    ends: float


class Auth:
    """Knows the tokens as they are in the settings of this moment, and the sessions that were opened with them."""

    def __init__(self, admin: Callable[[], Admin], clock: Callable[[], float] = time.monotonic) -> None:
        self._admin = admin
        self._clock = clock
        self._sessions: dict[bytes, _Session] = {}
        self._anybody = Visitor(Role.ADMIN, secrets.token_urlsafe(24))
        self.guesses = Guesses()

    @property
    def guarded(self) -> bool:
        """Whether a token is asked for; if not, `anybody` is who comes."""
        return self._admin().guarded

    @property
    def anybody(self) -> Visitor:
        """Whoever reaches a listener that asks for no token."""
        return self._anybody

    def bearer(self, token: str) -> Visitor | None:
        """The visitor with this token in the request; None when it is not known."""
        role = self._role(_digest(token))
        return Visitor(role) if role else None

    def sign_in(self, token: str) -> str | None:
        """Open a session and give its cookie; None when the token is not known."""
        digest = _digest(token)
        if self._role(digest) is None:
            return None
        now = self._clock()
        for key in [key for key, session in self._sessions.items() if session.ends <= now]:
            del self._sessions[key]
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        cookie = secrets.token_urlsafe(32)
        self._sessions[_digest(cookie)] = _Session(digest, secrets.token_urlsafe(24), now + LIFETIME)
        return cookie

    def session(self, cookie: str) -> Visitor | None:
        """The visitor with this cookie; None when it is unknown, has ended, or its token is no longer valid."""
        session = self._sessions.get(_digest(cookie)) if cookie else None
        if session is None or session.ends <= self._clock():
            return None
        role = self._role(session.token)
        return Visitor(role, session.csrf, cookie) if role else None

    def sign_out(self, cookie: str) -> None:
        """End a session; an unknown one is ended already."""
        self._sessions.pop(_digest(cookie), None)

    def _role(self, digest: bytes) -> Role | None:
        """The role of a token, given by its digest. Both tokens are compared, in constant time, whatever comes out."""
        admin = self._admin()
        found = None
        for role, token in ((Role.READER, admin.read_token), (Role.ADMIN, admin.token)):
            if token is not None and hmac.compare_digest(digest, _digest(token.reveal())):
                found = role
        return found


class Guesses:
    """Makes wrong tokens slow: those of one address wait in line, one `pause` each, while everybody else goes on.

    A right token never comes here: behind a proxy all visitors have one address, and none of them may lock out the
    others. So nothing keeps an attacker from having many tokens looked at, and none of them must be guessable: a token
    has at least `settings.admin.LEAST_BITS` bits by its length and signs, a session's cookie 256. At 20,000 attempts a
    second, which keeps a processor busy, 2**48 take 450 years. What waits here spares the log and the processor the
    attempts of those who try tokens one after the other.
    """

    def __init__(self, pause: float = PAUSE, most: int = MOST_WAITING, in_all: int = MOST_WAITING_IN_ALL) -> None:
        self._pause = pause
        self._most = most
        self._in_all = in_all
        self._waiting: Counter[str] = Counter()

    def room(self, address: str) -> bool:
        """Whether one more wrong token of an address may wait."""
        return self._waiting[address] < self._most and self._waiting.total() < self._in_all

    async def wait(self, address: str) -> None:
        """Wait for the turn of a wrong token."""
        self._waiting[address] += 1
        try:
            await asyncio.sleep(self._pause * self._waiting[address])
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]


def _digest(text: str) -> bytes:
    """The digest that is compared instead of the text, so that the time taken shows neither length nor beginning."""
    return hashlib.sha256(_raw(text)).digest()


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
