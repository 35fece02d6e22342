"""The catalog: what is understood, where to send it, and how the sender is set up."""

from playwright.async_api import expect

from tests.console.browser.senders import ROUTES

MUTED = """
[routes.night]
service = "github"
destinations = ["ops"]
secrets = ["a secret of the night"]
only = ["push"]
when = "pusher.name != 'renovate'"
mute_until = 2999-01-01
"""


async def test_the_url_of_a_route_and_the_steps_in_the_sender(window, start):
    """From the list to a service: the exact URL of its route, how requests prove themselves, and the steps.

    And what the rules of a route say and may ask for; that one is muted stands on the overview, too.
    """
    gateway = await start(ROUTES + MUTED, server='public_url = "https://hooks.example.com"')
    page = await (await window(gateway)).page("/catalog")
    await page.get_by_role("link", name="GitHub", exact=True).click()
    route = page.get_by_label("Route github")
    await expect(route.get_by_text("https://hooks.example.com/in/github", exact=True)).to_be_visible()
    await expect(route).to_contain_text("HMAC-SHA256")
    await expect(page.get_by_text("Add webhook").first).to_be_visible()
    night = page.get_by_label("Route night")
    for rule in ('only = ["push"]', "pusher.name != 'renovate'", "mute_until = 2999-01-01"):
        await expect(night.locator("code", has_text=rule)).to_be_visible()
    paths = page.locator("details", has_text="can ask for")
    await paths.locator("summary").click()
    path = paths.get_by_role("row").filter(has=page.locator("code", has_text="pusher.name")).first
    await expect(path).to_contain_text("push")
    await page.goto("/")
    muted = page.get_by_role("row").filter(has=page.get_by_role("link", name="night", exact=True))
    await expect(muted).to_contain_text("muted until 2999-01-01")
    await expect(page.get_by_text("muted", exact=True)).to_have_count(1)


async def test_an_example_of_a_translator_can_be_tried(page, gateway):
    """A translator shows its examples as messages; one click takes the request of one to the workbench."""
    await page.goto("/catalog/github")
    await page.get_by_role("link", name="Commits pushed to a branch").click()
    await expect(page.locator("article.post").first).to_contain_text("GitHub")
    await page.get_by_role("link", name="try it", exact=True).first.click()
    await expect(page.locator("#tried article.post").first).to_contain_text("GitHub")


async def test_a_service_without_a_route_says_how_to_make_one(page, gateway):
    """The page of such a service has the lines for the settings."""
    await page.goto("/catalog/redmine")
    await expect(page.get_by_text('service = "redmine"')).to_be_visible()
