"""Pages over HTTP: notices that one page leaves for the next, and problems as pages."""

import json
from http.cookies import SimpleCookie
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.web.html import NOTICE, back
from gateway.console.web.page import Back
from tests.console.markup import HOSTILE, Found


def cookie_of(to: Back) -> str:
    """The cookie that a redirect sets, as the header has it; "" for none."""
    return back(to).cookies.output(header="").strip()


def notice(value: object) -> str:
    """The header by which a browser brings a notice."""
    return f"{NOTICE}={quote(value if isinstance(value, str) else json.dumps(value), safe='')}"


def test_an_action_leads_on_by_get():
    """A reload of what comes after it does nothing again."""
    response = back(Back("/events/e1"))
    assert (response.status, response.headers["Location"]) == (303, "/events/e1")
    assert not response.cookies


@given(st.text(min_size=1), st.booleans())
def test_a_notice_travels_in_a_cookie_that_browsers_keep(text, bad):
    """Whatever it says, it fits in what a browser keeps (4,096 bytes), and arrives from its beginning."""
    said = cookie_of(Back("/", text, bad))
    assert len(said) < 4096
    [morsel] = SimpleCookie(said).values()
    found = json.loads(unquote(morsel.value))
    assert found["bad"] is bad
    assert found["text"] == text[: len(found["text"])]
    assert len(text) > 200 or found["text"] == text
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(said.split("; "))


@pytest.mark.parametrize("letter", ["a", "é", "\u4e2d", "\U0001f600", "%", '"'])
def test_a_long_notice_is_cut_so_that_it_arrives(letter):
    """However many bytes its signs take in a cookie."""
    assert len(cookie_of(Back("/", letter * 10_000))) < 4096


async def test_a_notice_is_shown_once_as_text(shared):
    """Markup in it is none, and the answer takes the cookie away."""
    for text in HOSTILE:
        page = await shared.get("/catalog", Cookie=notice({"text": text, "bad": True}))
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert text.strip() in Found(page.text).text
        assert page.cookies[NOTICE]["max-age"] == "0"
    assert NOTICE not in (await shared.get("/catalog")).cookies


@pytest.mark.parametrize(
    "value", ["", "x", "[", "[]", "7", "null", '"text"', {"text": "hello"}, {"bad": True}, "[" * 5000, "\x00\ud800"]
)
async def test_a_notice_that_is_none_is_not_shown(shared, value):
    """What we did not write says nothing, and breaks nothing."""
    value = value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
    page = await shared.get("/catalog", Cookie=notice(value)[:8000])
    assert (page.status, 'class="note' in page.text) == (200, False)


async def test_a_problem_is_a_page_with_its_status(shared):
    """It says what is wrong and leads back."""
    page = await shared.get("/events/none")
    assert page.status == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert "the journal has no event none" in Found(page.text).text
    assert "/" in Found(page.text).urls


async def test_the_top_bar_says_where_one_is(shared):
    """A page below a topic is of that topic; the first page is of none else."""
    for path, topic in (
        ("/", "/"),
        ("/catalog", "/catalog"),
        ("/catalog/items", "/catalog"),
        ("/dead/deliveries", "/dead"),
    ):
        page = Found((await shared.get(path)).text)
        assert page.attributes.count(("a", "aria-current", "page")) == 1
        at = page.attributes.index(("a", "aria-current", "page"))
        assert page.attributes[at - 1] == ("a", "href", topic)
