"""The overview: its facts, its page, and how both follow what happens."""


async def test_the_page_shows_routes_and_destinations(console):
    """The first page names every route and destination."""
    browser = await console()
    page = await browser.get("/")
    assert page.status == 200, page.text
    for text in ("github", "alertmanager", "ops", "<svg"):
        assert text in page.text
