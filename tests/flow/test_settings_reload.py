"""Settings that change while the gateway runs: whole or not at all, told, and without losing an event."""

import asyncio
import json
import signal
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import AsyncExitStack, closing
from itertools import pairwise

import pytest

from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR, PATIENCE
from tests.flow.conftest import SECRET, Mattermost

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-settings-reload")]

TOKEN = "the-admin-token-of-this-test"
OTHER_TOKEN = "another-admin-token-of-this-test"
BASE = """
[server]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
grace = "{grace}"
[journal]
url = "sqlite:{journal}"
[log]
format = "json"
level = "{level}"
[admin]
token = "{token}"
[catalog]
folders = {folders}
[destinations.ops]
hook = "{hook}"
concurrency = {concurrency}
[routes.items]
service = "{service}"
destinations = {destinations}
secrets = {secrets}
verify = [{{header = "X-Token"}}]
"""
DEV = """
[destinations.dev]
hook = "{dev}"
"""
EXTRA = """
[routes.extra]
service = "items"
destinations = ["{goal}"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
"""


class Changing:
    """A gateway whose settings a test rewrites; `write` takes what is to differ from the plain ones."""

    def __init__(self, items) -> None:
        self.items = items
        self.hook = f"{items.mattermost_url}/hooks/{items.hook}"
        self.dev = f"{items.mattermost_url}/hooks/{items.mattermost.add_hook()}"

    def write(self, more: str = "", **other: object) -> None:
        """Write the settings file, as editors do: whole, then renamed into place."""
        values = {
            "port": self.items.port, "admin": self.items.admin_port, "grace": "30s", "journal": "journal.db",
            "level": "info", "token": TOKEN, "folders": '["catalog"]', "hook": self.hook, "concurrency": 4,
            "service": "items", "destinations": '["ops"]', "secrets": f'["{SECRET}"]',
        } | other  # fmt: skip
        fresh = self.items.file.with_suffix(".tmp")
        fresh.write_text(BASE.format(**values) + more)
        fresh.chmod(0o600)
        fresh.rename(self.items.file)

    async def ask(self, token: str = TOKEN) -> tuple[int, dict]:
        """POST /api/v1/reload; status and answer."""
        url = f"http://127.0.0.1:{self.items.admin_port}/api/v1/reload"
        async with self.items.session.post(url, headers={"Authorization": f"Bearer {token}"}) as got:
            return got.status, await got.json(content_type=None)

    async def taken_up(self, token: str = TOKEN) -> list[str]:
        """Have the settings taken up; the lines of the answer."""
        status, answer = await self.ask(token)
        assert status == 200, answer
        return answer["lines"]

    def told(self, event: str) -> list[dict]:
        """The lines of the log about an event."""
        return [line for line in map(json.loads, self.items.log.splitlines()) if line["event"] == event]

    async def hang_up(self) -> None:
        """Send SIGHUP, and wait until the settings are taken up or refused."""
        before = self._answers()
        self.items.running.signal(signal.SIGHUP)
        await self.items.until(lambda: self._answers() > before)

    def _answers(self) -> int:
        return len(self.told("settings taken up")) + len(self.told("settings not taken up, the running ones stay"))

    async def series(self) -> dict:
        """Every series of /metrics."""
        url = f"http://127.0.0.1:{self.items.admin_port}/metrics"
        async with self.items.session.get(url, headers={"Authorization": f"Bearer {TOKEN}"}) as got:
            return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in (await got.text()).splitlines()
                    if not line.startswith("#")}  # fmt: skip

    async def ok(self) -> float:
        """What the metric says of the last reload."""
        return (await self.series())["mattergate_settings_reload_ok"]

    async def settled(self) -> bool:
        """Whether nothing is pending in the journal."""
        return not [state for state, _ in self.deliveries() if state == "pending"]

    def deliveries(self) -> list[tuple[str, str]]:
        """State and destination of every delivery in the journal."""
        with closing(sqlite3.connect(self.items.folder / "journal.db")) as connection:
            return connection.execute("SELECT state, destination FROM delivery").fetchall()


@pytest.fixture
async def changing(items):
    """Give a running gateway whose settings are to change."""
    made = Changing(items)
    made.write()
    await items.start()
    return made


@pytest.fixture
async def second():
    """Give a second stand-in Mattermost and its URL."""
    async with AsyncExitStack() as stack:
        made = Mattermost()
        yield made, await stack.enter_async_context(made.serve())


