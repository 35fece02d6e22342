"""The JSON API: its document cannot differ from what is served, and its faults say what to do."""


async def test_an_unknown_parameter_is_told(shared):
    """A misspelt parameter is a fault, not silence."""
    answer = await shared.get("/api/v1/overview?limits=3")
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "limits: unknown parameter, known are none",
    }


async def test_a_path_of_nobody_and_a_wrong_method_are_problems(shared):
    """404 and 405 are JSON for programs and pages for people."""
    answer = await shared.get("/api/v1/nothing")
    assert (answer.status, answer.json()["title"]) == (404, "Not Found")
    answer = await shared.get("/api/v1/reload")
    assert (answer.status, answer.json()["detail"]) == (405, "this answers to POST")
    page = await shared.get("/nothing")
    assert page.status == 404
    assert "there is nothing at this path" in page.text


NOTE = "title: A note\nevents: [note]\nmessage: {text: hello}\n"


async def test_reload_takes_up_the_catalog_and_lists_every_fault(console, tmp_path):
    """A new translator is reported; faulty ones are listed with file and problem, and their service stays as it was."""
    folder = tmp_path / "own" / "github"
    folder.mkdir(parents=True)
    browser = await console(tables='folders = ["own"]')
    await browser.get("/")
    (folder / "note.yaml").write_text(NOTE)
    answer = await browser.call("/reload")
    assert (answer.status, answer.json()) == (200, {"lines": ["github/note.yaml: new"], "faults": []})
    (folder / "note.yaml").write_text(NOTE + "colour: red\n")
    (folder / "other.yaml").write_text("title: Another\n")
    answer = await browser.call("/reload")
    assert (answer.status, answer.json()["lines"]) == (200, [])
    faults = answer.json()["faults"]
    assert len(faults) >= 2
    for name in ("note", "other"):
        assert any(fault.startswith(f"{folder / name}.yaml:") for fault in faults)
    assert "last good version goes on" in (await browser.get("/catalog/github")).text
    (folder / "note.yaml").unlink()
    (folder / "other.yaml").unlink()
    assert (await browser.call("/reload")).json() == {"lines": ["github/note.yaml: gone"], "faults": []}
    assert "faulty" not in (await browser.get("/catalog/github")).text
