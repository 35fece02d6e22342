"""The page on which a callback is tried."""

from gateway.callbacks.document import CALLBACK
from gateway.catalog import files
from tests.console.markup import Found


async def test_a_callback_is_chosen_and_tried(shared):
    """By its link, by a sample, by the form, and by the script that asks for the result alone."""
    page = await shared.get("/try/callbacks")
    assert "Choose a callback." in page.text
    page = await shared.get("/try/callbacks?callback=pagerduty/acknowledge")
    assert "pagerduty/acknowledge.usual" in page.text
    page = await shared.get("/try/callbacks?sample=pagerduty/acknowledge.usual")
    text = Found(page.text).text
    assert all(words in text for words in ("Request to the service", "It is not sent", "for the caller alone"))
    form = {
        "callback": "pagerduty/acknowledge",
        "input": '{"context":\r\n{"incident": "Q1"}}',
        "answer": "",
        "status": "",
    }
    page = await shared.post("/try/callbacks", form)
    assert (page.status, "No answer yet" in page.text) == (200, True)
    page = await shared.post("/try/callbacks/result", {**form, "problem": "timed out"})
    assert (page.status, "timed out" in page.text, "<form" in page.text) == (200, True, False)


async def test_every_sample_of_the_catalog_has_its_page(shared):
    """Dialogs and their errors, options, failures, replies of all kinds: nothing that a callback makes breaks it."""
    for service, path in files.samples([files.builtin_folder()], CALLBACK.folder):
        page = await shared.get(f"/try/callbacks?sample={service}/{path.stem}")
        assert page.status == 200, (path, page.text)


async def test_both_benches_lead_to_each_other(shared):
    """Requests and callbacks."""
    assert "/try/callbacks" in Found((await shared.get("/try")).text).urls
    assert "/try" in Found((await shared.get("/try/callbacks")).text).urls