def steps(changing, elsewhere: str) -> Iterable[dict]:
    """What to write, one after the other: everything comes, changes and goes again."""
    dev, both = DEV.format(dev=changing.dev), '["ops", "dev"]'
    rotated = f'["a new secret", "{SECRET}"]'
    yield {"more": dev, "destinations": both, "secrets": rotated}
    yield {"more": dev + EXTRA.format(goal="dev", secret=SECRET), "destinations": both, "hook": elsewhere}
    yield {"more": EXTRA.format(goal="ops", secret=SECRET), "hook": elsewhere, "folders": '["catalog", "over"]'}
    yield {"more": dev, "destinations": both, "concurrency": 1}
    yield {"hook": elsewhere, "concurrency": 8, "secrets": rotated, "level": "warning"}
    yield {}


async def _disturb(items, stop: asyncio.Event, answers: Counter) -> None:
    """Send to a route that comes and goes, as senders do that know nothing of that."""
    number = 0
    while not stop.is_set():
        number += 1
        body = {"kind": "item", "id": f"x-{number}", "box": "x", "number": number}
        status, _, _ = await items.post("/in/extra", body, {"X-Token": SECRET})
        answers[status] += 1
        await asyncio.sleep(0.01)


async def test_nothing_is_lost_while_everything_changes(changing, second, load):
    """Under load all that was accepted arrives, or is dead with a reason and arrives when replayed, in its order."""
    items, (other, url) = changing.items, second
    items.document("../over/items/item.yaml", ITEMS_TRANSLATOR)
    senders, stop, answers = load(8, 0.01), asyncio.Event(), Counter()
    disturbing = asyncio.ensure_future(_disturb(items, stop, answers))
    for turn in range(3):
        for number, step in enumerate(steps(changing, f"{url}/hooks/{other.add_hook()}")):
            before = senders.total
            await items.until(lambda before=before: senders.total > before + 20)
            changing.write(**step)
            if (turn + number) % 2 and step.get("level") != "warning":
                await changing.taken_up()
            else:
                changing.items.running.signal(signal.SIGHUP)
                await asyncio.sleep(0.3)
    assert not [line for line in await changing.taken_up() if "[destinations.dev]" in line]
    stop.set()
    await disturbing
    await senders.finish()
    await items.until(changing.settled)
    assert senders.refusals == []
    assert set(answers) == {202, 404}
    counted = Counter(changing.deliveries())
    assert {state for state, _ in counted} <= {"delivered", "dead"}
    assert ("dead", "ops") not in counted
    _each_once_and_in_order(changing, other, senders)
    await _replayed(changing, counted)


def _each_once_and_in_order(changing, other, senders) -> None:
    """Destination `ops`, which stayed while its hook moved, has each item once; a lane is in order across both."""
    dev = changing.dev.rpartition("/")[2]
    posts = sorted([*changing.items.mattermost.posts, *other.posts], key=lambda post: post.create_at)
    found = {True: defaultdict(list), False: defaultdict(list)}
    for post in posts:
        box, number = post.message.split()
        found[post.hook == dev][box].append((post.create_at, int(number)))
    for box, expected in senders.expected.items():
        got = found[False][box]
        assert sorted(number for _, number in got) == expected
        for (at, number), (later, larger) in pairwise(got):
            assert number < larger or at == later
    for lane in found[True].values():
        assert len({number for _, number in lane}) == len(lane)
        assert [number for _, number in lane] == sorted(number for _, number in lane)


async def _replayed(changing, counted) -> None:
    """What waits for a destination that went arrives once it is back."""
    dead = counted["dead", "dev"]
    changing.write(DEV.format(dev=changing.dev))
    assert await changing.taken_up() == ["[destinations.dev]: new"]
    code, said = await changing.items.command("dead", "replay", "--all", "--yes")
    assert code == 0, said
    await changing.items.until(changing.settled)
    after = Counter(changing.deliveries())
    assert (after["dead", "dev"], after["replayed", "dev"]) == (0, dead)
    assert after["delivered", "dev"] == counted["delivered", "dev"] + dead
    posts = [post for post in changing.items.mattermost.posts if post.hook == changing.dev.rpartition("/")[2]]
    assert len(posts) == after["delivered", "dev"]


