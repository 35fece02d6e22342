"""Trouble with the journal, the settings and the destination: what senders, operators and messages meet."""

import json
import re
import resource

import pytest

from gateway.standin.server import StandIn

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-trouble")]

FULL = 600_000
"""Bytes that a file may have while the disk is full: less than the journal's log holds by then."""

FAULTY = """
[server]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
grace = "soon"
[destinations.ops]
hook = "https://chat.example.com/not-a-hook"
[routes.one]
service = "items"
destinations = ["nowhere"]
secrets_env = ["A_VARIABLE_THAT_NOBODY_SETS"]
[routes.two]
service = "items"
destinations = ["ops"]
colour = "red"
"""


def _allow(service, size: int) -> None:
    """Let no file of the running gateway grow beyond this many bytes; -1 is no limit."""
    for process in service.running.processes:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def _send_until_refused(items) -> tuple[list[int], dict, dict]:
    """Send large items until one is not stored; the numbers that were accepted, and that answer with its headers."""
    accepted = []
    for number in range(1, 500):
        status, answer, headers = await items.item("a", number, filling="x" * 8000)
        if status != 202:
            assert status == 503, answer
            return accepted, answer, headers
        accepted.append(number)
    raise AssertionError("the limit had no effect")


async def test_a_full_disk_is_told_and_got_over(items):
    """Senders get 503 with Retry-After, /readyz says why; nothing is half-written, and with space all goes on."""
    await items.start()
    assert (await items.item("a", 0))[0] == 202
    _allow(items, FULL)
    accepted, answer, headers = await _send_until_refused(items)
    assert int(headers["Retry-After"]) > 0
    assert (answer["status"], headers["Content-Type"]) == (503, "application/problem+json")
    status, text = await items.get("/readyz")
    assert status == 503
    assert "journal.db" in json.loads(text)["why"]
    assert (await items.get("/healthz"))[0] == 200
    assert await items.value("unstored_total", route="items") == 1

    _allow(items, resource.RLIM_INFINITY)
    last = accepted[-1] + 1 if accepted else 1
    assert (await items.item("a", last))[0] == 202, "the refused item was half-written: its repeat is a duplicate"
    assert (await items.get("/readyz"))[0] == 200
    sent = [0, *accepted, last]
    await items.until(lambda: set(items.mattermost.boxes.get("a", ())) >= set(sent))
    assert list(dict.fromkeys(items.mattermost.boxes["a"])) == sent
    assert await items.stop() == 0

    await items.start()
    code, text = await items.command("events", "list", "-n", "1000")
    assert code == 0
    assert text.count("items/item") == len(sent)
    assert "pending" not in text


@pytest.mark.parametrize("content", [b"this is not a database\n" * 500, b"SQLite format 3\x00" + b"\xa5" * 8176])
async def test_a_damaged_journal_stops_the_start(items, content):
    """The gateway says which file is damaged and what to do, ends with a code other than 0, and listens nowhere."""
    (items.folder / "journal.db").write_bytes(content)
    code, text = await items.command("serve")
    assert code not in (0, -6, -11)
    assert "journal.db" in text
    assert "damaged" in text
    assert "Traceback" not in text
    assert '"ready"' not in text
    assert not await items.accepts()
    assert (items.folder / "journal.db").read_bytes() == content


async def test_a_journal_that_cannot_be_made_stops_the_start(items):
    """A folder that is not there is told as such, with the path."""
    items.file.write_text(items.file.read_text().replace("sqlite:journal.db", "sqlite:missing/journal.db"))
    code, text = await items.command("serve")
    assert code != 0
    assert "missing/journal.db" in text
    assert "Traceback" not in text
    assert not await items.accepts()


async def test_faulty_settings_stop_the_start(service):
    """Every fault is listed with its line, the exit code is not 0, and nothing was started."""
    text = FAULTY.format(port=service.port, admin=service.admin_port)
    service.file.write_text(text)
    code, said = await service.command("serve")
    assert code != 0
    wrong = ("grace", "hook =", "nowhere", "A_VARIABLE", "colour")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if any(word in line for word in wrong)]
    assert len(lines) == len(wrong)
    for number in lines:
        assert f"mattergate.toml:{number}:" in said
    assert "Traceback" not in said
    assert "not-a-hook" not in said
    assert not await service.accepts()
    assert not list(service.folder.glob("*.db*"))


