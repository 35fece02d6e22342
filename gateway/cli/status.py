"""`mattergate status`: how the running gateway is doing, as its console shows it."""

import asyncio
import ipaddress
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import aiohttp
import msgspec
import typer

from gateway import units
from gateway.cli import app
from gateway.cli import options as given
from gateway.cli import settings as settings_file
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Column, Format, clock, fail, plural, print_json, print_line, print_rows, say, working
from gateway.console.overview import DestinationStanding, RouteStanding, Status
from gateway.settings import Settings
from gateway.settings.keys import Address

_SECONDS: Final = 10.0
"""How long the gateway may take to answer."""

_DESTINATIONS: Final[Sequence[Column[DestinationStanding]]] = (
    Column("destination", lambda row: row.name),
    Column("state", lambda row: row.state),
    Column("waiting", lambda row: str(row.waiting)),
    Column("oldest", lambda row: units.written(row.oldest) if row.waiting else ""),
    Column("dead", lambda row: str(row.dead)),
    Column("delivered", lambda row: str(row.delivered)),
    Column("why", lambda row: row.why),
)
_ROUTES: Final[Sequence[Column[RouteStanding]]] = (
    Column("route", lambda row: row.name),
    Column("service", lambda row: row.service),
    Column("messages", lambda row: str(row.outcomes.get("message", 0))),
    Column("ignored", lambda row: str(row.outcomes.get("ignored", 0))),
    Column("refused", lambda row: str(row.outcomes.get("refused", 0))),
    Column("broken", lambda row: str(row.outcomes.get("broken", 0))),
    Column("repeats", lambda row: str(row.duplicates)),
    Column("newest (UTC)", lambda row: clock(row.last) if row.last else "never"),
)


@app.command(
    epilog=example("mattergate status", "mattergate status -o json | jq '.destinations[] | select(.dead > 0)'")
)
def status(output: given.Output = Format.TABLE, config: given.Config = DEFAULT) -> None:
    """Show how the running gateway is doing: destinations with their queues, and routes with their requests by outcome.

    The exit code is 1 when no gateway answers, when it cannot store requests, or when a destination takes no messages.
    """
    known = settings_file.require(config)
    with working("asking the gateway"):
        found = _decode(asyncio.run(_ask(known)), base(known.server.admin))
    if output is Format.JSON:
        print_json(found)
    elif output is Format.JSONL:
        for kind, rows in (("destination", found.destinations), ("route", found.routes)):
            for row in rows:
                print_line({"kind": kind, **msgspec.to_builtins(row)})
    else:
        _print(found)
    if found.trouble or any(one.state in ("held", "failing") for one in found.destinations):
        raise typer.Exit(1)


def base(admin: Address) -> str:
    """The URL of the admin listener as this machine reaches it."""
    host = admin.host
    with suppress(ValueError):  # a name is reached as it is
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            host = "::1" if address.version == 6 else "127.0.0.1"
    return f"http://{Address(host, admin.port)}"


async def _ask(known: Settings) -> tuple[int, bytes]:
    """Ask the admin listener; give status and body of its answer. Without an answer the command ends."""
    if not known.server.admin.port:
        fail("[server] admin has port 0, which the system chose: name a port, and restart the gateway")
    token = known.admin.read_token or known.admin.token
    headers = {"Authorization": f"Bearer {token.reveal()}"} if token is not None else {}
    url = base(known.server.admin)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
            session.get(f"{url}/api/v1/overview", headers=headers, allow_redirects=False) as got,
        ):
            return got.status, await got.read()
    except TimeoutError:
        fail(f"the gateway at {url} did not answer within {_SECONDS:g} s: it is overloaded, or hangs; see its log")
    except (aiohttp.ClientError, OSError) as error:
        number = getattr(error, "errno", None)
        why = os.strerror(number).lower() if number else str(error) or type(error).__name__
        fail(
            f"no gateway answers at {url} ({why}): start it with `mattergate serve`, or name its settings with --config"
        )


def _decode(answer: tuple[int, bytes], url: str) -> Status:
    """The overview in an answer; any other answer ends the command."""
    code, body = answer
    if code in (401, 403):
        fail(f"the gateway at {url} does not take the token of these settings: it was started with another one")
    try:
        return msgspec.json.decode(body if code == 200 else b"", type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        fail(f"{url} is not a gateway of this version: GET /api/v1/overview answered {code}")


def _print(found: Status) -> None:
    totals, kept = found.totals, found.kept
    if found.trouble:
        say(f"REQUESTS CANNOT BE STORED: {found.trouble}\n")
    waiting = f", the oldest for {units.written(totals.oldest)}" if totals.waiting else ""
    say(f"mattergate {found.version} at {clock(found.at)} UTC")
    say(f"last 24 h: received {totals.received:,} (now {totals.received_rate:.1f}/s), ", end="")
    say(f"delivered {totals.delivered:,} (now {totals.delivered_rate:.1f}/s)")
    say(f"{plural(totals.waiting, 'delivery', 'deliveries')} waiting{waiting}; {totals.dead:,} dead")
    since = f" since {clock(kept.oldest)} UTC" if kept.oldest else ""
    dead = f", {kept.dead_events:,} of them dead ({kept.dead_size / 1e6:,.1f} MB)" if kept.dead_events else ""
    say(f"the journal keeps {plural(kept.events, 'event')} ({kept.size / 1e6:,.1f} MB){since}{dead}\n")
    print_rows(found.destinations, _DESTINATIONS, Format.TABLE, "no destinations")
    say("")
    print_rows(found.routes, _ROUTES, Format.TABLE, "no routes")
