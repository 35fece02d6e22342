"""Requests that became no message as their sender wanted, one a cause, and what an operator must find of each."""

import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

from tests.conftest import SECRET, Gateway, eventually

ROUTES = f"""
[routes.github]
service = "github"
destinations = ["ops"]
secrets = ["{SECRET}"]
[routes.quiet]
service = "github"
destinations = ["ops"]
secrets = ["{SECRET}"]
only = ["issues", "pull_request"]
[routes.stamped]
service = "generic"
destinations = ["ops"]
secrets = ["{SECRET}"]
verify = [{{hmac = "sha256", header = "X-Mac", timestamp = {{header = "X-Time"}}, message = ["timestamp", "body"]}}]
"""
PUSH = {"ref": "refs/heads/main", "zen": "calm"}


class Case(Struct, frozen=True):
    """One cause. `send` makes it happen on `route`, and returns the status of the answer.

    On the overview `column` of the route leads to it; `words` and `badge` are shown; `options` of `mattergate events
    list` find it.
    """

    route: str
    send: Callable[[Gateway], Awaitable[int]]
    column: str
    words: str
    badge: str
    options: tuple[str, ...]


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of GitHub."""
    mac = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    return {"X_GitHub_Event": "push", "X_Hub_Signature_256": f"sha256={mac}", "Content_Type": "application/json"}


async def _wrong_secret(gateway: Gateway) -> int:
    return (await gateway.github("push", PUSH, "d1", secret=f"{SECRET}\n"))[0]


async def _unsigned(gateway: Gateway) -> int:
    return (await gateway.post("/in/github", PUSH, X_GitHub_Event="push"))[0]


async def _stale(gateway: Gateway) -> int:
    at, body = f"{time.time() - 7300:.0f}", json.dumps(PUSH).encode()
    mac = hmac.digest(SECRET.encode(), at.encode() + body, hashlib.sha256).hex()
    return (await gateway.post("/in/stamped", body, X_Time=at, X_Mac=mac))[0]


async def _ignored(gateway: Gateway) -> int:
    body = json.dumps(PUSH).encode()
    return (await gateway.post("/in/quiet", body, **signed(body)))[0]


async def _unknown(gateway: Gateway) -> int:
    return (await gateway.github("unheard_of", PUSH, "d2"))[0]


async def _unreadable(gateway: Gateway) -> int:
    body = b'{"ref": "refs/heads/main",\n "commits": [oh no'
    return (await gateway.post("/in/github", body, **signed(body)))[0]


CASES = {
    "wrong secret": Case(
        "github", _wrong_secret, "Refused", "does not match the secret of the route", "wrong secret",
        ("--outcome", "refused"),
    ),
    "missing signature": Case(
        "github", _unsigned, "Refused", "the header X-Hub-Signature-256 is missing", "unsigned",
        ("--outcome", "refused"),
    ),
    "stale timestamp": Case(
        "stamped", _stale, "Refused", "its timestamp is 2 h old by this machine's clock, 5 min are allowed", "stale",
        ("--note", "stale"),
    ),
    "ignored by a filter": Case(
        "quiet", _ignored, "Ignored", '[routes.quiet] only = ["issues", "pull_request"] does not name push', "ignored",
        ("--outcome", "ignored"),
    ),
    "unknown event": Case(
        "github", _unknown, "Message", "no translator of github speaks for unheard_of", "unknown",
        ("--note", "unknown"),
    ),
    "broken JSON": Case(
        "github", _unreadable, "Message", "the body is not JSON: ", "unreadable", ("--route", "github"),
    ),
}  # fmt: skip


async def happen(gateway: Gateway, *names: str, kept: int | None = None) -> None:
    """Send the requests of these cases, and wait until the journal has all, or so many, of the refused ones."""
    for name in names:
        status = await CASES[name].send(gateway)
        assert status == (401 if CASES[name].column == "Refused" else status)
    refused = sum(CASES[name].column == "Refused" for name in names) if kept is None else kept

    async def are_kept() -> bool:
        _, found = await gateway.admin("/api/v1/events?outcome=refused")
        return len(json.loads(found)["events"]) == refused

    await eventually(are_kept)
