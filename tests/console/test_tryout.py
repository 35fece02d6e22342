"""Try it, over HTTP: requests are recognised, translated and explained, an edited translator beside the running one."""

import asyncio
import gc
import json
import time
from pathlib import Path

import pytest

from gateway.catalog import files
from tests.console.test_sandbox import HUNGRY, LONG, MANY, SLOW

FOLDERS = [files.builtin_folder()]
PUSH = FOLDERS[0] / "github" / "push.yaml"
HEADERS = "> POST /in/x?a=1 HTTP/2\n> X-GitHub-Event: push\n> User-Agent: GitHub-Hookshot/1\n* other\n< X-Server: no"
BODY = {"ref": "refs/heads/main", "commits": [], "repository": {"full_name": "acme/api"}, "deleted": True}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


async def _tried(console, **trial):
    browser = await console()
    await browser.get("/try")
    answer = await browser.call("/try", trial)
    assert answer.status == 200, answer.text
    return answer.json()


async def test_a_pasted_request_becomes_a_message(console):
    """Headers as curl prints them and a body: service, event, translator, subject and message are told."""
    found = await _tried(console, headers=HEADERS, body=json.dumps(BODY))
    assert (found["service"], found["running"]["outcome"]) == ("github", "message")
    event = found["running"]["events"][0]
    assert (event["event"], event["translator"], event["subject"]) == ("push", "github/push", "acme/api@main")
    assert "deleted" in event["messages"][0]["attachments"][0]["title"]
    assert any("x-github-event" in reason for reason in found["candidates"][0]["reasons"])
    assert found["proofs"][0]["words"].startswith("HMAC-SHA256 of the body in the header X-Hub-Signature-256")
    assert not found["proofs"][0]["there"]
    assert found["document"]["text"] == PUSH.read_text()


async def test_schema_faults_name_path_and_line(console):
    """A payload that does not match the schema is shown with JSON paths, and the lines of the translator."""
    body = {**BODY, "ref": {}}
    found = await _tried(console, service="github", headers="X-GitHub-Event: push", body=json.dumps(body))
    event = found["running"]["events"][0]
    assert (event["translator"], event["mismatch"]) == ("generic", "github/push")
    fault = event["faults"][0]
    assert fault["path"] == "$.ref"
    assert "ref: text" in PUSH.read_text().splitlines()[fault["line"] - 1]


async def test_an_edit_is_shown_beside_the_running_translator(console):
    """The edited document speaks in its own result; the running one stays, in files and in ingress."""
    text = PUSH.read_text()
    edited = text.replace('subject: "{{ repository.full_name }}@{{ branch }}"', "subject: edited")
    found = await _tried(console, headers=HEADERS, body=json.dumps(BODY), translator="push", document=edited)
    assert found["running"]["subject"] == "acme/api@main"
    assert found["edited"]["subject"] == "edited"
    assert PUSH.read_text() == text


async def test_faults_of_an_edit_have_line_and_column(console):
    """An edited document that cannot be used is told as the catalog's loader tells it."""
    lines = PUSH.read_text().splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("subject:"))
    lines[at] = 'subject: "{{ ref | no_such_function }}"'
    document = "\n".join(lines)
    found = await _tried(console, headers=HEADERS, body=json.dumps(BODY), document=document)
    fault = found["faults"][0]
    assert (fault["line"], fault["column"], fault["where"]) == (at + 1, 1, "subject")
    assert "no_such_function" in fault["problem"]
    assert found["edited"] is None


async def test_an_edit_that_is_not_yaml_names_its_line(console):
    """A syntax error has line and column."""
    found = await _tried(console, headers=HEADERS, body=json.dumps(BODY), document="title: x\n  events: [")
    assert found["faults"][0]["line"] == 2
    assert found["faults"][0]["column"] > 1


