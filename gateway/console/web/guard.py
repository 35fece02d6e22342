"""Access to the admin listener: who is admitted, and that a change comes from one of our own pages.

Every route is closed unless `Guard.route` opens it. A listener that asks for no token is on loopback; there
the danger is another web site in the browser of somebody on this machine. It must not be able to read (DNS rebinding:
the name in `Host` has to be one of loopback) nor to change (`Sec-Fetch-Site` or `Origin`, and the CSRF token). The same
danger is wherever programs ask without a token: there the name has to be one that `[admin]` knows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from msgspec import Struct
from multidict import MultiDict, MultiDictProxy, MultiMapping

from gateway.console.web.auth import LIFETIME, Auth, Role, Visitor
from gateway.console.web.page import CSRF_FIELD, CSRF_HEADER
from gateway.console.web.problems import Problem, problem_of
from gateway.errors import Refused
from gateway.observe import logs
from gateway.settings.admin import Admin, is_loopback

COOKIE: Final = "mattergate"
VISITOR: Final = web.RequestKey("visitor", Visitor)
FORM: Final = web.RequestKey("form", MultiDictProxy)

PATIENCE: Final = 30.0
"""Seconds that the body of a change may take to arrive."""

_LOOKING: Final = (hdrs.METH_GET, hdrs.METH_HEAD)
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer that does not set them itself."""

_log = logs.get("console")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ShowProblem = Callable[[web.Request, Problem], web.StreamResponse]


class Face(StrEnum):
    """For whom a route answers: a person with a browser, or a program."""

    PAGE = "page"
    API = "api"


class Access(Struct, frozen=True):
    """Who may ask for a route: everybody without `role`. `known`: a visitor with a token or session is identified.

    `named`: who comes without a token must call the listener by a name of its own.
    """

    face: Face
    role: Role | None = None
    known: bool = True
    stream: bool = False
    named: bool = False