async def test_a_port_that_is_taken_stops_the_start(items):
    """A second gateway on the same address ends with a message that names it; the first goes on."""
    await items.start()
    items.file.write_text(items.file.read_text().replace("sqlite:journal.db", "sqlite:another.db"))
    code, text = await items.command("serve")
    assert code != 0
    assert str(items.port) in text or str(items.admin_port) in text
    assert "Traceback" not in text
    assert (await items.item("a", 1))[0] == 202


async def test_a_destination_that_is_down_keeps_nobody_out(items):
    """Senders get 202 and /readyz stays 200 but says `held` and why; all arrives, in order, when it is back."""
    standin, port = StandIn(), items.free_port()
    items.configure(hook=f"http://127.0.0.1:{port}/hooks/{standin.add_hook()}")
    await items.start()
    for number in range(1, 9):
        assert (await items.item("a", number))[0] == 202
        assert (await items.item(f"b{number}", 1))[0] == 202

    async def held() -> bool:
        return json.loads((await items.get("/readyz"))[1])["destinations"]["ops"]["state"] == "held"

    await items.until(held)
    status, text = await items.get("/readyz")
    assert (status, json.loads(text)["ready"]) == (200, True)
    assert "cannot connect" in json.loads(text)["destinations"]["ops"]["why"]
    assert await items.value("destination_state", destination="ops", state="held") == 1
    assert await items.value("queue_depth", destination="ops") == 16
    assert (await items.item("a", 9))[0] == 202
    async with standin.serve(port=port):
        await items.until(lambda: len(standin.posts) == 17)
        assert [post.message for post in standin.posts if post.message.startswith("a ")] == [
            f"a {n}" for n in range(1, 10)
        ]
        await items.until(_healthy_again(items))
        await items.running.kill()


def _healthy_again(items):
    async def holds() -> bool:
        _, text = await items.get("/readyz")
        return json.loads(text)["destinations"]["ops"] == {"state": "healthy"} and "chat" not in text

    return holds


async def test_retry_after_is_honoured(items):
    """A destination that answers 429 is left alone for as long as it asks, by all lanes; then everything arrives."""
    await items.start()
    items.mattermost.fail_next(1, 429, {"Retry-After": "2"}, "limit exceeded")
    await items.item("a", 1)
    await items.until(lambda: items.mattermost.stats["failed"] == 1)

    async def throttled() -> bool:
        return await items.value("delivery_attempts_total", destination="ops", code="429") == 1

    await items.until(throttled)
    assert "throttled" in (await items.get("/readyz"))[1]
    for number in range(5):
        assert (await items.item(f"b{number}", 1))[0] == 202
    await items.until(lambda: len(items.mattermost.posts) == 6)
    first, second = items.mattermost.arrivals[:2]
    assert second - first >= 1.95
    assert len(items.mattermost.arrivals) == 7


async def test_a_hook_that_is_gone_keeps_its_messages(items):
    """The destination is failing and says what to mend; nothing is dead, and all arrives, in order, at its return."""
    await items.start()
    hook = items.mattermost.hooks.pop(items.hook)
    for number in (1, 2):
        for box in range(8):
            assert (await items.item(f"b{box}", number))[0] == 202

    async def failing() -> bool:
        return json.loads((await items.get("/readyz"))[1])["destinations"]["ops"]["state"] == "failing"

    await items.until(failing)
    status, text = await items.get("/readyz")
    assert (status, json.loads(text)["ready"]) == (200, True)
    assert "recreate the hook in Mattermost" in text
    code, said = await items.command("status")
    assert (code, "failing" in said) == (1, True), said
    assert await items.value("destination_state", destination="ops", state="failing") == 1
    assert await items.value("queue_depth", destination="ops") == 16
    assert await items.dead(0)

    items.mattermost.hooks[items.hook] = hook
    await items.until(lambda: len(items.mattermost.posts) == 16, 90)  # a probe goes every minute at the latest
    assert items.mattermost.boxes == {f"b{box}": [1, 2] for box in range(8)}
    await items.until(_healthy_again(items))
    assert await items.dead(0)
    _assert_no_secret(items, text + said + items.log)


