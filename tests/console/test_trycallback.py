"""Try it for callbacks over the API: nothing is sent, and no secret is shown."""

import json

import pytest

from tests.acts.conftest import world  # noqa: F401 - a fixture
from tests.console.conftest import Browser
from tests.console.person import Person

ACK = "pagerduty/acknowledge"


async def _try(browser: Browser, **trial: object) -> tuple[int, dict]:
    await browser.get("/try/callbacks")
    answer = await browser.call("/try/callbacks", trial)
    return answer.status, answer.json()


async def test_a_sample_can_be_tried_and_changed(shared):
    """It fills what is empty; another answer gives another reply."""
    status, found = await _try(shared, sample=f"{ACK}.usual")
    assert (status, found["callback"], found["occasion"], found["needs"]) == (200, ACK, "action", ["token"])
    assert found["result"]["to"] == "for the caller alone"
    refused = (await _try(shared, sample=f"{ACK}.usual", answer="no", status=403))[1]["result"]
    assert "answered 403" in refused["problem"]
    assert refused["request"] == found["result"]["request"]
    silent = (await _try(shared, sample=f"{ACK}.usual", problem="timed out"))[1]["result"]
    assert "timed out" in silent["messages"][0]["text"]


async def test_an_input_is_tried_without_an_answer(shared):
    """The request is there, and the reply waits."""
    said = json.dumps({"context": {"incident": "Q1"}})
    status, found = await _try(shared, callback=ACK, input=said)
    assert (status, found["result"]["waits"]) == (200, True)
    assert found["result"]["request"]["url"].endswith("/incidents/Q1")
    assert "Bearer" not in json.dumps(found) or "<secret>" in json.dumps(found)


@pytest.mark.parametrize(
    ("trial", "status", "words"),
    [
        ({"callback": "pagerduty/dance"}, 404, "no callback"),
        ({"callback": ACK, "occasion": "command"}, 400, "answers action"),
        ({"callback": ACK, "input": "{"}, 400, "input: not JSON"),
        ({"callback": ACK, "input": "[]"}, 400, "expected a JSON object"),
        ({"callback": ACK, "table": "x"}, 422, "no table"),
        ({"sample": "pagerduty/nothing"}, 404, "no sample"),
        ({"event": "unknown"}, 404, "no event"),
    ],
)
async def test_what_cannot_be_tried_is_told(shared, trial, status, words):
    """In words that say what to mend."""
    found = await _try(shared, **trial)
    assert (found[0], words in found[1]["detail"]) == (status, True), found


async def test_an_act_can_be_tried_again(world, session):  # noqa: F811
    """With the settings of its table, whose secrets are masked; the service is not asked."""
    made = await world()
    browser = Browser(made, session)
    await made.standin.click("ann", await made.fire(), "Ack")
    _, page = await Person(browser).api("GET", "/events?route=callbacks.pager")
    asked = len(made.outside.asked)
    status, found = await _try(browser, event=page["events"][0]["id"], answer='{"said": "tried"}')
    assert (status, found["result"]["messages"]) == (200, [{"text": "Done: tried"}])
    assert found["result"]["request"]["headers"]["Authorization"] == "Bearer <secret>"
    assert found["result"]["request"]["url"].startswith("http://127.0.0.1:")
    assert len(made.outside.asked) == asked
    page = await browser.get(f"/try/callbacks?event={page['events'][0]['id']}")
    assert (page.status, "the key of the pager" in page.text) == (200, False)
