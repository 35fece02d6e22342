"""Signing in and out."""

from urllib.parse import parse_qs

from aiohttp import hdrs, web

from gateway.console.web.guard import COOKIE, Guard, visitor_of
from gateway.console.web.html import PageFace
from gateway.console.web.page import Shown
from gateway.ingress.body import read_body

_LONGEST = 10_000
"""Bytes of the form. It comes from whoever reaches the listener, so it is read with little memory and patience."""

_PATIENCE = 10.0
"""Seconds that it may take to arrive."""


class Sign:
    """The two routes by which sessions begin and end."""

    def __init__(self, guard: Guard, face: PageFace) -> None:
        self._guard = guard
        self._face = face

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Ask for the token; whoever has a session goes on.

        A link from another site arrives without the SameSite=Strict cookie, and so does all that it redirects to. The
        page therefore loads itself once more (`again`): the browser sends the cookie with what our own page asks for.
        """
        if visitor_of(request) is not None:
            return web.Response(status=303, headers={hdrs.LOCATION: _target(request.query.get("next", ""))})
        await self._face.ready()
        again = request.headers.get("Sec-Fetch-Site") == "cross-site" and "again" not in request.query
        return self._form(request, again=again)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Take the token of the form."""
        form = (await read_body(request, _LONGEST, _PATIENCE)).decode("utf-8", "replace")
        tokens = parse_qs(form).get("token", [""])
        cookie = await self._guard.sign_in(request, tokens[-1].strip())
        if cookie is None:
            return self._form(request, wrong=True)
        response = web.Response(status=303, headers={hdrs.LOCATION: _target(request.query.get("next", ""))})
        self._guard.remember(request, response, cookie)
        return response

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """End the session."""
        visitor = visitor_of(request)
        if visitor is not None:
            self._guard.auth.sign_out(visitor.session)
        response = web.Response(status=303, headers={hdrs.LOCATION: "/sign-in"})
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
        return response

    def _form(self, request: web.Request, *, wrong: bool = False, again: bool = False) -> web.StreamResponse:
        facts = {"wrong": wrong, "again": again, "next": _target(request.query.get("next", ""))}
        return self._face.render(request, Shown("sign_in.html", facts, 401 if wrong else 200))


def _target(given: str) -> str:
    """A path of ours to go on to; "/" for anything that could lead elsewhere."""
    local = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable() and "\\" not in given
    return given if local else "/"