async def test_what_waits_for_a_destination_that_goes_is_dead_and_the_attempt_under_way_counts(changing):
    """With Mattermost slow to answer, the reload does not wait; the rest is dead at once when the answer is there."""
    items = changing.items
    changing.write(DEV.format(dev=changing.dev), destinations='["dev"]')
    await changing.taken_up()
    items.mattermost.door.clear()
    for number in range(1, 6):
        assert (await items.item("a", number))[0] == 202
    await items.until(lambda: items.mattermost.held == 1)
    changing.write()
    lines = await asyncio.wait_for(changing.taken_up(), PATIENCE)
    assert lines == ["[destinations.dev]: gone", "[routes.items]: destinations changed"]
    assert (await items.item("a", 6))[0] == 202
    items.mattermost.door.set()
    await items.until(changing.settled)
    counted = Counter(changing.deliveries())
    assert counted == {("delivered", "dev"): 1, ("dead", "dev"): 4, ("delivered", "ops"): 1}
    _, said = await items.command("dead", "list")
    assert "is not in the settings any more" in said
    assert 'mattergate_queue_depth{destination="dev"}' not in await changing.series()


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("[routes", [""]),
        ("a = " + "[" * 9999, [""]),
        ("listen = 1\n[nothing]\n", ["listen", "nothing"]),
        ('[destinations.ops]\nhook_env = "NOT_SET"\n', ["destinations.ops.hook_env"]),
    ],
    ids=["syntax", "nested", "unknown", "environment"],
)
async def test_broken_settings_change_nothing(changing, text, places):
    """Each fault is in the answer, and in the log after SIGHUP; what runs stays; the metric tells both."""
    items = changing.items
    good = items.file.read_text()
    items.file.write_text(text)
    status, answer = await changing.ask()
    assert (status, [fault["where"] for fault in answer["faults"]]) == (422, places)
    assert await changing.ok() == 0
    before = len(changing.told("settings not taken up, the running ones stay"))
    assert before == len(places)
    await changing.hang_up()
    assert len(changing.told("settings not taken up, the running ones stay")) == 2 * len(places)
    assert (await items.item("a", 1))[0] == 202
    items.file.write_text(good)
    assert await changing.taken_up() == []
    assert await changing.ok() == 1


async def test_every_fault_of_settings_and_catalog_is_told_at_once(changing):
    """Beside the faults of the file the answer has those of its routes, or of the documents; none holds a secret."""
    secret = "s3cret-in-a-wrong-place"
    wrong = f'[passthrough]\nsecret = "{secret}"\n'

    async def problems() -> list[str]:
        status, answer = await changing.ask()
        assert status == 422
        assert secret not in json.dumps(answer) + changing.items.log
        return [f"{fault['where']}: {fault['problem']}" for fault in answer["faults"]]

    changing.write(wrong, service="itemz")
    first, second, third = await problems()
    assert (first, second) == ("passthrough.server: is missing", "passthrough.secret: unknown key")
    assert third == "routes.items.service: the catalog has no service 'itemz'"
    changing.write(wrong)
    changing.items.document("items/bad.yaml", "title: Bad\nevents: [bad]\nmessage: {colour: red}\n")
    assert (await problems())[:2] == [first, second]
    assert "there is no key 'colour'" in (await problems())[2]


async def test_what_needs_a_restart_is_refused_whole(changing):
    """What the parts were built on cannot change: each such key is named, and nothing else of the file is taken up."""
    changing.write(DEV.format(dev=changing.dev), port=1, journal="other.db", grace="1s", level="error")
    status, answer = await changing.ask()
    assert status == 422
    assert [fault["where"] for fault in answer["faults"]] == ["server.listen", "server.grace", "journal.url"]
    assert {fault["remedy"] for fault in answer["faults"]} == {"restart it, or put back the old value"}
    assert 'mattergate_queue_depth{destination="dev"}' not in await changing.series()
    assert changing.told("settings not taken up, the running ones stay")


async def test_a_file_that_is_gone_changes_nothing(changing):
    """A settings file that was deleted is a fault; once it is back it is taken up."""
    changing.items.file.unlink()
    status, answer = await changing.ask()
    assert (status, len(answer["faults"])) == (422, 1)
    assert "No such file" in answer["faults"][0]["problem"]
    await changing.hang_up()
    changing.write()
    await changing.hang_up()
    assert await changing.ok() == 1


