"""Dialogs: how they are opened, what is sent of them, and what an answer is told as."""

import asyncio
import base64

import pytest
import pytest_asyncio

PERMISSIONS = (403, "api.context.permissions")
BAD = (400, "api.context.invalid_body_param")
DIALOG = {
    "callback_id": "c",
    "title": "T",
    "state": "s",
    "elements": [{"name": "n", "display_name": "N", "type": "text"}],
}


class Desk:
    """Where ben opens and submits dialogs; the service takes them under `name`."""

    def __init__(self, stage, service, place):
        self.stage = stage
        self.service = service
        self.place = place
        self.name = stage.name("dialog")
        self.url = service.address(self.name)

    async def trigger(self):
        """A fresh trigger id of ben's, by a command."""
        trigger = self.stage.name("open")
        body = {"team_id": self.stage.team["id"], "trigger": trigger, "method": "P"}
        await self.stage.server.done("POST", "/commands", body | {"url": self.service.address(trigger)})
        order = {"channel_id": self.place.id, "command": f"/{trigger}"}
        await self.stage.server.api("POST", "/commands/execute", order, self.stage.ben_token)
        return self.service.asked(trigger)[0].form["trigger_id"]

    async def open(self, trigger, token="", **more):
        """Open a dialog, without any session unless there is a token."""
        body = {"trigger_id": trigger, "url": self.url, "dialog": DIALOG} | more
        return await self.stage.server.api("POST", "/actions/dialogs/open", body, token)

    async def submit(self, way="submit", **more):
        """Submit as ben."""
        body = {
            "url": self.url, "callback_id": "c", "state": "s", "channel_id": self.place.id,
            "team_id": self.stage.team["id"], "submission": {"n": "x"}, "user_id": "forged", "cancelled": False,
        }  # fmt: skip
        return await self.stage.server.api("POST", f"/actions/dialogs/{way}", body | more, self.stage.ben_token)

    async def answered(self, body, way="submit", **more):
        """Submit, answered so."""
        self.service.answer(self.name, body, **more)
        answer = await self.submit(way)
        self.service.forget(self.name)
        return answer


@pytest_asyncio.fixture(loop_scope="session")
async def desk(stage, service, place):
    """A place that ben is in."""
    await place.join(stage.ben["id"])
    stage.ben_token = stage.ben_token or await stage.session(stage.ben)
    return Desk(stage, service, place)


async def test_opening(desk):
    """A trigger id is all that is needed, as often as one likes, while it is fresh; faults are only logged."""
    trigger = await desk.trigger()
    for more in ({}, {}, {"token": "stale"}, {"dialog": {}}, {"dialog": DIALOG | {"title": "x" * 99}}):
        assert (await desk.open(trigger, **more)).outcome == (200, "")
    assert (await desk.open(trigger, url="")).outcome == BAD
    assert (await desk.open(trigger, dialog={"title": 5})).outcome == BAD
    prefix = "interactive_message.decode_trigger_id"
    assert (await desk.open("?")).outcome == (400, f"{prefix}.base64_decode_failed")
    assert (await desk.open("YTpi")).outcome == (400, f"{prefix}.missing_data")
    client, _, millis, signature = base64.b64decode(trigger).decode().split(":")
    forged = base64.b64encode(f"{client}:{desk.stage.ann['id']}:{millis}:{signature}".encode()).decode()
    assert (await desk.open(forged)).outcome == (400, f"{prefix}.verify_signature_failed")
    async with desk.stage.server.settings(ServiceSettings={"OutgoingIntegrationRequestsTimeout": 1}):
        await asyncio.sleep(1)
        assert (await desk.open(trigger)).outcome == (400, f"{prefix}.expired")


async def test_a_submission(stage, desk):
    """Values keep their types; who sends it is the server's to say, all else the client's."""
    values = {"text": "<x>", "number": 1.0, "flag": True, "none": None, "list": ["a"]}
    assert (await desk.submit(submission=values, type="odd")).outcome == (200, "")
    (asked,) = desk.service.asked(desk.name)
    assert (asked.headers["Content-Type"], asked.headers["Accept"]) == ("application/json", "application/json")
    assert asked.json == {
        "type": "dialog_submission", "callback_id": "c", "state": "s", "user_id": stage.ben["id"],
        "channel_id": desk.place.id, "team_id": stage.team["id"], "submission": values, "cancelled": False,
    }  # fmt: skip
    assert list(asked.json) == [
        "type", "callback_id", "state", "user_id", "channel_id", "team_id", "submission", "cancelled",
    ]  # fmt: skip
    await desk.submit(submission=None, cancelled=True)
    await desk.submit(type="refresh")
    cancelled, refreshed = (one.json for one in desk.service.asked(desk.name)[1:])
    assert (cancelled["submission"], cancelled["cancelled"]) == (None, True)
    assert refreshed["type"] == "refresh"


