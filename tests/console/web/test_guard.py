"""The door of the console over HTTP: sign-in, sessions, roles, tokens, other web sites, headers."""

import asyncio

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.console.web import auth, guard
from tests.conftest import eventually

PAGES = ["/", "/nothing-here", "/static/nothing"]


@pytest.fixture
def quick(monkeypatch):
    """Let wrong tokens cost little time."""
    real = auth.Guesses
    monkeypatch.setattr(auth, "Guesses", lambda: real(pause=0.01))


async def test_loopback_without_a_token_is_open(console):
    """Whoever reaches the listener of a machine may look and change, but a change needs the proof of a page."""
    browser = await console()
    assert (await browser.get("/")).status == 200
    assert (await browser.call("/reload")).status == 200
    browser.csrf = ""
    refused = await browser.call("/reload")
    assert (refused.status, refused.json()["title"]) == (403, "Forbidden")


async def test_with_a_token_nothing_is_shown_without_it(console, quick):
    """Pages lead to the sign-in form, the API answers 401, and no path tells whether it exists."""
    browser = await console(guarded=True)
    for path in ("/", "/nothing"):
        answer = await browser.get(path)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/sign-in")
    for path in ("/api/v1/overview", "/api/v1/openapi.json", "/api/v1/nothing", "/live?feed=overview"):
        answer = await browser.get(path)
        assert answer.status == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_behind_a_proxy_that_speaks_https_the_cookie_is_secure(console):
    """The cookie stays on https when it came that way."""
    browser = await console(guarded=True)
    entered = await browser.ask("POST", "/sign-in", data={"token": browser.token}, X_Forwarded_Proto="https")
    assert entered.cookies[guard.COOKIE]["secure"]


async def test_a_public_url_by_https_makes_the_cookie_secure(console):
    """The setting says so when the proxy does not."""
    tables = '[admin]\ntoken = "another-token-of-the-tests"\npublic_url = "https://gate.example.com/"\n'
    browser = await console(tables=tables)
    entered = await browser.ask("POST", "/sign-in", data={"token": "another-token-of-the-tests"})
    assert entered.cookies[guard.COOKIE]["secure"]


async def test_a_wrong_token_is_told_after_a_while(console, waits):
    """The form comes back with 401, a second later."""
    waits.over.set()
    browser = await console(guarded=True)
    answer = await browser.ask("POST", "/sign-in", data={"token": "a guess"})
    assert answer.status == 401
    assert "not known" in answer.text
    answer = await browser.get("/api/v1/overview", Authorization="Bearer a guess")
    assert (answer.status, answer.json()["title"]) == (401, "Unauthorized")
    assert waits.seconds == [auth.PAUSE] * 2


async def test_guesses_wait_in_line_and_a_right_token_passes(console, waits):
    """Many wrong tokens of one address are answered one a second, the others 429; a right one of it is let in at once.

    Behind a proxy everybody has its address: whoever guesses there must not lock out the others.
    """
    browser = await console(guarded=True)
    await browser.sign_in()

    async def guess(method: str, path: str, **sent) -> int:
        async with aiohttp.ClientSession() as session:
            answer = await session.request(method, browser.base + path, **sent)
            return answer.status

    wrong = {"headers": {"Authorization": "Bearer a guess"}}
    guessing = [asyncio.ensure_future(guess("POST", "/sign-in", data={"token": "a guess"})) for _ in range(6)]
    guessing += [asyncio.ensure_future(guess("GET", "/api/v1/overview", **wrong)) for _ in range(6)]
    await eventually(lambda: sum(one.done() for one in guessing) == 12 - auth.MOST_WAITING)
    assert waits.seconds == [auth.PAUSE * place for place in range(1, 1 + auth.MOST_WAITING)]
    assert (await browser.get("/")).status == 200
    for token in (browser.token, browser.read_token):
        for path in ("/api/v1/overview", "/metrics", "/readyz"):
            assert (await browser.get(path, Authorization=f"Bearer {token}")).status == 200, path
        assert await guess("POST", "/sign-in", data={"token": token}, allow_redirects=False) == 303
    refused = await browser.get("/api/v1/overview", Authorization="Bearer a guess")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "10")
    assert len(waits.seconds) == auth.MOST_WAITING, "none of these waited"
    waits.over.set()
    statuses = sorted(await asyncio.gather(*guessing))
    assert statuses == [401] * auth.MOST_WAITING + [429] * (12 - auth.MOST_WAITING)


async def test_no_token_is_no_guess(console, waits):
    """A script without one, or a page whose session has ended, is told at once, and takes nobody's place."""
    browser = await console(guarded=True)
    assert [(await browser.get("/api/v1/overview")).status for _ in range(12)] == [401] * 12
    assert not waits.seconds


