"""Hostile texts in every field of what is received, on every page that shows it."""

import json
import re

from playwright.async_api import Page, expect

from tests.console.browser import hostile
from tests.console.browser.conftest import PHONE, WIDE
from tests.console.browser.senders import deliver, send, settled

SAFE = re.compile(r"(https?://|mailto:|/|#)")
IN_ORDER = """() => {
    const every = [...document.querySelectorAll("*")];
    return {
        scripts: every.filter((one) => one.localName === "script").map((one) => one.getAttribute("src") ?? "inline"),
        alien: every.map((one) => one.localName).filter((name) => /^(img|iframe|base|style|object|embed)$/.test(name)),
        handlers: every.flatMap((one) => one.getAttributeNames()).filter((name) => /^on|^style$|^srcdoc$/.test(name)),
        targets: every.flatMap((one) => ["href", "action", "formaction"].map((name) => one.getAttribute(name)))
            .filter(Boolean),
        outside: every.filter((one) => one.closest("body") && one.getBoundingClientRect().right > innerWidth + 1)
            .filter((one) => !one.closest(".code, .markdown pre, .markdown table, thead, .hidden-visually, option"))
            .map((one) => one.outerHTML.slice(0, 200)),
        width: document.documentElement.scrollWidth,
    };
}"""
"""What a page consists of that could do harm, and what sticks out of it."""


async def send_all(gateway) -> list[str]:
    """Send hostile events of several services and content types, one of them refused by Mattermost; their ids."""
    gateway.standin.fail_next(1, 413, body=json.dumps({"id": hostile.ALL, "message": hostile.ALL}))
    ids = [await send(gateway, "generic/json.alert", hostile.in_words)]
    await settled(gateway)
    for name in (
        "github/push.commits",
        "gitlab/merge_request.merged",
        "alertmanager/alerts.firing",
        "sentry/issue.created",
    ):
        ids.append(await send(gateway, name, hostile.in_words))
        ids.append(await send(gateway, name, hostile.everywhere))
    ids.append(
        await deliver(gateway, "slack", json.dumps(hostile.MESSAGE).encode(), {"content-type": "application/json"})
    )
    text = hostile.ALL.encode("utf-8")
    for kind, body in {
        "text/plain": text,
        "text/html": text,
        "application/xml": b"<a><b>" + text.replace(b"&", b"&amp;").replace(b"<", b"&lt;") + b"</b></a>",
        "application/x-www-form-urlencoded": b"a=" + text.replace(b"&", b"%26"),
        "application/octet-stream": b"\x00\xff" + text,
    }.items():
        headers = {"content-type": kind, "user-agent": hostile.TEXTS[2], "x-note": hostile.TEXTS[4]}
        ids.append(await deliver(gateway, "generic", body, headers, {"q": hostile.ALL}))
    await settled(gateway)
    return ids


async def check(page: Page) -> None:
    """Nothing of a text became part of the page, every link leads where one may go, nothing sticks out."""
    found = await page.evaluate(IN_ORDER)
    assert {one.partition("?")[0] for one in found["scripts"]} <= {
        "/static/console.js",
        "/static/events.js",
        "/static/try.js",
    }
    assert (found["alien"], found["handlers"]) == ([], [])
    assert [one for one in found["targets"] if not SAFE.match(one)] == []
    assert (found["width"], found["outside"]) == (page.viewport_size["width"], [])


async def test_nothing_runs_and_nothing_leaves_its_box(page, gateway):
    """Every page that shows hostile events, all of it opened, shows texts, within a wide window and within a phone."""
    ids = await send_all(gateway)
    for path in (
        "/",
        "/events",
        "/dead",
        "/dead/deliveries",
        *(f"/events/{one}" for one in ids),
        f"/try?event={ids[9]}",
    ):
        await page.set_viewport_size(WIDE)
        await page.goto(path)
        await page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        await check(page)
        await page.set_viewport_size(PHONE)
        await check(page)


async def test_hostile_texts_arrive_live_as_texts(page, gateway):
    """What the stream brings into open pages, and what is typed into the workbench, is as harmless."""
    await page.goto("/")
    await expect(page.locator("#live")).to_have_text("live")
    await send_all(gateway)
    await expect(page.get_by_role("row", name="slack").locator("[data-title=Message]")).to_have_text("1")
    await check(page)
    await page.goto("/try")
    await page.get_by_label("Service").select_option("slack")
    await page.get_by_label("Headers").fill("content-type: application/json")
    await page.get_by_label("Body", exact=True).fill(json.dumps(hostile.MESSAGE))
    await expect(page.locator("#tried article.post")).to_contain_text("ran('a tag')")
    await check(page)
    await page.get_by_label("Body", exact=True).fill(hostile.ALL)
    await expect(page.locator("#tried article.post")).to_contain_text("text/html")
    await check(page)


async def test_hostile_filters_stay_texts(page, gateway):
    """What stands in the address is shown in the fields as it is."""
    await page.goto(
        "/events?" + "&".join(f"{name}=%22%3E%3Cscript%3Eran(1)%3C/script%3E" for name in ("text", "route", "service"))
    )
    await expect(page.get_by_label("Words")).to_have_value('"><script>ran(1)</script>')
    await check(page)