HEAD = 'title: "abc"\nevents: [push]\nmessage:\n  text:\n'
SQUARE = "{% for a in commits %}{% for b in commits %}{{ b }}{% endfor %}{% endfor %}"
NASTY = {
    "loops": HEAD + f"    - {{each: commits, limit: 200, line: '{SQUARE}'}}\n" * 200,
    "functions": HEAD + "    - '{% for a in commits %}{{ payload | html | mrkdwn | jira }}{% endfor %}'\n" * 300,
    "objects": 'title: "abc"\nevents: [push]\nmessage:\n  attachments:\n'
    + "    - {each: commits, limit: 200, item: {text: a}}\n" * 1150,
    "compiling": HEAD + "    - '{{ a if b else c | lower }}'\n" * 1500,
    "braces": 'title: "abc"\nevents: [push]\nmessage: {text: "' + "{{" * 31_000 + '"}',
    "aliases": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
    "itself": "title: &a [*a]",
    "deep": "[" * 5_000,
    "pattern": "title: abc\nevents: [push]\n"
    'input: {type: object, properties: {ref: {pattern: "^(a+)+$"}}}\nmessage: {text: x}\n',
    "fetching": "title: abc\nevents: [push]\ninput: {$ref: 'http://127.0.0.1:9/x'}\nmessage: {text: x}\n",
}


def settle_memory() -> None:
    """Take what is there out of the garbage collector's sight, as `serve` does: here that is a heap of all tests."""
    gc.collect()
    gc.freeze()


@pytest.mark.parametrize("document", NASTY.values(), ids=NASTY)
async def test_a_nasty_edit_ends_in_time_and_ingress_goes_on(console, document):
    """Whatever is edited, the answer comes after bounded work, and the event loop is held up by none of it.

    Times are those of the processors: of the work of this process, whatever else the machine does.
    """
    browser = await console()
    await browser.get("/try")
    body = {**BODY, "ref": "a" * 60 + "!", "commits": [{"id": str(n)} for n in range(200)]}
    await browser.call("/try", {"headers": HEADERS, "body": json.dumps(body)})  # the catalog is read once
    settle_memory()
    gaps, stop = [], asyncio.Event()

    async def beat():
        while not stop.is_set():
            began = time.process_time()
            await asyncio.sleep(0.005)
            gaps.append(time.process_time() - began)

    beating = asyncio.ensure_future(beat())
    began = time.process_time()
    trial = {"headers": HEADERS, "body": json.dumps(body), "document": document, "translator": "push"}
    answer = await browser.call("/try", trial)
    seconds = time.process_time() - began
    stop.set()
    await beating
    assert answer.status == 200, answer.text
    assert seconds < 10
    assert max(gaps) < 1.0
    print(f"{seconds:.2f} s, the longest gap {max(gaps) * 1000:.0f} ms")
    found = answer.json()
    assert found["running"]["outcome"] == "message"
    assert found["faults"] or found["edited"]["outcome"] in {"broken", "message"}


async def test_nothing_is_written_anywhere(console, tmp_path: Path):
    """Trying and editing leave the journal, the catalog and the folder of the gateway as they were."""
    browser = await console()
    await browser.get("/try")
    before = {path: path.stat().st_mtime_ns for path in [*tmp_path.rglob("*"), *FOLDERS[0].glob("github/*.yaml")]}
    document = PUSH.read_text().replace("danger", "good")
    await browser.call("/try", {"headers": HEADERS, "body": json.dumps(BODY), "document": document})
    await browser.post("/try/result", {"headers": HEADERS, "body": json.dumps(BODY), "document": document})
    after = {path: path.stat().st_mtime_ns for path in [*tmp_path.rglob("*"), *FOLDERS[0].glob("github/*.yaml")]}
    assert after == before
    assert not browser.gateway.standin.posts
    assert (await browser.get("/api/v1/events")).json()["events"] == []


