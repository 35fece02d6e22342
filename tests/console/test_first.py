"""The first request: commands that work as pasted."""

import asyncio
import json

import pytest

from gateway import settings
from gateway.catalog import catalog, files
from gateway.console import first, signing
from tests.conftest import SECRET

WHSEC = "whsec_cGFzc3dvcmQgb2YgYSB0ZXN0"

SERVICES = sorted({service for service, _ in files.samples([files.builtin_folder()])})
"""Those that send; one with callbacks alone has nothing to send."""

GROUPS = [SERVICES[start : start + first.ROUTES] for start in range(0, len(SERVICES), first.ROUTES)]
"""As many as are shown at once."""


def secret_of(service: str) -> str:
    """The secret of its route, in the form that the service wants."""
    return WHSEC if "whsec" in (files.builtin_folder() / service / "service.yaml").read_text() else SECRET


def routes(*services: str, more: str = "") -> str:
    """A route for each of these services, of the service's name."""
    return "".join(
        f'[routes.{key}]\nservice = "{key}"\ndestinations = ["ops"]\nsecrets = ["{secret_of(key)}"]\n{more}'
        for key in services
    )


async def pasted(command: str, gateway, secret: str = SECRET) -> str:
    """The output of a command in a shell that is told the secret; its URL is that of the gateway, whose port is new."""
    command = command.replace("http://127.0.0.1:PORT", gateway.url).replace("curl ", "curl --silent --show-error ")
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await shell.communicate(f"{secret}\n".encode())
    assert shell.returncode == 0
    return out.decode()


@pytest.mark.parametrize("services", GROUPS, ids=lambda services: f"{services[0]} to {services[-1]}")
async def test_commands_work_as_pasted(console, services):
    """For every service of the catalog: it is accepted, and the message has the title that was told."""
    browser = await console(routes=routes(*services))
    requests = (await browser.get("/api/v1/first-requests")).json()["requests"]
    assert [(one["route"], one["destinations"]) for one in requests] == [(key, ["ops"]) for key in services]
    told = {}
    for one in requests:
        assert bool(one["command"]) != bool(one["why"])
        if one["command"]:
            answer = await pasted(one["command"], browser.gateway, secret_of(one["route"]))
            assert '"outcome":"message"' in answer, (one["route"], answer)
            told[json.loads(answer)["id"]] = one["title"]
    await browser.gateway.posts(len(told))
    events = (await browser.get("/api/v1/events")).json()["events"]
    assert {event["id"]: event["title"] for event in events} == told
    assert "" not in told.values()


def test_few_services_have_no_command():
    """Those sign with a key of their own, or sign what only they know: their URL, or the time in their payload."""
    known = catalog.load([files.builtin_folder()])
    unwritten = [key for key in SERVICES if signing.write(known.service(key).verify) is None]
    assert len(unwritten) * 10 < len(SERVICES), unwritten


@pytest.mark.parametrize("path", ["/", "/events"])
async def test_an_empty_console_leads_to_it_and_a_used_one_does_not(console, path):
    """Both first pages have the commands, without a secret; a filter that finds nothing is another matter."""
    browser = await console(routes=routes("github", "generic"))
    page = await browser.get(path)
    assert page.text.count("read -r SECRET") == 2
    assert SECRET not in page.text
    assert "Send a first request" not in (await browser.get("/events?route=github")).text
    await browser.gateway.github("ping", {"zen": "z", "hook_id": 1}, "1")
    assert "Send a first request" not in (await browser.get(path)).text


async def test_nothing_is_sent_without_the_secret():
    """A shell that lacks the variable says which, and sends no request that would be refused."""
    lines = f"(\n{first._secret('A_SECRET', 'r')}\necho sent\n)\n"
    shell = await asyncio.create_subprocess_exec(
        "sh", env={"PATH": "/usr/bin:/bin"}, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await shell.communicate(lines.encode())
    assert (out, b"A_SECRET: is not set in this shell" in err) == (b"", True)


async def test_what_a_route_wants_decides(console):
    """What is open needs no secret; what a command cannot make is said; no route at all is said, too."""
    token = routes("generic", more='verify = [{token = "secret"}]\n')
    unsigned = '[routes.open]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n'
    browser = await console(routes=token + unsigned)
    closed, free = (await browser.get("/api/v1/first-requests")).json()["requests"]
    assert (closed["command"], "no command can repeat" in closed["why"]) == ("", True)
    assert "SECRET" not in free["command"]
    assert '"outcome":"message"' in await pasted(free["command"], browser.gateway)
    assert (await console(routes="")).gateway


async def test_the_filters_of_a_route_are_kept(console):
    """A sample that the route ignores is none that shows anything."""
    browser = await console(routes=routes("github", more='only = ["issues.*"]\n'))
    [one] = (await browser.get("/api/v1/first-requests")).json()["requests"]
    assert "x-github-event: issues" in one["command"] or one["why"]


def test_the_secret_is_named_by_its_variable():
    """Whoever pastes it in a shell without the variable is told which one is missing."""
    assert first._secret("GITHUB_SECRET", "r").startswith('SECRET="${GITHUB_SECRET:?is not set')
    text = '[destinations.ops]\nhook = "http://h/hooks/x"\n[routes.r]\nservice = "github"\ndestinations = ["ops"]\n'
    known = settings.parse(text + 'secrets_env = ["A_SECRET"]\n', "m.toml", {"A_SECRET": "text"}, lambda _: "")
    assert [one.variable for one in known.routes["r"].secrets] == ["A_SECRET"]


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ('listen = "0.0.0.0:8080"', "http://localhost:8080"),
        ('listen = "[::1]:80"', "http://[::1]:80"),
        ('listen = "192.0.2.1:80"\npublic_url = "https://g.example.com/"', "https://g.example.com"),
    ],
)
def test_the_url_is_one_that_this_machine_reaches(server, url):
    """The public one where there is one."""
    known = settings.parse(f"[server]\n{server}\n", "m.toml", {}, lambda _: "")
    assert first.base(known) == url