async def test_submissions_that_are_refused(stage, desk):
    """Without an address, or from a channel or a team that the user is not in."""
    secret, other = await stage.place(private=True, hook=False), await stage.another_team()
    assert (await desk.submit(url="")).outcome == BAD
    assert (await desk.submit(submission="x")).outcome == BAD
    assert (await desk.submit(channel_id=secret.id)).outcome == PERMISSIONS
    assert (await desk.submit(channel_id="y" * 26)).outcome == (404, "app.channel.get.existing")
    for team in (other["id"], ""):
        assert (await desk.submit(team_id=team)).outcome == PERMISSIONS
    assert not desk.service.asked(desk.name)


@pytest.mark.parametrize(
    ("body", "outcome", "told"),
    [
        (b"", (200, ""), {}),
        (b"{}", (200, ""), {}),
        (b"null", (200, ""), {}),
        ({"error": "no", "type": "odd"}, (200, ""), {"error": "no", "type": "odd"}),
        ({"errors": {"n": "bad"}}, (200, ""), {"errors": {"n": "bad"}}),
        ({"type": "ok"}, (200, ""), {"type": "ok"}),
        ({"type": "navigate"}, (200, ""), {"type": "navigate"}),
        ({"errors": {"n": 5}}, (500, "app.submit_interactive_dialog.decode_json_error"), None),
        (b"saved", (500, "app.submit_interactive_dialog.decode_json_error"), None),
        ({"type": "form"}, (400, "app.submit_interactive_dialog.invalid_response"), None),
        ({"form": DIALOG}, (400, "app.submit_interactive_dialog.invalid_response"), None),
        ({"type": "odd"}, (400, "app.submit_interactive_dialog.invalid_response"), None),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_answers(desk, body, outcome, told):
    """What the client is told, or the failure."""
    answer = await desk.answered(body)
    assert answer.outcome == outcome
    if told is not None:
        assert answer.json == told


async def test_the_next_form(desk):
    """Comes with all its keys."""
    form = (await desk.answered({"type": "form", "form": DIALOG})).json["form"]
    assert form == {
        "callback_id": "c", "title": "T", "introduction_text": "", "icon_url": "", "submit_label": "",
        "notify_on_cancel": False, "state": "s",
        "elements": [{
            "display_name": "N", "name": "n", "type": "text", "subtype": "", "default": "", "placeholder": "",
            "help_text": "", "optional": False, "min_length": 0, "max_length": 0, "data_source": "", "options": None,
            "multiselect": False,
        }],
    }  # fmt: skip


@pytest.mark.parametrize("status", [201, 204, 400, 500])
async def test_any_status_but_200_fails(desk, status):
    """Whatever the body says."""
    answer = await desk.answered(b"" if status == 204 else b"{}", status=status)
    assert answer.outcome == (400, "api.post.do_action.action_integration")


@pytest.mark.parametrize(
    ("body", "outcome", "told"),
    [
        ({"items": [{"text": "Ann", "value": "1", "junk": 2}, {}]}, (200, ""), [("Ann", "1"), ("", "")]),
        ({"items": []}, (200, ""), []),
        (b"", (200, ""), None),
        (b"x", (500, "app.lookup_interactive_dialog.decode_json_error"), ...),
        ({"items": [{"text": 5}]}, (500, "app.lookup_interactive_dialog.decode_json_error"), ...),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_choices(desk, body, outcome, told):
    """What is found, of the keys that choices have."""
    answer = await desk.answered(body, "lookup")
    assert answer.outcome == outcome
    assert desk.service.asked(desk.name)[0].json["type"] == "dialog_lookup"
    if told is not ...:
        items = answer.json["items"]
        assert items == (None if told is None else [{"text": text, "value": value} for text, value in told])


async def test_choices_are_asked_of_web_addresses_alone(desk):
    """Others are refused before anybody is asked."""
    assert (await desk.submit("lookup", url="ftp://x")).outcome == BAD
    assert (await desk.submit("submit", url="ftp://x")).outcome == (400, "api.post.do_action.action_integration")