async def test_dead_letters_are_for_people(items):
    """`events` and `dead` list, show and replay while the gateway runs; the replay arrives; no secret is shown."""
    await items.start()
    items.mattermost.fail_next(1, 413)
    _, answer, _ = await items.item("a", 1)
    event = answer["id"]
    await items.until(lambda: items.dead(1))
    outputs = [await items.get("/readyz"), await items.get("/metrics")]
    for command in (["dead", "list"], ["dead", "show", event], ["events", "list"], ["events", "show", event]):
        code, text = await items.command(*command)
        outputs.append((code, text))
        assert code == 0, text
        assert "a 1" in text or event in text
    assert "413: too large" in outputs[2][1]
    assert "ops dead" in outputs[4][1]
    assert '"number": 1' in outputs[5][1]
    assert re.search(r"never +413 +413: too large", outputs[5][1])
    for options, fits in ((["--text", "A 1"], True), (["--text", "zebra"], False), (["--destination", "dev"], False)):
        outputs.append(await items.command("events", "list", *options))
        assert (event in outputs[-1][1]) is fits

    outputs.append(await items.command("dead", "replay", event))
    await items.until(lambda: items.mattermost.texts == ["a 1"])
    outputs.append(await items.command("events", "replay", event))
    await items.until(lambda: items.mattermost.texts == ["a 1", "a 1"])
    assert [code for code, _ in outputs[-2:]] == [0, 0]
    outputs += [await items.command("dead", "list"), await items.command("dead", "replay", "no-such-event")]
    assert outputs[-2] == (0, "nothing is dead\n")
    assert outputs[-1][0] == 1
    _assert_no_secret(items, "".join(text for _, text in outputs) + items.log)


def _assert_no_secret(items, text: str) -> None:
    assert items.hook not in text
    assert items.secret not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("place", ["header", "query", "path", "bearer"])
async def test_no_credential_is_kept_or_shown(items, place):
    """Wherever a sender puts the secret of a route, neither commands, log nor the journal's files show it."""
    if place != "header":
        items.configure(items.routes.replace('verify = [{header = "X-Token"}]', ""))
    await items.start()
    quoted = items.secret.replace(" ", "%20")
    path = {"query": f"/in/items?token={quoted}", "path": f"/in/items/{quoted}"}.get(place, "/in/items")
    headers = {"header": {"X-Token": items.secret}, "bearer": {"Authorization": f"Bearer {items.secret}"}}.get(place)
    body = {"kind": "item", "id": "1", "box": "a", "number": 1}
    status, answer, _ = await items.post(path, body, headers)
    assert status == 202
    await items.until(lambda: len(items.mattermost.posts) == 1)
    _, shown = await items.command("events", "show", answer["id"])
    stored = b"".join(file.read_bytes() for file in items.folder.glob("journal.*") if file.is_file())
    assert (items.hook.encode() in stored, items.secret.encode() in stored, quoted.encode() in stored) == (False,) * 3
    _assert_no_secret(items, shown + items.log)
    assert quoted not in shown + items.log


async def test_the_hook_of_a_pass_through_url_is_never_shown(items):
    """A pass-through URL is its own credential: dead letters, listings, log, /readyz and /metrics leave it out."""
    with items.file.open("a") as file:
        file.write(f'[passthrough]\nserver = "{items.mattermost_url}"\n')
    await items.start()
    gone = items.mattermost.add_hook("abcdefghijkmnopqrstuwxyz13")
    assert (await items.post(f"/hooks/{gone}/items", {"kind": "item", "id": "0", "box": "a", "number": 0}))[0] == 202
    await items.until(lambda: items.mattermost.texts == ["a 0"])
    items.mattermost.fail_next(1, 413)
    status, answer, _ = await items.post(f"/hooks/{gone}/items", {"kind": "item", "id": "1", "box": "a", "number": 1})
    assert status == 202

    async def dead() -> bool:
        return await items.value("dead", destination="passthrough") == 1

    await items.until(dead)
    outputs = [await items.get("/readyz"), await items.get("/metrics")]
    for command in (["dead", "list"], ["dead", "show"], ["events", "list"], ["events", "show"], ["dead", "replay"]):
        outputs.append(await items.command(*command, *([answer["id"]] if command[1] in ("show", "replay") else [])))
        assert outputs[-1][0] == 0
    text = "".join(said for _, said in outputs) + items.log
    assert gone not in text
    await items.command("events", "replay", answer["id"])
    await items.until(lambda: "a 1" in items.mattermost.texts)
