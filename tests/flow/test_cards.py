"""One post for one thing: cards that later events edit and reply to, over restarts, deletions and ended sessions."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from gateway import settings
from gateway.app import app
from gateway.catalog import files
from gateway.delivery import retry
from gateway.mattermost.rest_post import LATE
from gateway.pipeline import samplefile
from gateway.standin.server import Post, StandIn
from tests.conftest import eventually

SECRET = "a secret of the cards"
DEGRADED = 'mattergate_destination_degraded{destination="dev"}'
TEXT = """
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[journal]
url = "sqlite:cards.db"
[catalog]
reload = false
[destinations.dev]
server = "{mattermost}"
team = "home"
channel = "{channel}"
{account}
[routes.github]
service = "github"
destinations = ["dev"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
card = "{card}"
[routes.alertmanager]
service = "alertmanager"
destinations = ["dev"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
card = "{card}"
[routes.generic]
service = "generic"
destinations = ["dev"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
[routes.slack]
service = "slack"
destinations = ["dev"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
"""


class Site:
    """A stand-in Mattermost with a bot, and a gateway before it that can be stopped and started."""

    def __init__(self, folder: Path, standin: StandIn, mattermost: str, stack: AsyncExitStack) -> None:
        self.standin = standin
        self._folder = folder
        self._mattermost = mattermost
        self._stack = stack
        self._running = AsyncExitStack()
        self.url = ""
        self._admin = ""
        self.sent = 0

    async def start(self, card: str = "both", account: str = "", channel: str = "town-square") -> None:
        """Start the gateway, again with the same journal."""
        text = TEXT.format(mattermost=self._mattermost, secret=SECRET, card=card, account=account, channel=channel)
        known = settings.parse(text, str(self._folder / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
        running = await self._running.enter_async_context(app.running(known))
        self.url, self._admin = running.public, running.admin

    async def stop(self) -> None:
        """Stop the gateway."""
        await self._running.aclose()

    async def send(self, service: str, body: dict, **headers: str) -> str:
        """Send one event, which must be taken as a message; its id."""
        self.sent += 1
        named = {"X-Token": SECRET, "X-GitHub-Delivery": f"d-{self.sent}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/in/{service}", data=json.dumps(body), headers=named) as response,
        ):
            answer = await response.json()
            assert (response.status, answer["outcome"]) == (202, "message"), answer
            return answer["id"]

    async def api(self, method: str, path: str) -> dict:
        """Ask the admin API as a page of the console does; it must do it."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(f"{self._admin}/events") as page:
                [csrf] = re.findall('<meta name="csrf" content="([^"]*)">', await page.text())
            headers = {"X-CSRF-Token": csrf}
            async with session.request(method, f"{self._admin}/api/v1{path}", headers=headers) as response:
                assert response.status < 300, await response.text()
                return await response.json()

    def alive(self) -> list[Post]:
        """The posts that nobody deleted, oldest first."""
        return [post for post in self.standin.posts if not post.delete_at]

    async def degraded(self) -> tuple[float, str]:
        """What the metric and the state of the destination say of what is missing, once nothing waits."""
        await self.settled()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{self._admin}/metrics") as response:
                [line] = [one for one in (await response.text()).splitlines() if one.startswith(DEGRADED)]
            async with session.get(f"{self._admin}/readyz") as response:
                return float(line.split()[1]), (await response.json())["destinations"]["dev"].get("why", "")

    async def settled(self) -> list[Post]:
        """The living posts, once all that was sent has become of them what becomes of it."""

        async def nothing_waits() -> bool:
            async with aiohttp.ClientSession() as session, session.get(f"{self._admin}/api/v1/overview") as response:
                return not (await response.json())["totals"]["waiting"]

        await eventually(nothing_waits)
        return self.alive()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A stand-in with a bot called gate, who is in town-square, and a gateway that is not started yet."""
    standin = StandIn()
    async with AsyncExitStack() as stack:
        mattermost = await stack.enter_async_context(standin.serve())
        found = Site(tmp_path, standin, mattermost, stack)
        found.token = f'token = "{standin.add_bot("gate")}"'
        standin.join("gate", "town-square")
        yield found
        await found.stop()


def event(file: str) -> dict:
    """The body of a sample of the catalog."""
    service, name = file.split("/")
    return samplefile.load(files.builtin_folder() / service / "samples" / f"{name}.yaml").request.body


async def live(site: Site, opened: dict) -> None:
    """What happens to an issue after it was opened: labelled, commented, closed."""
    issue = opened["issue"]
    label = {"name": "security", "color": "d73a4a"}
    about = {"repository": opened["repository"], "sender": opened["sender"]}
    labelled = {**issue, "labels": [*issue.get("labels", []), label]}
    await site.send(
        "github", {"action": "labeled", "issue": labelled, "label": label, **about}, X_GitHub_Event="issues"
    )
    comment = {
        "id": 7,
        "body": "Looking into it",
        "html_url": issue["html_url"] + "#issuecomment-7",
        "user": opened["sender"],
    }
    said = {"action": "created", "issue": labelled, "comment": comment, **about}
    await site.send("github", said, X_GitHub_Event="issue_comment")
    closed = {**labelled, "state": "closed", "state_reason": "completed"}
    await site.send("github", {"action": "closed", "issue": closed, **about}, X_GitHub_Event="issues")


@pytest.mark.parametrize("trouble", ["none", "restart", "deleted"])
async def test_an_issue_is_one_card_with_its_replies(site: Site, trouble: str) -> None:
    """Opened, labelled, commented, closed: one card in state closed, three replies; also over a restart or deletion."""
    await site.start(account=site.token)
    opened = event("github/issues_opened.bug")
    await site.send("github", opened, X_GitHub_Event="issues")
    [first] = await site.settled()
    assert "opened" not in first.attachments[0]["title"]
    if trouble == "restart":
        await site.stop()
        await site.start(account=site.token)
    if trouble == "deleted":
        site.standin.delete_post(first.id)
    await live(site, opened)
    card, *replies = await site.settled()
    assert len(replies) == (2 if trouble == "deleted" else 3)
    assert card.edit_at > 0
    assert all(reply.root_id == card.id for reply in replies)
    assert card.root_id == ""
    shown = json.dumps(card.attachments)
    assert "closed" in shown.lower()
    assert "security" in shown
    assert "Looking into it" in json.dumps([reply.attachments for reply in replies])
    assert "closed" in replies[-1].attachments[0]["title"]


@pytest.mark.parametrize("trouble", ["none", "restart", "deleted"])
async def test_an_alert_is_one_card_turned_green(site: Site, trouble: str) -> None:
    """Firing and resolved are one post, red and then green; firing again is a new one."""
    await site.start(card="update", account=site.token)
    firing = event("alertmanager/alerts.firing")
    resolved = json.loads(json.dumps(firing).replace('"firing"', '"resolved"'))
    for alert in resolved["alerts"]:
        alert["endsAt"] = "2026-01-31T15:05:00Z"
    await site.send("alertmanager", firing)
    [red] = await site.settled()
    assert red.attachments[0]["color"] in ("danger", "warning")
    if trouble == "restart":
        await site.stop()
        await site.start(card="update", account=site.token)
    if trouble == "deleted":
        site.standin.delete_post(red.id)
    await site.send("alertmanager", resolved)
    [green] = await site.settled()
    assert (green.edit_at > 0) == (trouble != "deleted")
    assert green.attachments[0]["color"] == "good"
    assert "resolved" in green.attachments[0]["title"].lower()
    again = json.loads(json.dumps(firing))
    again["alerts"][0]["startsAt"] = "2026-02-01T08:00:00Z"
    await site.send("alertmanager", again)
    assert len(await site.settled()) == 2


async def test_a_bot_that_may_post_but_not_edit_is_told(site: Site) -> None:
    """By a metric and the state of the destination, until somebody adds it to the channel."""
    channel = site.standin.add_channel("town-square")
    site.standin._world.channels[channel].kind = "P"
    site.standin.leave("gate", "town-square")
    site.standin._world.user_named("gate").roles = "system_user system_post_all"
    await site.start(card="update", account=site.token, channel=channel)
    opened = event("github/issues_opened.bug")
    await site.send("github", opened, X_GitHub_Event="issues")
    assert await site.degraded() == (0.0, "")
    await live(site, opened)
    assert len(await site.settled()) == 4
    degraded, why = await site.degraded()
    assert (degraded, "add it to the channel" in why) == (1.0, True)
    site.standin.join("gate", "town-square")
    await live(site, opened)
    assert len(await site.settled()) == 5  # the comment alone, which replies to the card
    assert await site.degraded() == (0.0, "")


async def test_a_session_that_ends_in_a_burst_costs_one_login(site: Site) -> None:
    """The session token expires in the middle of 1,000 messages: all arrive once, with one new login."""
    site.standin.add_user("gina", "a long password")
    site.standin.join("gina", "town-square")
    await site.start(account='login = "gina"\npassword = "a long password"')
    await site.send("generic", {"title": "number 0"})
    await site.settled()
    before = site.standin.stats["logins"]
    assert before == 1

    async def send(numbers: range) -> None:
        for number in numbers:
            await site.send("generic", {"title": f"number {number}"})

    burst = asyncio.gather(*(send(range(1 + start, 1000, 8)) for start in range(8)))
    await eventually(lambda: len(site.standin.posts) >= 300)
    site.standin.expire_sessions()
    await burst
    posts = await site.settled()
    titles = [post.attachments[0]["title"] for post in posts]
    assert sorted(titles) == sorted(f"number {number}" for number in range(1000))
    assert site.standin.stats["logins"] == before + 1


async def test_what_is_large_arrives_once_and_whole(site: Site) -> None:
    """A post of a hundred kilobytes, which Mattermost sends back as large in its answer, is delivered."""
    await site.start(account=site.token)
    texts = [f"{number}. {'word ' * 900}".strip() for number in range(20)]
    await site.send("slack", {"text": "Long", "attachments": [{"text": text} for text in texts]})
    [post] = await site.settled()
    assert [one["text"] for one in post.attachments] == texts


async def test_an_alert_group_of_200_arrives_whole(site: Site) -> None:
    """Every alert of a large group is told."""
    await site.start(account=site.token)
    group = event("alertmanager/alerts.firing")
    one = group["alerts"][0]
    group["alerts"] = [
        {**one, "fingerprint": f"f{number}", "labels": {**one["labels"], "instance": f"db-{number:03}.example.com"}}
        for number in range(200)
    ]
    group["commonLabels"].pop("instance", None)
    await site.send("alertmanager", group)
    shown = json.dumps([post.attachments for post in await site.settled()])
    assert all(f"db-{number:03}" in shown for number in range(200))


async def test_a_card_is_not_set_back_by_what_is_sent_again(site: Site) -> None:
    """An edit died, and is replayed when the issue is closed: the card stays, and a reply says what it is."""
    await site.start(card="update", account=site.token)
    opened = event("github/issues_opened.bug")
    await site.send("github", opened, X_GitHub_Event="issues")
    await site.settled()
    site.standin.fail_next(1, 413, body='{"id": "api.context.request_body_too_large.app_error"}')
    label = {"name": "late news", "color": "d73a4a"}
    labelled = {**opened, "action": "labeled", "issue": {**opened["issue"], "labels": [label]}, "label": label}
    died = await site.send("github", labelled, X_GitHub_Event="issues")
    await site.settled()
    closed = {**opened["issue"], "state": "closed", "state_reason": "completed"}
    await site.send("github", {**opened, "action": "closed", "issue": closed}, X_GitHub_Event="issues")
    [before] = await site.settled()
    for how, count in (("replay", 2), ("reread", 3)):
        answer = await site.api("POST", f"/events/{died}/{how}")
        card, *replies = await site.settled()
        assert (card.attachments, len(replies) + 1) == (before.attachments, count)
        assert (replies[-1].root_id, replies[-1].message) == (card.id, LATE)
        assert "late news" in json.dumps(replies[-1].attachments)
        told = await site.api("GET", f"/events/{answer.get('event_id', died)}")
        assert told["deliveries"][-1]["state"] == "delivered"
        assert told["deliveries"][-1]["reason"] == retry.LATE
    reopened = {**opened, "action": "reopened"}
    await site.send("github", reopened, X_GitHub_Event="issues")
    assert len(await site.settled()) == 4, "the late news opened the issue again"
