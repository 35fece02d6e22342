"""The catalog, over HTTP and on the command line: services, their events and examples, and the URL of every route."""

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from tests import builtin

SERVER = 'public_url = "https://gateway.example.com/"'
SECRET = "correct horse battery staple"
ROUTES = f"""
[routes.code]
service = "github"
destinations = ["ops"]
secrets = ["{SECRET}"]
[routes.graphs]
service = "grafana"
destinations = ["ops"]
secrets = ["{SECRET}"]
[routes.open]
service = "trac"
destinations = ["ops"]
allow_unsigned = true
[routes.own]
service = "github"
destinations = ["ops"]
secrets = ["{SECRET}"]
verify = [{{query = "key"}}]
"""
THROUGH = '[passthrough]\nserver = "{mattermost}"\nservices = ["github"]\n'


@pytest.fixture
async def browser(console, start):
    """Somebody at a console whose gateway has a public URL."""
    return await console(gateway=await start(ROUTES, SERVER, THROUGH))


async def test_every_service_is_listed_with_its_routes(browser):
    """The page and the operation list the whole catalog, and which routes use a service."""
    found = (await browser.get("/api/v1/catalog")).json()["services"]
    assert {one["key"] for one in found} == set(builtin.KEYS)
    assert next(one for one in found if one["key"] == "github")["routes"] == ["code", "own"]
    page = await browser.get("/catalog")
    assert page.status == 200, page.text
    assert 'href="/catalog/github"' in page.text


async def test_a_service_shows_exact_urls_and_never_a_secret(browser):
    """Each route has its URL, SECRET in the place of the secret, its proofs in words, and the pass-through form."""
    found = (await browser.get("/api/v1/catalog/github")).json()
    code, own = found["routes"]
    assert (code["url"], code["url_with_secret"]) == ("https://gateway.example.com/in/code", "")
    assert code["proofs"] == ["HMAC-SHA256 of the body in the header X-Hub-Signature-256 (behind “sha256=”)"]
    assert own["url_with_secret"] == "https://gateway.example.com/in/own?key=SECRET"
    assert found["passthrough"] == "https://gateway.example.com/hooks/HOOK_ID/github"
    assert "Add webhook" in found["setup"]
    assert found["note"] == ""
    graphs = (await browser.get("/api/v1/catalog/grafana")).json()
    assert graphs["routes"][0]["url_with_secret"] == "https://gateway.example.com/in/graphs/SECRET"
    assert graphs["passthrough"] == ""
    for path in ("/catalog/github", "/catalog/grafana", "/api/v1/catalog/grafana"):
        page = await browser.get(path)
        assert page.status == 200, page.text
        assert SECRET not in page.text
    assert "takes what anybody sends" in (await browser.get("/catalog/trac")).text


async def test_without_a_public_url_the_reader_is_told_what_to_replace(console):
    """The listen address stands in, and a note says which setting makes the URL exact."""
    found = (await (await console()).get("/api/v1/catalog/github")).json()
    assert found["routes"][0]["url"] == "http://127.0.0.1:PORT/in/github"
    assert "public_url" in found["note"]


async def test_a_translator_shows_its_samples_as_messages(browser):
    """The document is there, and what its samples become; each can be tried."""
    found = (await browser.get("/api/v1/catalog/github/push")).json()
    assert found["text"].startswith("$schema")
    assert any(one["messages"] for one in found["examples"])
    page = await browser.get("/catalog/github/push")
    assert page.status == 200, page.text
    assert 'class="post"' in page.text
    tried = await browser.get(f"/try?sample={found['examples'][0]['name']}")
    assert tried.status == 200, tried.text
    assert "github/push" in tried.text


async def test_a_translator_shows_the_schema_that_decides(browser):
    """What its short shape stands for, with what is only shown loosened."""
    found = (await browser.get("/api/v1/catalog/github/push")).json()
    assert "ref" in found["input"]["required"]
    assert "null" in found["input"]["properties"]["before"]["type"]
    assert "JSON Schema of its input" in (await browser.get("/catalog/github/push")).text


async def test_every_service_and_translator_page_can_be_rendered(browser):
    """No page of each fifth service fails, and none shows what a template left out."""
    for key in builtin.KEYS[::5]:
        service = builtin.service(key)
        page = await browser.get(f"/catalog/{key}")
        assert page.status == 200, page.text
        for one in service.translators[:1]:
            page = await browser.get(f"/catalog/{one.name}")
            assert page.status == 200, page.text


@pytest.mark.parametrize("path", ["/catalog/none", "/catalog/github/none", "/catalog/..%2f..%2fetc/passwd"])
async def test_what_the_catalog_has_not_is_404(browser, path):
    """A page and an operation say so."""
    assert (await browser.get(path)).status == 404
    assert (await browser.get("/api/v1" + path)).status == 404


def test_the_command_line_says_the_same(tmp_path):
    """`mattergate services NAME` prints the URLs of the routes, the proofs in words and the steps."""
    text = f'[server]\n{SERVER}\n[destinations.ops]\nhook = "https://chat.example.com/hooks/{"x" * 26}"\n{ROUTES}'
    (tmp_path / "mattergate.toml").write_text(text)
    said = CliRunner().invoke(app, ["services", "github", "--config", str(tmp_path / "mattergate.toml")])
    assert said.exit_code == 0, said.output
    for part in ("https://gateway.example.com/in/code", "?key=SECRET", "X-Hub-Signature-256", "Add webhook"):
        assert part in said.output
    assert SECRET not in said.output