async def test_secrets_rotate(changing):
    """A new secret is taken from the next request on, a removed one is refused, and neither is in any text."""
    items = changing.items
    new = "a secret that comes by rotation"
    changing.write(secrets=f'["{new}"]', hook=changing.dev)
    lines = await changing.taken_up()
    assert lines == ["[destinations.ops]: hook changed", "[routes.items]: secrets changed"]
    body = {"kind": "item", "id": "1", "box": "a", "number": 1}
    assert (await items.post("/in/items", body, {"X-Token": SECRET}))[0] == 401
    assert (await items.post("/in/items", body, {"X-Token": new}))[0] == 202
    await items.until(lambda: items.mattermost.texts == ["a 1"])
    assert items.mattermost.posts[0].hook == changing.dev.rpartition("/")[2]
    for secret in (new, SECRET, TOKEN, items.hook, changing.dev):
        assert secret not in items.log


async def test_a_changed_admin_token_ends_what_the_old_one_opened(changing):
    """Sessions and live pages of the old token end, and it is refused; the new one is let in."""
    items, base = changing.items, f"http://127.0.0.1:{changing.items.admin_port}"
    async with items.session.post(f"{base}/sign-in", data={"token": TOKEN}, allow_redirects=False) as got:
        assert got.status == 303
        cookies = {name: one.value for name, one in got.cookies.items()}
    async with items.session.get(f"{base}/api/v1/session", cookies=cookies) as got:
        assert got.status == 200
    async with items.session.get(f"{base}/live?feed=overview", cookies=cookies) as page:
        assert page.status == 200
        changing.write(token=OTHER_TOKEN)
        assert await changing.taken_up() == ["[admin]: token changed"]
        await asyncio.wait_for(page.read(), PATIENCE)
    items.session.cookie_jar.clear()
    async with items.session.get(f"{base}/api/v1/session", cookies=cookies) as got:
        assert got.status == 401
    assert (await changing.ask())[0] == 401
    assert await changing.taken_up(OTHER_TOKEN) == []


async def test_tables_take_effect_without_a_restart(changing):
    """Log level, catalog folders that are then watched, and pass-through hooks come and go."""
    items = changing.items
    await items.item("a", 1)
    items.document("../over/items/service.yaml", ITEMS_SERVICE)
    items.document("../over/items/item.yaml", ITEMS_TRANSLATOR.replace("{{ box }} {{ number }}", "over {{ number }}"))
    through = f'[passthrough]\nserver = "{items.mattermost_url}"\nservices = ["items"]\n'
    changing.write(through, folders='["over"]', level="warning")
    lines = await changing.taken_up()
    assert lines[:3] == ["[catalog]: folders changed", "[passthrough]: new", "[log]: level changed"]
    assert "items/item.yaml: changed" in lines
    await items.item("a", 2)
    body = {"kind": "item", "id": "1", "box": "b", "number": 3}
    assert (await items.post(f"/hooks/{items.hook}/items", body))[0] == 202
    await items.until(lambda: sorted(items.mattermost.texts) == ["a 1", "over 2", "over 3"])
    items.document("../over/items/item.yaml", ITEMS_TRANSLATOR.replace("{{ box }} {{ number }}", "new {{ number }}"))
    await items.until(lambda: _sent_as(items, "new"))
    assert not changing.told("settings taken up")
    changing.write()
    await changing.taken_up()
    assert (await items.post(f"/hooks/{items.hook}/items", body))[0] == 404
    assert changing.told("settings taken up")

    async def forgotten() -> bool:
        return not [name for name in await changing.series() if "passthrough" in name]

    await items.until(forgotten)


async def _sent_as(items, word: str) -> bool:
    """Send an item of a number not used yet; whether a post begins with the word by then."""
    await items.item("w", 100 + len(items.mattermost.posts))
    return any(text.startswith(word) for text in items.mattermost.texts)


async def test_sighup_never_ends_the_process(changing):
    """Many at once are taken as one or a few; one while it starts, or while it stops, does no harm."""
    items = changing.items
    changing.write(DEV.format(dev=changing.dev))
    for _ in range(20):
        items.running.signal(signal.SIGHUP)
    await items.until(lambda: bool(changing.told("settings taken up")))
    assert 'mattergate_queue_depth{destination="dev"}' in await changing.series()
    items.running.signal(signal.SIGTERM)
    while items.running.process.returncode is None:
        items.running.signal(signal.SIGHUP)
        await asyncio.sleep(0.001)
    assert await items.running.ended() == 0
    assert "fault of mattergate" not in items.log
    items.lives.append(await items.mattergate("serve"))
    await items.until((items.folder / "journal.db-wal").exists)
    for _ in range(5):
        items.running.signal(signal.SIGHUP)
        await asyncio.sleep(0.02)
    await items.until(items.accepts)
    assert (await items.item("a", 1))[0] == 202
    assert await items.stop() == 0
