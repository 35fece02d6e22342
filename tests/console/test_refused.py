"""What is told of refused requests, and the words of the filter."""

from typing import get_args

from msgspec.structs import replace

from gateway.console.refused import NoteOrCause
from gateway.model import Cause, Note, Refusal
from tests.console.markup import HOSTILE, Found
from tests.console.test_events import PAGE_TAGS


async def test_a_refused_request_is_told_whole(console, tmp_path):
    """In the list, on its page and over the API: cause, words, sender and hint; the words of strangers stay text."""
    told = Refusal(
        "refused1", 1_800_000_000.0, "github", "github", Cause.WRONG_SECRET, 401, "the header fits no secret",
        "set it again", "192.0.2.1", "POST", " ".join(HOSTILE), "text/plain", 1234,
    )  # fmt: skip
    browser = await console()
    await browser.gateway.running._running.journal.refuse([told, replace(told, id="refused2", route="", service="")])
    for path in ("/events?outcome=refused", "/events/refused1", "/events/refused2"):
        page = await browser.get(path)
        assert page.status == 200
        assert Found(page.text).tags <= {"!", *PAGE_TAGS}
        for said in ("wrong secret", "the header fits no secret", "set it again", "192.0.2.1"):
            assert said in page.text
    listed = (await browser.ask("GET", "/api/v1/events?outcome=refused&note=wrong_secret")).json()["events"]
    assert [one["id"] for one in listed] == ["refused2", "refused1"]
    found = (await browser.ask("GET", "/api/v1/events/refused1")).json()
    assert found["request"] is None
    assert found["event"]["refused"] == {
        "status": 401, "hint": "set it again", "peer": "192.0.2.1", "method": "POST", "agent": " ".join(HOSTILE),
        "content_type": "text/plain", "size": 1234,
    }  # fmt: skip
    for path in ("/events/refused1/sample", "/events/refused1/body"):
        assert (await browser.get(path)).status == 409
    overview = (await browser.ask("GET", "/api/v1/overview")).json()
    assert ([route["refusals"] for route in overview["routes"]], overview["strays"]) == ([1, 0], 1)
    assert "reached no route" in (await browser.get("/")).text


def test_the_words_of_the_filter_are_those_of_the_model():
    """A note that is new in the model is new here."""
    assert set(get_args(NoteOrCause)) == {"", *Note, *Cause}
