"""For everybody: labels, headings, focus and contrast, in light and dark, wide and on a phone."""

from collections.abc import Sequence
from itertools import product

from playwright.async_api import Page, expect

from tests.console.browser import senders
from tests.console.browser.conftest import PHONE, WIDE
from tests.console.browser.senders import send, settled
from tests.console.conftest import GUARDED

PATHS = (
    "/",
    "/events",
    "/events/replay?route=generic",
    "/dead",
    "/dead/deliveries",
    "/try?sample=github/push.commits",
    "/try/callbacks?sample=pagerduty/acknowledge.usual",
    "/audit",
    "/catalog",
    "/catalog/pagerduty/callbacks/acknowledge",
    "/catalog/github",
)
UNNAMED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, summary")]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.labels?.length || one.getAttribute("aria-label") || one.textContent.trim()))
    .map((one) => one.outerHTML)"""
FAINT = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = (color) => { const [r, g, b] = rgb(color).map((one) => one / 255)
        .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = (one) => { for (; one; one = one.parentElement) {
        const color = getComputedStyle(one).backgroundColor;
        if (rgb(color)[3] === 255) return color; } return "white"; };
    return [...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility() && !one.disabled && !one.closest("svg"))
        .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
        .map((one) => { const pair = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a);
            return [(pair[0] + 0.05) / (pair[1] + 0.05), one.outerHTML.slice(0, 120)]; })
        .filter(([ratio]) => ratio < 4.5);
}"""
"""Visible texts whose contrast with what is behind them is below that of WCAG 2.2 AA."""

FOCUSED = """() => {
    const one = document.activeElement;
    const name = one === document.body ? "" : one.name || one.textContent.trim();
    return [name, ["", "::after"].map((part) => getComputedStyle(one, part).outlineStyle)];
}"""
"""What has the focus, "" for nothing, and how it and what lies over it are outlined."""


async def basics(page: Page) -> None:
    """One heading of the first level, a title, names for all that can be used, texts that can be read."""
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert (await page.title()).endswith("· mattergate")
    assert await page.evaluate(UNNAMED) == []
    assert await page.evaluate(FAINT) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def everywhere(page: Page, paths: Sequence[str]) -> None:
    """The basics of pages, in light and dark, wide and on a phone."""
    for path in paths:
        await page.goto(path)
        papers = set()
        for scheme, size in product(("light", "dark"), (WIDE, PHONE)):
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size(size)
            await basics(page)
            papers.add((scheme, await page.evaluate("getComputedStyle(document.body).backgroundColor")))
        assert len({paper for _, paper in papers}) == len(papers) == 2


async def test_every_page_can_be_read_and_used(page, gateway):
    """Each page keeps the basics in both colour schemes and both widths, with trouble and messages on it."""
    gateway.standin.fail_next(1, 413)
    dead = await send(gateway, "generic/json.alert")
    await settled(gateway)
    good = await send(gateway, "alertmanager/alerts.group")
    await settled(gateway)
    await everywhere(page, (*PATHS, f"/events/{dead}", f"/events/{good}"))


async def test_the_door_can_be_read_and_used(window, start):
    """So does the page on which people sign in."""
    gateway = await start(tables=GUARDED)
    await everywhere(await (await window(gateway)).page(), ["/sign-in"])


async def test_focus_is_seen_wherever_it_goes(page, gateway):
    """Tab goes through everything that can be used, in order, and each shows an outline."""
    await send(gateway, "github/push.commits")
    await page.goto("/events")
    seen = []
    while True:
        await page.keyboard.press("Tab")
        name, outlines = await page.evaluate(FOCUSED)
        if not name:  # past the end of the page
            break
        seen.append(name.split("\n")[0])
        assert set(outlines) != {"none"}, name
    assert seen[:6] == ["Skip to the content", "mattergate", "Overview", "Events", "Dead letters", "Try it"]
    assert seen[6:9] == ["Drift", "Audit", "Catalog"]
    assert seen[9:12] + seen[-1:] == ["text", "route", "service", "API"]


async def test_skipping_leads_past_the_bar(page, gateway):
    """After the skip link the next stop is the first field of the page."""
    await page.goto("/events")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Words")).to_be_focused()


async def test_things_to_press_are_large_enough_on_a_phone(window, gateway):
    """Buttons, fields and the links of the bar are at least 40 pixels high, and 24 wide (WCAG 2.2, target size)."""
    page = await (await window(gateway, viewport=PHONE, has_touch=True)).page("/events")
    small = await page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, .bar nav a, .ranges a, summary")]
        .filter((one) => one.checkVisibility()).map((one) => [one.getBoundingClientRect(), one.outerHTML])
        .filter(([box]) => box.height < 40 || box.width < 24).map(([, html]) => html)"""
    )
    assert small == []


async def test_rows_are_short_on_a_phone(window, gateway):
    """Two lines and a little, whole, and large enough for a thumb; a row opens its event."""
    event = await send(gateway, "alertmanager/alerts.group")
    await settled(gateway)
    page = await (await window(gateway, viewport=PHONE, has_touch=True)).page("/events")
    row = page.locator(f'tr[data-id="{event}"]')
    box = await row.bounding_box()
    assert 44 <= box["height"] <= 150
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    for said in ("delivered", "message", "alertmanager", "ago"):
        await expect(row.get_by_text(said).first).to_be_visible()
    await row.tap(position={"x": box["width"] - 8, "y": box["height"] - 8})
    await expect(page.get_by_text("Request", exact=True)).to_be_visible()


async def test_an_empty_console_can_be_read_and_used(window, start):
    """So can the commands of the first requests."""
    await everywhere(await (await window(await start(senders.ROUTES))).page(), ["/", "/events", "/dead"])


async def test_the_first_key_skips_to_the_content(page):
    """Who uses the keyboard need not go through the top bar."""
    await page.goto("/")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
