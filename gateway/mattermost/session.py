"""Calls to Mattermost's REST interface as one account: with a token, or with a login that is renewed after a 401.

    Session.call --token--> server --401--> Account.renewed --login, one at a time--> the same request once more

A login's token lives in memory only. A wrong password must not lock the account (Mattermost locks it after ten failed
logins in a row): after a refusal there is no login for a minute, then two, four, ... up to an hour, and after REFUSALS
of them none before the settings change or the gateway restarts.
"""

import asyncio
from collections.abc import Callable
from time import monotonic, time
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from multidict import CIMultiDict
from yarl import URL

from gateway.mattermost.answers import Revealing, error_id
from gateway.mattermost.health import answers
from gateway.mattermost.rest_answers import failed, not_mattermost, unauthorised
from gateway.model import Later, Never
from gateway.outbound.exchange import BODY_LIMIT, Reply, Unsent, exchange
from gateway.outbound.sessions import HttpSession
from gateway.secret import Secret

REFUSALS = 8
"""Refused logins in a row after which logins stop: fewer than the ten that lock an account."""

HOLD_FIRST, HOLD_MOST = 60.0, 3600.0
"""Seconds without a login after a refused one: HOLD_FIRST, doubling up to HOLD_MOST."""

HOLD_BRIEF = 1.0
"""Seconds without a login after one that got no answer, so that the callers waiting for it do not all try again."""

ECHO = 6
"""Size of an answer relative to its request: Mattermost answers with the post, and writes `<` as `\\u003c`."""

_LOCKED = "api.user.check_user_login_attempts.too_many.app_error"
_LOGIN_REFUSALS = {
    _LOCKED: "the account is locked after too many failed logins: have an administrator reset them",
    "api.user.login.inactive.app_error": "the account is deactivated: have an administrator activate it",
    "api.user.login.not_verified.app_error": "the account's e-mail address is not verified: verify it",
    "api.user.login.bot_login_forbidden.app_error": "a bot cannot log in: set its `token` instead of `login`",
}
_MFA = "the account requires a second factor: use the token of a bot, or an account without one"
_WRONG = "`login` or its password is wrong: correct it, and reload the settings"


class Me(Struct, frozen=True):
    """An account, as that of a session; `roles` are separated by blanks, `delete_at` is 0 while it is on."""

    id: str
    username: str = ""
    is_bot: bool = False
    roles: str = ""
    delete_at: int = 0


class Account(Protocol):
    """The source of a session's token."""

    async def token(self) -> str:
        """The token to send. Raises Unsent when there is none at the moment."""

    async def renewed(self, stale: str, body: bytes) -> str:
        """A new token in place of `stale`, which was answered 401 with `body`. Raises Unsent when there is none."""

    def distrust(self, token: str, result: Later) -> None:
        """Record that the server refused a renewed token too, with the `result` of that."""


class TokenAccount:
    """A token of the settings: that of a bot, or a personal access token."""

    def __init__(self, token: Revealing) -> None:
        self._token = token

    async def token(self) -> str:
        """The token."""
        return self._token.reveal().strip()

    async def renewed(self, stale: str, body: bytes) -> str:  # noqa: ARG002 - there is no other token
        """Raise Unsent: only a person can make a new token."""
        raise Unsent(unauthorised(body, token=True))

    def distrust(self, token: str, result: Later) -> None:
        """Do nothing: a token of the settings is never renewed."""


