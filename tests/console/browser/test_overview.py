"""The overview follows the gateway while somebody looks at it."""

from playwright.async_api import expect

from gateway.console import history
from tests.console.browser.senders import ROUTES, numbered, send, settled


async def test_numbers_and_plot_change_by_themselves(window, start, monkeypatch):
    """A request moves the figures, the row of its route and the curve; page and focus stay."""
    monkeypatch.setattr(history, "STEP", 0.3)
    gateway = await start(ROUTES)
    page = await (await window(gateway)).page("/")
    await expect(page.locator("#live")).to_have_text("live")
    await page.evaluate("window.same = true")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="generic"))
    await row.get_by_role("link", name="generic").focus()
    curve = await page.locator("path.received").get_attribute("d")
    for number in range(3):
        await send(gateway, "generic/json.alert", numbered(number))
    figures = page.get_by_label("Now")
    await expect(figures.locator("div", has_text="Received, 24 h").locator("dd")).to_have_text("3")
    await expect(figures.locator("div", has_text="Delivered, 24 h").locator("dd")).to_have_text("3")
    await expect(row.locator("[data-title=Message]")).to_have_text("3")
    await expect(page.locator("path.received")).not_to_have_attribute("d", curve)
    assert await page.evaluate("window.same && document.activeElement.textContent") == "generic"


async def test_counts_and_curve_survive_a_restart(window, start):
    """What was done before is on the page of the gateway that begins anew; a number leads to its events."""
    gateway = await start(ROUTES)
    for number in range(3):
        await send(gateway, "generic/json.alert", numbered(number))
    await settled(gateway)
    await gateway.stop()
    page = await (await window(await start(ROUTES))).page("/")
    figures = page.get_by_label("Now")
    await expect(figures.locator("div", has_text="Received, 24 h").locator("dd")).to_have_text("3")
    await expect(figures.locator("div", has_text="Delivered, 24 h").locator("dd")).to_have_text("3")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="generic"))
    await row.locator("[data-title=Message] a").click()
    await expect(page.locator("tr[data-id]")).to_have_count(3)


async def test_what_is_broken_stands_first(page, gateway):
    """A destination in trouble says so by word and reason, above those that are well; dead letters are a click away."""
    gateway.standin.fail_next(1, 413)
    await send(gateway, "generic/json.alert")
    await settled(gateway)
    await page.goto("/")
    await page.get_by_label("Now").get_by_role("link", name="1").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Dead letters")


async def test_the_dead_are_counted_in_the_bar_of_every_page(page, gateway):
    """As soon as there is one, without a new look; and no longer when it is discarded."""
    for path in ("/", "/events", "/try", "/catalog", "/catalog/github"):
        await page.goto(path)
        await expect(page.get_by_role("navigation", name="Main").locator(".mark")).to_have_text("")
    await expect(page.locator("#live")).to_have_text("live")
    gateway.standin.fail_next(1, 413)
    await send(gateway, "generic/json.alert")
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Dead letters")
    await expect(link).to_contain_text("1")
    await link.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Dead letters")


async def test_a_page_that_nobody_looks_at_gives_its_connection_back(window, gateway):
    """A browser has six for a server; the stream is back when the page is."""
    page = await (await window(gateway)).page("/")
    await expect(page.locator("#live")).to_have_text("live")
    hide = """hidden => { Object.defineProperty(document, "visibilityState", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange")); }"""
    async with page.expect_event("requestfailed", lambda request: "/live" in request.url):
        await page.evaluate(hide, "hidden")
    async with page.expect_request("**/live?**"):
        await page.evaluate(hide, "visible")
    await expect(page.locator("#live")).to_have_text("live")


async def test_a_gateway_that_stops_is_noticed(window, start):
    """The page says that it is reconnecting while nobody answers, and keeps what it showed."""
    gateway = await start(ROUTES)
    one = await window(gateway)
    one.expected.append("ERR_|Failed to load|EventSource")
    page = await one.page("/")
    await expect(page.locator("#live")).to_have_text("live")
    await gateway.stop()
    await expect(page.locator("#live")).to_have_text("reconnecting")
    await expect(page.get_by_role("link", name="generic")).to_be_visible()


async def test_the_plot_is_a_table_for_who_wants_numbers(page, gateway):
    """Opening the table beside the plot shows the rates of an hour in rows of five minutes."""
    await page.goto("/")
    await page.get_by_text("As a table").click()
    table = page.get_by_role("table").filter(has_text="Five minutes until")
    await expect(table.get_by_role("row")).to_have_count(13)