async def test_hostile_text_never_becomes_markup(console):
    """Tags in headers, body, document and names come out as text, on the page and in its parts."""
    browser = await console()
    await browser.get("/try")
    body = json.dumps({"ref": HOSTILE, "commits": [{"id": HOSTILE}], "repository": {"full_name": HOSTILE}})
    form = {"headers": f"X-GitHub-Event: push\n{HOSTILE}", "body": body, "service": "github", "query": HOSTILE}
    for document in ("", f'title: "{HOSTILE}"\nevents: ["{HOSTILE}"]\n{HOSTILE}: 1\nmessage: {{text: "{HOSTILE}"}}'):
        for path in ("/try", "/try/result"):
            answer = await browser.post(path, {**form, "document": document, "translator": HOSTILE})
            assert answer.status == 200, answer.text
            assert "<script>alert" not in answer.text
            assert "<img src=x" not in answer.text
    assert (await browser.post("/try", {**form, "service": HOSTILE})).status == 422


async def test_a_route_brings_its_wishes(console):
    """As sent to a route, its filters hold; its service is that of the request."""
    routes = '[routes.quiet]\nservice = "github"\ndestinations = ["ops"]\nallow_unsigned = true\nignore = ["push"]\n'
    browser = await console(routes=routes)
    await browser.get("/try")
    answer = await browser.call("/try", {"route": "quiet", "headers": HEADERS, "body": json.dumps(BODY)})
    found = answer.json()
    assert (found["running"]["outcome"], found["running"]["reason"]) == ("ignored", "[routes.quiet] ignore names push")
    assert (await browser.call("/try", {"route": "none", "body": "{}"})).status == 422


async def test_a_journalled_event_can_be_taken(console):
    """An event that came in is tried by its id, its request as it is kept; an unknown one is 404."""
    browser = await console()
    _, kept = await browser.gateway.github("push", BODY, "d-1")
    await browser.get("/try")
    found = (await browser.call("/try", {"event": kept["id"]})).json()
    assert (found["service"], found["running"]["outcome"]) == ("github", "message")
    page = await browser.get(f"/try?event={kept['id']}")
    assert "acme/api" in page.text
    assert "x-github-event: push" in page.text
    assert (await browser.get("/try?event=none")).status == 404


async def test_the_page_works_without_scripts(console):
    """The form shows its result, `edit` fills the editor, and the edited document is downloaded."""
    browser = await console()
    await browser.get("/try")
    form = {"headers": HEADERS.replace("\n", "\r\n"), "body": json.dumps(BODY)}
    page = await browser.post("/try?edit", form)
    assert page.status == 200, page.text
    assert 'name="translator" value="push"' in page.text
    assert "title: Commits pushed to a branch" in page.text
    file = await browser.post("/try/document", {"document": "title: mine\r\n", "translator": "../push"})
    assert file.body == b"title: mine\n"
    assert file.headers["Content-Disposition"] == 'attachment; filename="push.yaml"'


async def test_a_reader_may_try_and_a_page_without_its_token_is_refused(console):
    """Trying changes nothing, so that the read-only role may do it; other sites may not."""
    browser = await console(guarded=True)
    await browser.sign_in(browser.read_token)
    form = {"headers": HEADERS, "body": json.dumps(BODY)}
    assert (await browser.post("/try/result", form)).status == 200
    assert (await browser.ask("POST", "/try/result", data=form)).status == 403