@pytest.mark.parametrize("kind", ["token", "read_token"])
async def test_a_bearer_token_opens_the_api(console, kind):
    """Scripts send the token itself, and need no session."""
    browser = await console(guarded=True)
    token = getattr(browser, kind)
    answer = await browser.get("/api/v1/session", Authorization=f"Bearer {token}")
    assert answer.json() == {"role": "admin" if kind == "token" else "reader", "csrf": ""}
    changed = await browser.ask("POST", "/api/v1/reload", Authorization=f"bearer  {token}")
    assert changed.status == (200 if kind == "token" else 403)


async def test_a_reader_sees_everything_and_changes_nothing(console):
    """The read-only token opens every page; a change is refused with a clear line, on both faces."""
    browser = await console(guarded=True)
    await browser.sign_in(browser.read_token)
    page = await browser.get("/")
    assert page.status == 200
    assert "read-only" in page.text
    refused = await browser.call("/reload")
    assert refused.status == 403
    assert "read-only token" in refused.json()["detail"]
    assert (await browser.post("/sign-out")).status == 303, "a reader can leave"


async def test_a_change_without_or_with_a_wrong_csrf_token_is_refused(console):
    """The session alone is no proof that our own page sent it."""
    browser = await console(guarded=True)
    await browser.sign_in()
    good, browser.csrf = browser.csrf, ""
    assert (await browser.call("/reload")).status == 403
    form = await browser.post("/sign-out")
    assert form.status == 403
    assert "text/html" in form.headers["Content-Type"]
    browser.csrf = good[:-1] + ("a" if good[-1] != "a" else "b")
    assert (await browser.call("/reload")).status == 403
    assert (await browser.post("/sign-out")).status == 403
    browser.csrf = good
    assert (await browser.call("/reload")).status == 200
    assert (await browser.post("/sign-out")).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "garbage"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
async def test_changes_from_other_sites_are_refused(console, headers):
    """Even with the right CSRF token, and also the sign-in form."""
    browser = await console(guarded=True)
    await browser.sign_in()
    assert (await browser.call("/reload", **headers)).status == 403
    assert (await browser.ask("POST", "/sign-in", data={"token": browser.token}, **headers)).status == 403


async def test_changes_from_our_own_pages_pass(console):
    """A browser says that a request is of the same origin, or sends "null" because we asked for no referrer."""
    browser = await console()
    await browser.get("/")
    host = browser.base.removeprefix("http://")
    for headers in ({"Sec_Fetch_Site": "same-origin"}, {"Origin": f"http://{host}"}, {"Origin": "null"}):
        assert (await browser.call("/reload", **headers)).status == 200, headers


@pytest.mark.parametrize("name", ["evil.example", "evil.example:9090", "127.0.0.1.evil.example", "[", "a@localhost@b"])
async def test_a_name_that_was_bent_to_loopback_reads_nothing(console, name):
    """DNS rebinding: without a token the console answers to loopback names alone, on both faces."""
    browser = await console()
    for path in ("/", "/api/v1/overview", "/live?feed=overview", "/nothing"):
        answer = await browser.get(path, Host=name)
        assert answer.status in (400, 403), path  # some are no host at all, which aiohttp itself refuses
    assert (await browser.get("/", X_Forwarded_Host=name)).status == 403


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:9090", "[::1]:9090", "LOCALHOST:1", "127.8.9.1"])
async def test_loopback_names_are_answered(console, name):
    """Every name of this machine's loopback is fine, with whatever port a tunnel has."""
    browser = await console()
    assert (await browser.get("/", Host=name)).status == 200


OPEN = '[admin]\ntoken = "another-token-of-the-tests"\nopen_metrics = true\nhosts = ["gateway", "Gate.Example.com"]\n'


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
@pytest.mark.parametrize("tables", ["", OPEN], ids=["without a token", "with open metrics"])
async def test_a_name_that_was_bent_to_us_reads_neither_metrics_nor_reasons(console, path, tables):
    """DNS rebinding: where no token is asked for, only an expected name is answered, and the remedy is told."""
    browser = await console(tables=tables)
    for name in ("evil.example", "evil.example:9090", "127.0.0.1.evil.example", "gateway.evil.example", "1.2.3", "["):
        for headers in ({"Host": name}, {"X_Forwarded_Host": name}):
            answer = await browser.get(path, **headers)
            assert answer.status in (400, 403), name  # some are no host at all, which aiohttp itself refuses
            assert "mattergate_" not in answer.text
            assert "destinations" not in answer.text
    told = (await browser.get(path, Host="evil.example")).json()["detail"]
    assert "'evil.example'" in told
    assert "[admin] hosts" in told
    for name in ("localhost", "127.0.0.1:9090", "[::1]:9090", "10.42.0.7:9090", "[fd00::7]:9090", "192.0.2.1"):
        assert (await browser.get(path, Host=name)).status == 200, name
    assert (await browser.get("/healthz", Host="evil.example")).text == "ok\n"


