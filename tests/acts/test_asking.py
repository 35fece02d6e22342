"""Outside services that fail in every way: the person is told, the event says so, the button works again."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from gateway.acts.asking import Asked
from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.errors import JournalError
from tests.acts.conftest import TOKEN
from tests.conftest import eventually

UNSURE = "whether it was done is not known"
ACK = """
title: Acknowledge
answers: action
request: {url: "{{ settings.url }}/ack/7", timeout: 500ms}
reply: {message: {text: "Done: {{ answer.json.said }}"}}
"""


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer for ever."""
    made = web.StreamResponse()
    await made.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await made.write(b"x" * 10_000)
            await asyncio.sleep(0.05)
    return made


async def silent(_: web.Request) -> web.Response:
    """Answer nothing for long."""
    await asyncio.sleep(30)
    return web.Response()


async def cut(request: web.Request) -> web.Response:
    """Cut the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def acts(made):
    """What takes and performs acts."""
    return made.running._running._parts.acting.desk.acts


def saying(status: int = 200, body: bytes = b"", kind: str = "application/json", **headers: str):
    """A function that gives one answer."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type=kind, headers=headers)

    return answer


async def check_failure(made, told: str, outcome: str) -> None:
    """Click; the person alone is told, the event says why, nothing is posted, and the next click does it."""
    post = await made.fire()
    await made.standin.click("ann", post, "Ack")
    assert told in await made.whisper()
    assert list(made.standin.posts) == [post]
    assert post.attachments[0]["actions"][0]["name"] == "Ack"
    (line,) = await made.audit()
    assert (line.outcome, told in line.text) == (outcome, True)

    async def is_noted() -> bool:
        (record,) = await made.events()
        delivery = record.deliveries[0]
        return told in delivery.reason or any(told in str(attempt) for attempt in delivery.log)

    await eventually(is_noted)
    made.outside.answers.clear()
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper(2) == "Done: as you wish"


SURE = {
    "500": (saying(500), "answered 500 Internal Server Error"),
    "404 with a reason": (saying(404, b'{"why": "gone"}'), "answered 404 Not Found"),
    "a web page": (saying(200, b"<html>", "text/html"), "answered a web page"),
    "garbage": (saying(200, b"{not"), "answered JSON that cannot be read"),
    "too deep": (saying(200, b"[" * 100_000), "answered JSON that cannot be read"),
    "redirect": (saying(302, Location="http://elsewhere.example/"), "answered 302 Found"),
}


@pytest.mark.parametrize(("answer", "told"), SURE.values(), ids=SURE)
async def test_answers_that_are_none(world, answer, told) -> None:
    """Statuses, web pages and what cannot be read are failures."""
    made = await world()
    made.outside.answers["/ack/7"] = answer
    await check_failure(made, told, "failed")


UNKNOWN = {
    "endless": (endless, "timed out after 0.5 s"),
    "silent": (silent, "timed out after 0.5 s"),
    "cut": (cut, "the connection to"),
    "4 MB": (saying(200, b"x" * 4_000_000), "has more than 1,000,000 bytes"),
}


@pytest.mark.parametrize(("answer", "told"), UNKNOWN.values(), ids=UNKNOWN)
async def test_requests_whose_outcome_is_not_known(world, answer, told) -> None:
    """The request left: whether it was done is not known, and the person is told so."""
    made = await world(**{"callbacks/ack.yaml": ACK})
    made.outside.answers["/ack/7"] = answer
    await check_failure(made, told, "unknown")
    assert UNSURE in made.standin.whispers[0].post.message
    assert "127.0.0.1" in made.standin.whispers[0].post.message


async def test_a_refused_connection_is_certain(world) -> None:
    """Nothing left the house: that is told without the doubt, at every occasion."""
    gone = '{url: "http://127.0.0.1:1/secret-path", timeout: 500ms}'
    made = await world(
        **{
            "callbacks/ack.yaml": ACK.replace('{url: "{{ settings.url }}/ack/7", timeout: 500ms}', gone),
            "callbacks/status.yaml": f"title: Status\nanswers: command\ncommand: {{trigger: pager, sub: status}}\n"
            f"request: {gone}\nreply: {{message: {{text: x}}}}\n",
        }
    )
    post = await made.fire()
    await made.standin.click("ann", post, "Ack")
    told = await made.whisper()
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    answer = await made.standin.execute("ann", "ops", "/pager status x")
    assert answer["response_type"] == "ephemeral"
    for text in (told, answer["text"]):
        assert "127.0.0.1:1" in text
        assert "secret-path" not in text
        assert UNSURE not in text
    assert [line.outcome for line in await made.audit(2)] == ["failed", "failed"]