class LoginAccount:
    """A login name and a password. All sessions of one account share one LoginAccount.

    `timeout` is seconds for one login, `clock` a monotonic clock in seconds.
    """

    def __init__(
        self,
        server: str,
        login: str,
        password: Revealing,
        http: HttpSession,
        timeout: float = 10.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url = _endpoint(server, "/users/login")
        self._login = login
        self._password = password
        self._http = http
        self._timeout = timeout
        self._clock = clock
        self._token = Secret("")  # masked, should it slip into a log
        self._lock = asyncio.Lock()
        self._refused = 0
        self._held_until = 0.0
        self._held: Later | Never | None = None

    async def token(self) -> str:
        """The token of the current session; the first call logs in. Raises Unsent."""
        return self._token.reveal() or await self.renewed("", b"")

    async def renewed(self, stale: str, body: bytes) -> str:  # noqa: ARG002 - any 401 is reason enough
        """Log in, unless another caller has already replaced `stale`. Raises Unsent."""
        async with self._lock:
            if self._token and self._token.reveal() != stale:
                return self._token.reveal()
            self._token = Secret("")
            self._raise_if_held()
            self._token = Secret(await self._log_in())
            self._held, self._refused = None, 0
            return self._token.reveal()

    def distrust(self, token: str, result: Later) -> None:
        """Hold logins for a while: the server refused the session that it just opened."""
        if token == self._token.reveal():
            self._hold(result, HOLD_FIRST)

    def _raise_if_held(self) -> None:
        left = self._held_until - self._clock()
        if self._held is None or left <= 0:
            return
        if isinstance(self._held, Later) and left > HOLD_BRIEF:
            raise Unsent(replace(self._held, after=min(left, HOLD_MOST)))
        raise Unsent(self._held)

    async def _log_in(self) -> str:
        body = msgspec.json.encode({"login_id": self._login, "password": self._password.reveal()})
        try:
            reply = await exchange(self._http, "POST", self._url, body, _headers(""), self._timeout)
        except Unsent as unsent:
            self._hold(unsent.result, HOLD_BRIEF)
            raise
        if reply.status == 200 and (token := reply.headers.get("Token", "")):
            return token
        if reply.status in (400, 401, 403) and (name := error_id(reply.body)):
            self._refuse(reply.status, name)
        elif reply.status == 200:
            self._hold(not_mattermost(200), HOLD_BRIEF)
        elif reply.status == 401:
            self._hold(unauthorised(b"", token=False), HOLD_BRIEF)
        else:
            self._hold(failed(*reply, time()), HOLD_BRIEF)
        self._raise_if_held()
        raise AssertionError("a login that failed is held")

    def _refuse(self, status: int, name: str) -> None:
        why = _MFA if "mfa" in name else _LOGIN_REFUSALS.get(name, _WRONG)
        reason = f"{status}: login refused ({name}): {why}"
        if name == _LOCKED:  # further logins do no harm, and the account may be unlocked at any time
            self._hold(Later(reason, HOLD_MOST, "4xx", status), HOLD_MOST)
            return
        self._refused += 1
        if self._refused >= REFUSALS:
            reason += (
                f"; refused {REFUSALS} times: further logins could lock the account, so there are none before the "
                "password changes in the settings or the gateway restarts"
            )
            self._hold(Later(reason, HOLD_MOST, "4xx", status), float("inf"))
        else:
            seconds = min(HOLD_MOST, HOLD_FIRST * 2.0 ** (self._refused - 1))
            self._hold(Later(reason, seconds, "4xx", status), seconds)

    def _hold(self, result: Later | Never, seconds: float) -> None:
        self._held, self._held_until = result, self._clock() + seconds


class Session:
    """One account at one server. `server` is the SiteURL; `timeout` is seconds for one request, connection included."""

    def __init__(self, server: str, account: Account, http: HttpSession, timeout: float = 10.0) -> None:
        self._server = server
        self._account = account
        self._http = http
        self._timeout = timeout
        self._me: Me | None = None
        self._sent: tuple[str, CIMultiDict[str]] = ("", _headers(""))
        self._posts = _endpoint(server, "/posts")

    async def call(self, method: str, path: str, body: bytes | None = None, limit: int = BODY_LIMIT) -> Reply:
        """Send a request to `path` below /api/v4 and return the answer, never a 401.

        Of the answer `limit` bytes are read, and more where it repeats the request. Raises Unsent when there is no
        answer, or no token that the server accepts.
        """
        url = self._posts if path == "/posts" else _endpoint(self._server, path)
        token = await self._account.token()
        reply = await self._exchange(method, url, body, token, limit)
        if reply.status != 401:
            return reply
        token = await self._account.renewed(token, reply.body)
        reply = await self._exchange(method, url, body, token, limit)
        if reply.status == 401:
            result = unauthorised(reply.body, token=False)
            self._account.distrust(token, result)
            raise Unsent(result)
        return reply

    async def token(self) -> str:
        """The token that is sent now, for what is not sent by `call`. Raises Unsent when there is none."""
        return await self._account.token()

    async def me(self) -> Me:
        """The account; requested once, then cached. Raises Unsent."""
        if self._me is None:
            self._me = decoded(await self.call("GET", "/users/me"), Me)
        return self._me

    async def answers(self) -> bool:
        """Whether the server answers; see `health.answers`."""
        return await answers(self._http, self._server, self._timeout)

    async def _exchange(self, method: str, url: URL, body: bytes | None, token: str, limit: int) -> Reply:
        limit += ECHO * len(body or b"")
        return await exchange(self._http, method, url, body, self._headers(token), self._timeout, limit)

    def _headers(self, token: str) -> CIMultiDict[str]:
        if self._sent[0] != token:
            self._sent = token, _headers(token)
        return self._sent[1]


T = TypeVar("T")


def decoded(reply: Reply, kind: type[T]) -> T:
    """Decode the body of a 2xx reply. Raises Unsent for another status, and for a body that is not Mattermost's."""
    if not 200 <= reply.status < 300:
        raise Unsent(failed(*reply, time()))
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unsent(not_mattermost(reply.status)) from None


def _endpoint(server: str, path: str) -> URL:
    return URL(f"{server.rstrip('/')}/api/v4{path}", encoded=True)


def _headers(token: str) -> CIMultiDict[str]:
    headers = CIMultiDict({"Content-Type": "application/json"})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return headers
