"""What a slash command costs: one that its document answers by itself, and one that asks an outside service."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

import load
import servers
import sink
from scenarios import expect

RATE: Final = 200.0
"""Commands per second."""

TOKEN: Final = "a token of the bench, of a command"

_SETTINGS: Final = """
[catalog]
reload = false
folders = ["catalog"]
[callbacks.desk]
service = "desk"
url = "http://127.0.0.1:{sink}"
private = true
tokens = ["{token}"]
secrets = {{key = "a key of the bench"}}
"""
_DOCUMENTS: Final = {
    "service.yaml": "name: Desk\nsetup: For the bench alone\nevent: [{json: kind}]\n",
    "callbacks/hello.yaml": """
title: Say hello
answers: command
command: {trigger: desk, sub: hello}
input: {text?: text, user: {name: text}}
reply: {message: {text: "Hello {{ user.name }}: {{ text }}"}}
""",
    "callbacks/ask.yaml": """
title: Ask the desk
answers: command
command: {trigger: desk, sub: ask}
input: {text?: text, user: {name: text}}
request:
  url: "{{ settings.url }}/questions"
  headers: {Authorization: "Bearer {{ secrets.key }}"}
  json: {question: "{{ text }}", by: "{{ user.name }}"}
reply: {message: {text: "The desk says {{ answer.text }}"}}
""",
}
KINDS: Final = {"hello": "without the outside service", "ask": "with an outside service that answers at once"}


class Found(NamedTuple):
    """Milliseconds until the answer, counted from the scheduled time, and of processor for one act."""

    p50: float
    p99: float
    most: float
    processor: float
    split: str


async def measured(where: Path, kind: str, seconds: float) -> Found:
    """Have a gateway answer commands of a kind at RATE for so many seconds."""
    with servers.scratch(where) as folder:
        for name, text in _DOCUMENTS.items():
            file = folder / "catalog" / "desk" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        async with sink.serving() as there:
            settings = _SETTINGS.format(sink=there.port, token=TOKEN)
            async with servers.serving(folder, settings) as server:
                requests = _commands(kind)
                with load.first():
                    await load.paced(server.port, requests, rate=RATE, seconds=max(0.5, seconds / 5))
                    await server.rest()
                    before, asked = server.processor(), there.count
                    paced = await load.paced(server.port, requests, rate=RATE, seconds=seconds)
                await server.rest()
                spent = server.processor() - before
                count = expect(paced.answers)
                if (there.count - asked) != (count if kind == "ask" else 0):
                    raise RuntimeError(f"{count} commands asked the service {there.count - asked} times")
    each = {name: 1e3 * one / count for name, one in spent.items()}
    split = ", ".join(f"{name} {one:.3f}" for name, one in each.items())
    quantiles = (1e3 * one for one in (paced.quantile(0.5), paced.quantile(0.99), paced.latencies[-1]))
    return Found(*quantiles, sum(each.values()), split)


def _commands(kind: str) -> Iterator[bytes]:
    """Requests as Mattermost sends them, each of its own person and moment."""
    for number in itertools.count():
        body = urlencode({
            "channel_id": "c" * 26, "channel_name": "ops", "command": "/desk",
            "response_url": f"http://127.0.0.1:1/hooks/commands/{number:026}", "root_id": "", "team_domain": "home",
            "team_id": "t" * 26, "text": f"{kind} what about {number}", "token": TOKEN,
            "trigger_id": f"trigger{number:020}", "user_id": f"u{number:025}", "user_name": f"ann{number % 50}",
        }).encode()  # fmt: skip
        head = (
            f"POST /command/desk HTTP/1.1\r\nHost: gateway\r\nUser-Agent: Mattermost-Bot/1.1\r\n"
            f"Accept: application/json\r\nAuthorization: Token {TOKEN}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body
