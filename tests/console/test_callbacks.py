"""The page of a callback: what it answers and needs, its document, and what becomes of its samples."""


async def test_a_callback_shows_what_becomes_of_its_samples(shared):
    """The request with masks, the reply, and why one fails; each can be tried."""
    found = (await shared.get("/api/v1/catalog/pagerduty/callbacks/acknowledge")).json()
    assert (found["callback"]["answers"], found["callback"]["secrets"]) == (["action"], ["token"])
    assert found["text"].startswith("$schema")
    examples = {one["name"]: one for one in found["examples"]}
    usual = examples["pagerduty/acknowledge.usual"]
    assert usual["occasion"] == "action"
    assert usual["result"]["request"]["method"] == "PUT"
    assert "<secret>" in str(usual["result"]["request"]["headers"])
    assert (usual["result"]["problem"], usual["result"]["to"]) == ("", "for the caller alone")
    assert usual["result"]["messages"][0]["text"]
    assert "a segment of its URL" in examples["pagerduty/acknowledge.elsewhere"]["result"]["problem"]
    page = await shared.get("/catalog/pagerduty/callbacks/acknowledge")
    assert page.status == 200, page.text
    assert "/try/callbacks?sample=pagerduty/acknowledge.usual" in page.text
    assert "made-up" not in page.text.partition("<h2>Document")[0].replace("made-up token", "")
    assert 'href="/catalog/pagerduty/callbacks/acknowledge"' in (await shared.get("/catalog/pagerduty")).text


async def test_what_is_not_there_is_told(shared):
    """A callback, and a service."""
    for path in ("pagerduty/callbacks/dance", "nowhere/callbacks/acknowledge"):
        assert (await shared.get(f"/api/v1/catalog/{path}")).status == 404
        assert (await shared.get(f"/catalog/{path}")).status == 404


async def test_a_translator_shows_its_buttons(shared):
    """With the callback that answers each, also those of its card."""
    found = (await shared.get("/api/v1/catalog/pagerduty")).json()
    buttons = {one["callback"] for row in found["translators"] for one in row["buttons"]}
    assert "pagerduty/acknowledge" in buttons
    row = next(row for row in found["translators"] if row["buttons"])
    assert "/catalog/pagerduty/callbacks/" in (await shared.get(f"/catalog/pagerduty/{row['name']}")).text
