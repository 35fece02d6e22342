"""The pages of the catalog: services, one service with its routes, one translator with its examples."""

import pytest

from tests.conftest import ITEMS_TRANSLATOR
from tests.console.markup import HOSTILE, Found

SAMPLE = """
request: {body: {kind: item, box: %s, number: 7}}
expect: {outcome: message, translator: items/item}
"""


async def test_services_lead_to_their_pages(shared):
    """Each has a link, and the routes that use it are named."""
    page = Found((await shared.get("/catalog")).text)
    assert {"/catalog/items", "/catalog/github"} <= set(page.urls)
    for link in ("/catalog/items", "/catalog/items/item"):
        assert (await shared.get(link)).status == 200
    assert "/catalog/items/item" in Found((await shared.get("/catalog/items")).text).urls


async def test_a_service_shows_its_routes(shared):
    """With the URL, how a request proves itself, and the steps of its setup; the secret is none of it."""
    text = Found((await shared.get("/catalog/items")).text).text
    for words in (
        "/in/items",
        "the secret in the body, at token",
        "the secret in the header X-Token",
        "exists for tests",
    ):
        assert words in text
    assert "a-token-in-the-body" not in text


async def test_a_service_shows_what_its_messages_look_like(items, tmp_path):
    """The usual samples, how its shapes are known, and the body to paste; the list has it below its topic."""
    folder = tmp_path / "catalog" / "items"
    more = 'topic: home\nconfidence: assumed\nbody: \'{"kind": "item"}\'\n'
    (folder / "samples").mkdir()
    person = await items()
    (folder / "service.yaml").write_text((folder / "service.yaml").read_text() + more)
    (folder / "samples" / "item.usual.yaml").write_text(SAMPLE % "lamp")
    assert (await person.api("POST", "/reload"))[0] == 200
    _, html = await person.page("/catalog/items")
    assert html.count('class="post"') == 1
    for words in ("lamp 7", "Assumed: ", '{"kind": "item"}'):
        assert words in Found(html).text
    _, html = await person.page("/catalog")
    assert html.index('id="home"') < html.index('href="/catalog/items"') < html.index('id="any"')


async def test_a_translator_without_samples_says_so(shared):
    """Its document is shown all the same."""
    page = await shared.get("/catalog/items/item")
    assert "title: An item" in Found(page.text).text
    assert 'class="post"' not in page.text


async def test_a_translator_shows_what_its_samples_become(items, tmp_path):
    """As readers see it, and as it travels; each sample can be tried."""
    samples = tmp_path / "catalog" / "items" / "samples"
    samples.mkdir()
    (samples / "item.usual.yaml").write_text(SAMPLE % "a")
    person = await items()
    _, html = await person.page("/catalog/items/item")
    assert html.count('class="post"') == 1
    assert "a 7" in Found(html).text
    assert "/try?sample=items/item.usual" in Found(html).urls


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "'\"><svg onload=alert(1)>"])
async def test_documents_are_text(items, tmp_path, hostile):
    """Markup in names, titles and comments of a document never is any on its pages."""
    folder = tmp_path / "catalog" / "items"
    title = hostile.replace("'", "''")
    (folder / "item.yaml").write_text(ITEMS_TRANSLATOR.replace("An item", f"'{title}'") + f"# {hostile}\n")
    service = (folder / "service.yaml").read_text().replace("Items", f"'{title}'")
    (folder / "service.yaml").write_text(service)
    person = await items()
    for path in ("/catalog", "/catalog/items", "/catalog/items/item"):
        status, html = await person.page(path)
        assert (status, hostile in html) == (200, False)
        assert hostile in Found(html).text


@pytest.mark.parametrize("name", [*HOSTILE[:3], "items%00", "ITEMS", "items/.."])
async def test_a_name_that_is_none_is_told_as_text(shared, name):
    """404, and the page repeats the name without what it could do."""
    page = await shared.ask("GET", f"/catalog/{name}".replace("<", "%3C").replace(">", "%3E").replace('"', "%22"))
    assert page.status == 404
    assert "<script>alert" not in page.text
    assert "onerror=" not in Found(page.text).tags
