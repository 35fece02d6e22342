"""How values are written on pages, and that a page never shows less than it should."""

import pytest
from jinja2 import UndefinedError

from gateway.console.web.problems import FaultInFile, Problem
from gateway.console.web.rendering import FOLDER, Rendering, ago, count, iso, rate, ticked, utc
from tests.console.markup import HOSTILE

FACTS = {"visitor": None, "notice": None, "here": "/"}


@pytest.fixture
def rendering():
    """Give what renders the pages of the console."""
    return Rendering({"/": "Overview"}, lambda name: f"/static/{name}")


def test_times_are_utc():
    """Written for people and for machines."""
    assert (utc(1_795_262_400.9), iso(1_795_262_400.9)) == ("2026-11-21 12:00:00", "2026-11-21T12:00:00Z")
    assert utc(0) == "1970-01-01 00:00:00"


@pytest.mark.parametrize(
    ("distance", "told"),
    [(0, "now"), (0.99, "now"), (-0.99, "now"), (1, "1 s ago"), (12.4, "12 s ago"), (90, "1.5 min ago"),
     (-180, "in 3 min"), (86400, "1 d ago"), (3 * 3600, "3 h ago")],
)  # fmt: skip
def test_how_far_back_a_time_is(distance, told):
    """In the unit that fits, and the other way for what is to come."""
    assert ago(1000.0, 1000.0 + distance) == told


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0.0"), (0.25, "0.25"), (0.004, "0.00"), (1, "1.0"), (3.44, "3.4"), (99.9, "99.9"), (100, "100"),
     (1234.5, "1,234")],
)  # fmt: skip
def test_rates(number, text):
    """Two digits below one, one below a hundred, none above."""
    assert rate(number) == text


def test_counts():
    """With commas, and without a fraction."""
    assert (count(0), count(12345), count(1e6)) == ("0", "12,345", "1,000,000")


@pytest.mark.parametrize(
    ("text", "html"),
    [("see `mattergate check`", "see <code>mattergate check</code>"),
     ("`<b>` & `x`", "<code>&lt;b&gt;</code> &amp; <code>x</code>"),
     ("one ` alone", "one ` alone"), ("<i>", "&lt;i&gt;"), ("", "")],
)  # fmt: skip
def test_names_in_backticks_are_code(text, html):
    """Everything else is text, as everywhere."""
    assert ticked(text) == html


@pytest.mark.parametrize("hostile", HOSTILE)
def test_everything_is_escaped(rendering, hostile):
    """Whatever a fact holds, it is text."""
    problem = Problem(hostile, 422, hostile, (FaultInFile(hostile, 3, hostile, hostile, hostile),))
    html = rendering.render("problem.html", {**FACTS, "problem": problem})
    assert hostile not in html or not set(hostile) & set("<>\"'&")


def test_a_fact_that_is_not_given_is_an_error(rendering):
    """A page never shows less than it should."""
    with pytest.raises(UndefinedError, match="problem"):
        rendering.render("problem.html", FACTS)


async def test_every_template_can_be_compiled(rendering):
    """All are ready before the first page, whatever was asked for."""
    await rendering.ready()
    for path in FOLDER.glob("*.html"):
        assert rendering._environment.get_template(path.name)


async def test_templates_are_compiled_once(rendering, monkeypatch):
    """However many pages are asked for at the same time."""
    compiled = []
    monkeypatch.setattr(rendering, "_compile", lambda: compiled.append(1))
    import asyncio

    await asyncio.gather(*(rendering.ready() for _ in range(10)))
    assert compiled == [1]


def test_a_part_is_the_macro_of_its_name(rendering):
    """A piece of a page is rendered as on the page."""
    assert rendering.part("_progress.html", "progress", None, "/dead", "Show").strip() == ""