class Guard:
    """Admits requests; `show` makes the answer of a face to a problem."""

    def __init__(self, auth: Auth, admin: Callable[[], Admin], show: Mapping[Face, ShowProblem]) -> None:
        self.auth = auth
        self.access: dict[web.AbstractRoute, Access] = {}
        self._admin = admin
        self._show = show

    def route(self, app: web.Application, method: str, path: str, handler: Handler, access: Access) -> None:
        """Add a route; what answers GET answers HEAD, but for a stream, which would have no end."""
        for each in (method, hdrs.METH_HEAD) if method == hdrs.METH_GET and not access.stream else (method,):
            self.access[app.router.add_route(each, path, handler)] = access

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request in or say why not; errors of handlers become answers without a stack."""
        access = self.access.get(request.match_info.route) or _access_elsewhere(request)
        try:
            visitor = await self._visitor(request, access)
            if visitor is not None:
                request[VISITOR] = visitor
            if access.named and (visitor is None or not self.auth.guarded):
                self._expected_name(request)
            if access.role is not None:
                if visitor is None:
                    return self._unknown(request, access)
                await self._check_permission(request, visitor, access)
            return await handler(request)
        except Exception as error:
            if isinstance(error, web.HTTPException) and error.status < 400:
                raise
            return self._answer(request, access.face, error)

    async def dress(self, _: web.Request, response: web.StreamResponse) -> None:
        """Put the security headers on an answer; a signal of aiohttp for every response."""
        for name, text in HEADERS.items():
            response.headers.setdefault(name, text)

    async def sign_in(self, request: web.Request, token: str) -> str | None:
        """Open a session for a token, None for a wrong one, after a while. Raises Refused (403, 429)."""
        self.same_site(request)
        cookie = self.auth.sign_in(token)
        if cookie is None:
            await self._slow_down(request)
        return cookie

    def remember(self, request: web.Request, response: web.StreamResponse, cookie: str) -> None:
        """Give the cookie of a session to the browser; it returns by https only, if that is how it came."""
        forwarded = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
        secure = request.secure or forwarded == "https" or self._admin().public_url.startswith("https:")
        response.set_cookie(
            COOKIE, cookie, max_age=int(LIFETIME), path="/", httponly=True, samesite="Strict", secure=secure
        )

    def same_site(self, request: web.Request) -> None:
        """Refuse (403) what another web site makes a browser send.

        `Referrer-Policy: no-referrer` turns the origin of our own forms into "null": that says nothing, and is left to
        the CSRF token. Browsers send `Sec-Fetch-Site` over https and to loopback.
        """
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            ours = site in ("same-origin", "none")
        else:
            origin = request.headers.get(hdrs.ORIGIN, "null")
            own = {_host_of(request).lower(), urlsplit(self._admin().public_url).netloc.lower()} - {""}
            ours = origin == "null" or origin.partition("://")[2].lower() in own
        if not ours:
            raise Refused(403, "Forbidden", "the request comes from another web site")

    async def _visitor(self, request: web.Request, access: Access) -> Visitor | None:
        if not access.known:
            return None
        if not self.auth.guarded:
            if access.role is not None:
                self._own_name(request)
            return self.auth.anybody
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is None:
            return self.auth.session(request.cookies.get(COOKIE, ""))
        scheme, _, token = header.partition(" ")
        visitor = self.auth.bearer(token.strip()) if scheme.lower() == "bearer" else None
        if visitor is None:
            await self._slow_down(request)
            raise Refused(401, "Unauthorized", "the token is not known: send Authorization: Bearer TOKEN")
        return visitor

    def _unknown(self, request: web.Request, access: Access) -> web.StreamResponse:
        """Answer somebody who has not signed in: a page asks them to. No token is no guess, and is answered at once."""
        if access.face is Face.PAGE and request.method in _LOOKING:
            return web.Response(status=303, headers={"Location": sign_in_url(request)})
        if access.face is Face.PAGE:
            raise Refused(401, "Unauthorized", "the session has ended: sign in, then do it again")
        raise Refused(401, "Unauthorized", "send Authorization: Bearer TOKEN; the token is that of [admin]")

    async def _slow_down(self, request: web.Request) -> None:
        """Let a wrong token wait for its turn. Raises Refused (429) when many wait already; those are not logged."""
        address = request.remote or ""
        if not self.auth.guesses.room(address):
            detail = "the token is wrong, and so were too many before it: wait a few seconds. A right one is let in"
            raise Refused(429, "Too Many Requests", detail)
        _log.warning("a wrong token", address=address, path=request.path[:200])
        await self.auth.guesses.wait(address)

    async def _check_permission(self, request: web.Request, visitor: Visitor, access: Access) -> None:
        """Refuse (403) what is not for this visitor, and a change that nothing proves to come from our own page."""
        if access.role is Role.ADMIN and not visitor.may_change:
            raise Refused(403, "Forbidden", "the read-only token cannot change anything: sign in with the other one")
        if request.method in _LOOKING:
            return
        if visitor.csrf:
            self.same_site(request)
        given: Any = request.headers.get(CSRF_HEADER, "")
        if access.face is Face.PAGE:
            form = request[FORM] = await _form(request)
            given = given or form.get(CSRF_FIELD, "")
        if not isinstance(given, str) or not visitor.proves(given):
            detail = "the page is from another session, or from before a restart: load it again, then repeat the change"
            raise Refused(403, "Forbidden", detail)

    def _own_name(self, request: web.Request) -> None:
        if not all(map(is_loopback, _names_of(request))):
            detail = "without [admin] token the console answers on this machine alone, to localhost or 127.0.0.1"
            raise Refused(403, "Forbidden", detail)

    def _expected_name(self, request: web.Request) -> None:
        for name in _names_of(request):
            if not self._admin().answers_to(name):
                detail = (
                    f"without a token this answers to its own names, and {name[:100]!r} is none: send Authorization: "
                    "Bearer TOKEN, ask by IP address, or list the name in [admin] hosts"
                )
                raise Refused(403, "Forbidden", detail)

    def _answer(self, request: web.Request, face: Face, error: Exception) -> web.StreamResponse:
        problem = problem_of(error)
        if problem is None:
            _log.error("a request to the console failed", path=request.path, exc_info=error)
            problem = Problem("Internal Server Error", 500, "this is a fault of mattergate: its log says more")
        response = self._show[face](request, problem)
        if problem.status == 401:
            response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="mattergate"'
        if problem.status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = "10"
        return response


def visitor_of(request: web.Request) -> Visitor | None:
    """The visitor of this request; None where the route is open to everybody."""
    return request.get(VISITOR)


def form_of(request: web.Request) -> MultiMapping[Any]:
    """The form that came with a change, empty for none."""
    form: MultiMapping[Any] = request.get(FORM, MultiDict())
    return form


def sign_in_url(request: web.Request) -> str:
    """The URL of the page for signing in, which leads back to this request."""
    return "/sign-in" if request.path_qs == "/" else f"/sign-in?next={quote(request.path_qs, safe='')}"


async def _form(request: web.Request) -> MultiDictProxy[Any]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await request.post()  # empty unless the body is a form
    except TimeoutError:
        raise Refused(408, "Request Timeout", f"the form did not arrive within {PATIENCE:g} seconds") from None
    except (ValueError, LookupError) as error:
        raise Refused(400, "Bad Request", f"the form cannot be read: {error}") from None
    except (web.RequestPayloadError, ConnectionError):
        raise Refused(400, "Bad Request", "the form ended before its end") from None


def _host_of(request: web.Request) -> str:
    """The name by which the browser knows us; `request.host` would ask the resolver where there is none, and wait."""
    return request.headers.get(hdrs.HOST, "")


def _names_of(request: web.Request) -> list[str]:
    """The hosts by which we are called, also by a proxy in front, without port; "" for one that is none."""
    return [_host(name) for name in (_host_of(request), request.headers.get("X-Forwarded-Host", "")) if name]


def _host(name: str) -> str:
    """The host of `host:port`; brackets of an IPv6 address go."""
    try:
        return urlsplit(f"//{name}").hostname or ""
    except ValueError:
        return ""


def _access_elsewhere(request: web.Request) -> Access:
    """The access of a path without a route: a visitor who has not signed in does not learn that it has none."""
    return Access(Face.API if request.path.startswith("/api/") else Face.PAGE, Role.READER)
