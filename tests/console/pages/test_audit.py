"""The page of the audit offers the callbacks that are alive."""

from tests.console.conftest import ROUTES
from tests.console.markup import Found

CALLBACKS = """
[callbacks.pager]
service = "pagerduty"
only = ["acknowledge"]
url = "https://api.example.com"
secrets = {token = "made-up-token"}
"""


async def test_the_filter_offers_the_callbacks_that_are_alive(console):
    """By the names that the audit has for them."""
    browser = await console(routes=ROUTES + CALLBACKS)
    page = Found((await browser.get("/audit")).text)
    options = [value for tag, name, value in page.attributes if (tag, name) == ("option", "value")]
    assert [one for one in options if "/" in one] == ["pager/acknowledge"]
    assert "Nobody has clicked, commanded or answered anything yet." in page.text