async def test_what_nobody_waits_for_is_tried_again(world) -> None:
    """A post whose request was certainly not taken is asked anew; the answer comes later, where it was asked."""
    ask = """
title: Ask
answers: outgoing
request: {url: "{{ settings.url }}/ask", repeat: safe, timeout: 500ms}
reply: {message: {text: "{{ answer.json.said }}"}}
"""
    made = await world(table='bot = "helper"', **{"callbacks/ask.yaml": ask})
    made.outside.answers["/ask"] = cut
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN)
    made.standin.say("ann", "ops", "ask")
    await eventually(lambda: len(made.outside.asked) >= 2)
    made.outside.answers.clear()
    await eventually(lambda: made.texts()[-1] == "as you wish")
    assert made.standin.posts[-1].channel_id == made.standin.posts[0].channel_id


async def test_a_journal_that_fails_after_the_request_has_nothing_done_twice(world, monkeypatch) -> None:
    """What came of the request is told once the journal takes it."""
    made = await world()
    made.outside.answers["/ack/7"] = saying(500)
    post = await made.fire()
    journal, failures = acts(made)._journal, []
    release = journal.release

    async def release_later(*given) -> None:
        if not failures:
            failures.append(given)
            raise JournalError("the disk is full")
        await release(*given)

    monkeypatch.setattr(journal, "release", release_later)
    await made.standin.click("ann", post, "Ack")
    assert "500 Internal Server Error" in await made.whisper()
    (line,) = await made.audit()
    assert (line.outcome, len(failures), len(made.outside.asked)) == ("failed", 1, 1)


async def test_an_answer_that_comes_while_patience_ends_comes_later(world, monkeypatch) -> None:
    """Nobody waits any more once the journal has said what else the answer needs."""
    made = await world(table='patience = "100ms"\nbot = "helper"')
    answer = acts(made)._answer

    async def answer_late(*given):
        waited = next(iter(acts(made)._waiting.values()))
        await eventually(waited.done)
        return await answer(*given)

    monkeypatch.setattr(acts(made), "_answer", answer_late)
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    told = await made.standin.execute("ann", "town-square", "/pager status db1")
    assert told["text"].startswith("Working on it")
    assert await made.whisper(2) == "Status: as you wish"


async def test_an_act_that_is_sent_again_has_a_reply_of_its_own(world) -> None:
    """Also where the one before had its failure posted."""
    made = await world(table='patience = "100ms"\nbot = "helper"')
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN)
    made.outside.answers["/ask"] = saying(500)
    made.outside.gate.clear()
    made.standin.say("ann", "ops", "ask what now?")
    await eventually(lambda: made.outside.asked and not acts(made)._waiting)
    made.outside.gate.set()
    await eventually(lambda: "did not work" in made.texts()[-1])

    async def dead() -> list[int]:
        return [one.seq for record in await made.events() for one in record.deliveries if one.state == "dead"]

    await eventually(dead)
    made.outside.answers.clear()
    await made.journal.requeue(await dead())
    await eventually(lambda: made.texts()[-1] == "as you wish")


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (None, 0, "2xx"), (NoAnswer("no"), 0, "network"), (OutsideAnswer(204), 204, "2xx"),
        (OutsideAnswer(429), 429, "429"), (OutsideAnswer(503), 503, "5xx"),
    ],
)  # fmt: skip
def test_the_class_of_an_answer(answer, status, code):
    """As the metrics name it."""
    assert (Asked(answer).status, Asked(answer).code) == (status, code)


async def test_a_journal_that_fails_meanwhile_repeats_no_request(world, monkeypatch) -> None:
    """Between the answer and its end the disk is full: the act is concluded once it is not, with the same answer."""
    made = await world(table='patience = "50ms"')
    post = await made.fire()
    made.outside.answers["/ack/7"] = saying(500)
    tries = []

    async def full(*_):
        tries.append(len(made.outside.asked))
        raise JournalError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(made.journal, "release", full)
        await made.standin.click("ann", post, "Ack")
        await eventually(lambda: len(tries) >= 3)
    await eventually(lambda: any("answered 500" in text for text in made.texts()))
    assert [path for _, path, _ in made.outside.asked] == ["/ack/7"]
    assert [line.outcome for line in await made.audit()] == ["failed"]


async def test_patience_begins_with_the_click(world, monkeypatch) -> None:
    """Who may is asked meanwhile: Mattermost waits for both together."""
    made = await world(table='bot = "helper"\nallow = ["@ann"]\npatience = "50ms"')
    post = await made.fire()
    members = made.running._running._parts.acting.bots.members("helper")
    allowed = members.allowed

    async def allowed_late(*given):
        await asyncio.sleep(0.1)
        return await allowed(*given)

    monkeypatch.setattr(members, "allowed", allowed_late)
    await made.standin.click("ann", post, "Ack")
    assert (await made.whisper()).startswith("Working on it")
    await eventually(lambda: "@ann Done: as you wish" in made.texts())