async def test_a_reader_tries_no_document(console):
    """An edited document is code: with the read-only token it is refused, on both faces, with what to do."""
    browser = await console(guarded=True)
    await browser.sign_in(browser.read_token)
    page = await browser.get("/try")
    assert 'name="document"' not in page.text
    assert "read-only token" in page.text
    trial = {"headers": HEADERS, "body": json.dumps(BODY), "document": NASTY["loops"], "translator": "push"}
    for answer in (
        await browser.ask("POST", "/api/v1/try", json=trial, Authorization=f"Bearer {browser.read_token}"),
        await browser.call("/try", trial),
        await browser.post("/try", trial),
        await browser.post("/try/result", trial),
        await browser.get("/try?document=x&body=y"),
    ):
        assert answer.status == 403
        assert "read-only token" in answer.text
    assert (await browser.post("/try/document", {"document": "x"})).status == 403
    found = await browser.call("/try", {**trial, "document": ""})
    assert found.json()["running"]["outcome"] == "message"
    admin = await browser.ask("POST", "/api/v1/try", json=trial, Authorization=f"Bearer {browser.token}")
    assert admin.status == 200


DOUBLING = "{% set s = 1 %}" + "{% set s = [s, s] %}" * 40 + "{{ s | length }}"
CHOICES = ", ".join(f'd{n}: {{anyOf: [{{$ref: "#/$defs/d{n + 1}"}}, {{$ref: "#/$defs/d{n + 1}"}}]}}' for n in range(60))


@pytest.mark.parametrize(
    ("document", "body", "told"),
    [
        (f"title: abc\nevents: [push]\nmessage: {{text: '{DOUBLING}'}}\n", json.dumps(BODY), "at most 100"),
        (f"title: abc\nevents: [push]\ninput: {{$defs: {{{CHOICES}, d60: false}}, $ref: '#/$defs/d0'}}\n"
         "message: {text: x}\n", json.dumps(BODY), "branches for one value"),
        (SLOW, MANY.decode(), "github/push takes more than 1 s of processor time"),
        (HUNGRY, LONG.decode(), "github/push needs more than 256 MB of memory"),
    ],
    ids=["a list that doubles", "a schema that branches sixty times", "time", "memory"],
)  # fmt: skip
async def test_a_document_that_would_stop_the_gateway_stops_its_own_process(console, document, body, told):
    """It is told which document and which limit; meanwhile and afterwards the gateway answers, and ingress goes on."""
    browser = await console()
    await browser.get("/try")
    trial = {"headers": HEADERS, "body": body, "document": document, "translator": "push"}
    trying = asyncio.ensure_future(browser.call("/try", trial))
    while not trying.done():
        assert (await browser.get("/healthz")).status == 200
    found = (await trying).json()
    assert found["edited"] is None
    assert told in found["faults"][0]["problem"]
    assert (await browser.gateway.github("push", BODY, "d-1"))[0] == 202


@pytest.mark.parametrize(
    ("trial", "told"),
    [
        ({"body": "x" * 1_000_001}, "body"),
        ({"document": "x" * 64_001}, "document"),
        ({"body": "a", "encoding": "base64"}, "base64"),
        ({"service": "none", "body": "{}"}, "none"),
        ({"sample": "github/none"}, "sample"),
    ],
)
async def test_bad_input_is_a_problem_that_names_it(console, trial, told):
    """What cannot be tried is answered with its name and status."""
    browser = await console()
    await browser.get("/try")
    answer = await browser.call("/try", trial)
    assert answer.status in {400, 404, 422}
    assert told in answer.json()["detail"]


async def test_a_handshake_is_told(console):
    """The notes say that ingress answers a handshake at once."""
    body = '{"type": "url_verification", "challenge": "abc", "token": "t"}'
    found = await _tried(console, service="slack", body=body)
    assert any("answers this handshake at once" in note for note in found["notes"])


async def test_buttons_of_a_message_are_listed(console):
    """With the callback that answers each and what it is told; the page leads to its bench."""
    browser = await console()
    await browser.get("/try")
    found = (await browser.call("/try", {"sample": "pagerduty/incident.reopened"})).json()
    [event] = found["running"]["events"]
    assert "pagerduty/acknowledge" in [one["callback"] for one in event["actions"]]
    page = await browser.get("/try?sample=pagerduty/incident.reopened")
    assert "/try/callbacks?callback=pagerduty/acknowledge" in page.text
