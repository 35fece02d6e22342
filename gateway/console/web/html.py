"""Pages over HTTP: what a `Page` answers becomes HTML, a redirect with a notice, or is sent as it is."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from aiohttp import hdrs, web

from gateway.console.web.guard import form_of, visitor_of
from gateway.console.web.operations import Console
from gateway.console.web.page import Back, Page, Shown, Visit
from gateway.console.web.problems import Problem
from gateway.console.web.rendering import Rendering

NOTICE: Final = "mattergate_notice"
"""The cookie that carries a notice to the next page, where it is shown once, as text."""

_LONGEST: Final = 600
"""Characters of a notice."""

_LARGEST: Final = 3_800
"""Bytes of its cookie: browsers keep none above 4,096, attributes included."""


class PageFace:
    """Answers pages, and shows problems as pages.

    `marks` counts what waits for a person, by the path of the topic beside which the top bar shows it.
    """

    def __init__(self, console: Console, rendering: Rendering, marks: Callable[[], Mapping[str, int]]) -> None:
        self._console = console
        self._rendering = rendering
        self._marks = marks

    def handler(self, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Answer one page or action."""

        async def answer(request: web.Request) -> web.StreamResponse:
            visitor = visitor_of(request)
            if visitor is None:  # the guard lets nobody through who is unknown
                raise AssertionError(f"{page.path} is open")
            await self._rendering.ready()
            found = await page.act(Visit(self._console, visitor, request, form_of(request)))
            if isinstance(found, Shown):
                return await asyncio.to_thread(self._render, request, found, self._marks())  # long pages take a while
            return back(found) if isinstance(found, Back) else found

        return answer

    async def ready(self) -> None:
        """Compile the templates beside the event loop."""
        await self._rendering.ready()

    def render(self, request: web.Request, page: Shown) -> web.Response:
        """Render a page for whoever asks."""
        return self._render(request, page, self._marks())

    def _render(self, request: web.Request, page: Shown, marks: Mapping[str, int]) -> web.Response:
        visitor = visitor_of(request)
        notice = _notice(request)
        facts: dict[str, Any] = {
            "visitor": visitor,
            "notice": notice,
            "here": request.path,
            "marks": marks,
            **page.facts,
        }
        response = web.Response(
            status=page.status, text=self._rendering.render(page.template, facts), content_type="text/html"
        )
        if notice:
            response.del_cookie(NOTICE, path="/")
        return response

    def show_problem(self, request: web.Request, problem: Problem) -> web.Response:
        """Show what went wrong as a page."""
        return self.render(request, Shown("problem.html", {"problem": problem}, problem.status))


def back(to: Back) -> web.Response:
    """Redirect by GET, the notice in a cookie."""
    response = web.Response(status=303, headers={hdrs.LOCATION: to.url})
    if to.notice:
        response.set_cookie(NOTICE, _cookie(to), max_age=60, path="/", httponly=True, samesite="Strict")
    return response


def _cookie(to: Back) -> str:
    """The notice as the value of a cookie, cut until a browser keeps it: a character may take 16 bytes there."""
    text = to.notice[:_LONGEST]
    while len(value := quote(json.dumps({"text": text, "bad": to.bad}), safe="")) > _LARGEST:
        text = text[: len(text) * 9 // 10]
    return value


def _notice(request: web.Request) -> Mapping[str, Any] | None:
    """The notice of the page before; None without one, and for a cookie that is not ours."""
    try:
        found = json.loads(unquote(request.cookies.get(NOTICE, "")))
        return {"text": str(found["text"]), "bad": bool(found["bad"])}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