async def test_names_of_the_settings_are_answered(console):
    """[admin] hosts lists what Prometheus and probes call the gateway, and public_url is one of them."""
    browser = await console(tables=OPEN + 'public_url = "https://console.example.com/"\n')
    for name in ("gateway:9090", "gate.example.com", "GATEWAY", "console.example.com"):
        for path in ("/metrics", "/readyz"):
            assert (await browser.get(path, Host=name)).status == 200, name
    assert (
        await browser.get("/metrics", Host="other", Authorization="Bearer another-token-of-the-tests")
    ).status == 200
    entered = await browser.ask("POST", "/sign-in", data={"token": "another-token-of-the-tests"}, Host="other")
    assert entered.status == 303


async def test_probes_without_a_token_ask_by_an_expected_name(console):
    """Where /metrics takes a token, the bare status of /readyz is for expected names all the same."""
    browser = await console(guarded=True)
    assert (await browser.get("/readyz", Host="evil.example")).status == 403
    assert (await browser.get("/readyz", Host="10.42.0.7:9090")).json() == {"ready": True}
    assert (await browser.get("/readyz", Host="any", Authorization=f"Bearer {browser.read_token}")).status == 200


async def test_with_a_token_any_name_is_fine(console):
    """A proxy in front may call the console what it likes: the token guards it."""
    browser = await console(guarded=True)
    answer = await browser.get("/api/v1/session", Host="gate.example.com", Authorization=f"Bearer {browser.token}")
    assert answer.status == 200


async def test_a_wrong_token_is_no_quicker_where_none_is_needed(console, waits):
    """An open path does not help with guessing."""
    waits.over.set()
    browser = await console(guarded=True)
    assert (await browser.get("/readyz", Authorization="Bearer a guess")).status == 401
    assert waits.seconds == [auth.PAUSE]


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/api/v1/overview", "/api/v1/nothing", "/metrics", "/healthz", "/live", "/sign-in"]
)
async def test_every_answer_has_the_security_headers(console, path):
    """Also problems, streams and what programs ask for."""
    browser = await console()
    answer = await browser.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_pages_hold_no_inline_script_or_style(console):
    """The Content-Security-Policy would stop them, and a page that needs them would be broken."""
    browser = await console()
    for path in ("/", "/nothing", "/sign-in"):
        text = (await browser.get(path)).text
        assert "style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert all("src=" in tag.split(">")[0] for tag in text.split("<script")[1:])


async def test_nothing_random_breaks_the_door(console, quick):
    """Whatever stands in cookies, tokens and forms, the answer is one that we chose, never a 500."""
    browser = await console(guarded=True)
    header = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=80)

    async def knock(cookie: str, token: str, form: bytes) -> None:
        answer = await browser.get("/", Cookie=cookie)
        assert answer.status == 303
        answer = await browser.get("/", Cookie=f"{guard.COOKIE}={cookie}; mattergate_notice={cookie}")
        assert answer.status == 303
        for path in ("/", "/api/v1/overview", "/readyz"):
            assert (await browser.get(path, Authorization=token)).status in (401, 429)
        answer = await browser.ask(
            "POST", "/sign-in", data=form, Content_Type="application/x-www-form-urlencoded; charset=" + token[:5]
        )
        assert answer.status in (400, 401, 429)
        answer = await browser.ask("POST", "/sign-in", data=form, Content_Type="multipart/form-data; boundary=b")
        assert answer.status in (400, 401, 429)

    loop = asyncio.get_running_loop()
    found: list[tuple[str, str, bytes]] = []

    @given(header, header, st.binary(max_size=80))
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def collect(cookie: str, token: str, form: bytes) -> None:
        found.append((cookie.strip(), token.strip() or "x", form))

    await loop.run_in_executor(None, collect)
    for cookie, token, form in found:
        await knock(cookie, token, form)


async def test_secrets_are_in_no_page(console):
    """Neither token, hook nor route secret is shown anywhere."""
    browser = await console(guarded=True)
    await browser.sign_in()
    for path in ("/", "/api/v1/overview", "/api/v1/session", "/metrics", "/readyz"):
        text = (await browser.get(path)).text
        for secret in (browser.token, browser.read_token, "correct horse", browser.gateway.hook.rpartition("/")[2]):
            assert secret not in text
