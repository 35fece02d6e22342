"""The rules of a route: which events become messages, in which channel, how much of them shows, and until when none."""

import json
from datetime import UTC, datetime, timedelta

from tests.flow.conftest import SECRET, Service

SERVICE = """
name: Builds
docs: https://example.com/builds
setup: Nothing to set up; this service exists for tests alone.
event: [{json: kind}]
"""
TRANSLATOR = """
title: A build
events: ["build.*"]
input: {kind: text, title: text, team?: text, labels?: {severity?: text}}
message:
  attachments:
    - title: "{{ title }}"
      text: |
        First paragraph.

        Second paragraph.
      fields: [{title: Kind, value: "{{ kind }}"}]
"""
ROUTES = """
[routes.builds]
service = "builds"
destinations = ["ops"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
only = ["build.*", "deploy"]
ignore = ["build.noise*"]
when = "labels.severity != 'info'"
channel = "team-{{{{ team }}}}"
channels = ["team-a", "team-b"]
verbosity = "{verbosity}"
[routes.night]
service = "builds"
destinations = ["ops"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
mute_until = {until}
[catalog]
folders = ["catalog"]
"""


class Sender:
    """Sends events to the routes of a gateway, and says what is recorded of each."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, kind: str, route: str = "builds", **more: object) -> tuple[str, str]:
        """Outcome and reason of one event."""
        body = {"kind": kind, "title": kind, **more}
        status, answer, _ = await self._service.post(f"/in/{route}", body, {"X-Token": SECRET})
        assert status < 300, answer
        event = json.loads((await self._service.get(f"/api/v1/events/{answer['id']}"))[1])["event"]
        return event["outcome"], event["reason"]


async def begin(service: Service, *, until: str, verbosity: str) -> Sender:
    """Start a gateway with these routes; its Mattermost has the channels of both teams."""
    for name in ("team-a", "team-b", "elsewhere"):
        service.mattermost.add_channel(name)
    service.document("builds/service.yaml", SERVICE)
    service.document("builds/build.yaml", TRANSLATOR)
    service.configure(ROUTES.format(secret=SECRET, until=until, verbosity=verbosity))
    await service.start()
    return Sender(service)


async def posted(service: Service, count: int) -> list[tuple[str, dict]]:
    """Channel, and first attachment or text, of each post, once there are so many."""
    await service.until(lambda: len(service.mattermost.posts) >= count)
    channels = {one.id: one.name for one in service.mattermost._world.channels.values()}
    return [
        (channels[post.channel_id], post.attachments[0] if post.attachments else {"text": post.message})
        for post in service.mattermost.posts
    ]


async def test_what_passes_goes_where_the_route_says(service: Service) -> None:
    """Each rule leaves its trace: what it drops is recorded with it, and what it cannot decide is delivered."""
    send = await begin(service, until="2020-01-01", verbosity="summary")
    dropped = {
        "other": ("other", {}, '[routes.builds] only = ["build.*", "deploy"] does not name other'),
        "noise": ("build.noise.1", {}, "[routes.builds] ignore names build.noise*, which covers build.noise.1"),
        "info": (
            "build.done", {"labels": {"severity": "info"}},
            "[routes.builds] when = labels.severity != 'info' does not hold",
        ),
    }  # fmt: skip
    for kind, more, reason in dropped.values():
        assert await send(kind, team="a", **more) == ("ignored", reason)
    assert await send("build.done", team="a", labels={"severity": "page"}) == ("message", "")
    assert await send("build.failed", team="b") == ("message", "")
    assert await send("build.failed", team="elsewhere") == (
        "message", "[routes.builds] channel gives team-elsewhere, which is none of channels",
    )  # fmt: skip
    first, second, third = await posted(service, 3)
    assert [first[0], second[0], third[0]] == ["team-a", "team-b", "town-square"]
    assert (first[1]["title"], first[1]["text"], first[1].get("fields")) == ("build.done", "First paragraph.", None)
    assert len(service.mattermost.posts) == 3
    assert await service.value("requests_total", route="builds", service="builds", outcome="ignored") == 3


async def test_a_muted_route_is_silent_until_its_time_and_says_so(service: Service) -> None:
    """Its events are stored; overview, status and services name the time; what was muted can be told later."""
    until = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    send = await begin(service, until=until.isoformat(), verbosity="title")
    reason = f"[routes.night] mute_until: the route is muted until {until:%Y-%m-%d %H:%M} UTC"
    assert await send("build.failed", "night") == ("ignored", reason)
    assert await send("build.failed", team="a") == ("message", "")
    [(channel, shown)] = await posted(service, 1)
    assert (channel, shown) == ("team-a", {"text": "build.failed"})
    routes = json.loads((await service.get("/api/v1/overview"))[1])["routes"]
    assert {one["name"]: one["muted_until"] for one in routes} == {"builds": 0, "night": until.timestamp()}
    assert f"night is muted until {until:%Y-%m-%d %H:%M:%S} UTC" in (await service.command("status"))[1]
    assert f"mute_until = {until:%Y-%m-%d}" in (await service.command("services", "builds"))[1]
    service.configure(service.routes.replace(f"mute_until = {until.isoformat()}\n", ""))
    code, said = await service.command(
        "events", "replay", "--route", "night", "--outcome", "ignored", "--today", "--yes"
    )
    assert code == 0, said
    assert len(await posted(service, 2)) == 2
