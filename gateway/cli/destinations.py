"""`mattergate destinations`: how they stand, pause and resume one, send a test message; also while the gateway runs."""

import getpass
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated, Final, TypeVar

import typer
from msgspec.structs import replace

from gateway import units
from gateway.cli import app, offline
from gateway.cli import options as given
from gateway.cli.offline import OfflineGateway
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Column, Format, clock, confirm, fail, plural, print_rows, print_value, say, warn, working
from gateway.console import destinations as facts
from gateway.console.destinations import BotStanding, DestinationDetail, DestinationStanding, SentTest
from gateway.errors import Refused
from gateway.model import PAUSE_BY, PAUSE_REASON, DeliveryState

T = TypeVar("T")

destinations = typer.Typer(no_args_is_help=True, help="Where messages go: state, pause, resume, test.")
app.add_typer(destinations, name="destinations")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a destination in the settings.")]


def next_words(row: DestinationStanding) -> str:
    """What happens next at a destination, and when."""
    due = f" (next attempt at {clock(row.next_at)} UTC)" if row.next_at > time.time() else ""
    return row.next and row.next + due


def _deaf(bot: BotStanding | None) -> str:
    """Why a bot hears nothing; "" for one that does, and for what is none."""
    if bot is None or bot.connected_since:
        return ""
    return f"not connected{f': {bot.problem}' if bot.problem else ''}"


COLUMNS: Final[Sequence[Column[DestinationStanding]]] = (
    Column("destination", lambda row: f"{row.name} ({row.what})" if row.what else row.name),
    Column("state", lambda row: row.state),
    Column("since (UTC)", lambda row: clock(row.since) if row.since else ""),
    Column("waiting", lambda row: str(row.waiting)),
    Column("oldest", lambda row: units.written(row.oldest) if row.waiting else ""),
    Column("dead", lambda row: str(row.dead)),
    Column("delivered", lambda row: str(row.delivered)),
    Column(
        "why, and what happens next",
        lambda row: "; ".join(part for part in (_deaf(row.bot), row.why, next_words(row)) if part),
    ),
)


@destinations.command("list", epilog=example("mattergate destinations list", "mattergate destinations list -o json"))
def list_destinations(output: given.Output = Format.TABLE, config: given.Config = DEFAULT) -> None:
    """List destinations with their state, the reason, since when, and what happens next.

    Without a running gateway the state is what the journal tells: paused, or failing by its last results.
    """

    async def look(gateway: OfflineGateway) -> Sequence[DestinationStanding]:
        _tell(await gateway.ask_destinations())
        return gateway.told or (await facts.listing(gateway)).destinations

    print_rows(offline.run(config, look), COLUMNS, output, "no destinations")


@destinations.command("show", epilog=example("mattergate destinations show ops"))
def show_destination(name: Name, output: given.Output = Format.TABLE, config: given.Config = DEFAULT) -> None:
    """Show one destination, and the newest deliveries that wait for it."""

    async def look(gateway: OfflineGateway) -> DestinationDetail:
        _tell(await gateway.ask_destinations())
        found = await facts.detail(gateway, name)
        told = next((one for one in gateway.told if one.name == name), found.standing)
        return replace(found, standing=told)

    found = _run(config, look)
    if output is not Format.TABLE:
        print_value(found, output)
        return
    print_standing(found.standing)
    for one in found.waiting:
        tried = f"; {plural(one.attempts, 'attempt')}, last: {one.reason}" if one.attempts else ""
        say(f"waits: delivery {one.seq} of event {one.event}, received {clock(one.received)} UTC{tried}")
    if found.more:
        say(f"and older ones: mattergate events list --destination {name} --state pending")


@destinations.command(
    "pause", epilog=example('mattergate destinations pause ops --because "the channel is being moved"')
)
def pause_destination(
    name: Name,
    because: Annotated[str, typer.Option(help="Why it is paused; shown wherever the destination is.")],
    config: given.Config = DEFAULT,
) -> None:
    """Pause a destination: its messages are accepted and wait, and nothing is delivered until it is resumed.

    Takes effect at once; attempts in flight end. A restart keeps it.
    """
    if not because.strip() or len(because) > PAUSE_REASON:
        fail(f"--because: say why, in {PAUSE_REASON} characters at most", 2)
    found = _run(config, lambda gateway: facts.pause(gateway, name, who(), because))
    say(f"{name} is paused; {plural(found.waiting, 'message waits', 'messages wait')}")


@destinations.command("resume", epilog=example("mattergate destinations resume ops"))
def resume_destination(name: Name, yes: given.Yes = False, config: given.Config = DEFAULT) -> None:
    """Resume a paused destination: what waits is delivered, in order. Asks for confirmation where many wait."""

    async def work(gateway: OfflineGateway) -> DestinationStanding:
        await gateway.ask_destinations()
        waiting = (await facts.detail(gateway, name)).standing.waiting
        if waiting > 1 and name in await gateway.journal.pauses():
            confirm(f"{plural(waiting, 'message')} will be delivered", yes=yes)
        return await facts.resume(gateway, name)

    found = _run(config, work)
    say(f"{name} is resumed: {found.state}")


@destinations.command("test", epilog=example("mattergate destinations test ops"))
def send_test_message(
    name: Name,
    wait: Annotated[float, typer.Option(min=0.0, max=600.0, help="Seconds to wait for what comes of it.")] = 10.0,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """Send a test message to a destination the way of any other, and say what came of it.

    Needs a running gateway; `mattergate check --live --post` asks without one. The exit code is 1 unless it arrived.
    """

    async def work(gateway: OfflineGateway) -> SentTest:
        if missing := await gateway.ask_destinations():
            fail(f"nothing was sent, as nothing would deliver it: {missing}")
        with working("waiting for what comes of it"):
            return await facts.send_test(gateway, name, who(), wait)

    sent = _run(config, work)
    if output is not Format.TABLE:
        print_value(sent, output)
    else:
        say(f"test message to {name}: {sent.words} (event {sent.event}, delivery {sent.seq})")
    if sent.state is not DeliveryState.DELIVERED:
        raise typer.Exit(1)


def print_standing(one: DestinationStanding) -> None:
    """Print how a destination stands, a fact a line."""
    since = f" since {clock(one.since)} UTC" if one.since else ""
    say(f"destination {one.name}: {one.state}{since}")
    if one.what:
        say(one.what)
    if (bot := one.bot) is not None:
        aside = f": {bot.problem}" if bot.problem else ""
        say(_deaf(bot) or f"connected since {clock(bot.connected_since)} UTC{aside}")
    if one.why:
        say(f"because {one.why}")
    if one.next:
        say(f"next: {next_words(one)}")
    waits = f", the oldest for {units.written(one.oldest)}" if one.waiting else ""
    say(f"waiting {one.waiting:,}{waits}; dead {one.dead:,}; delivered {one.delivered:,}")


def who() -> str:
    """Who runs this command: user and host."""
    user = "somebody"
    with suppress(OSError, KeyError):  # a user without a name
        user = getpass.getuser()
    return f"{user} on {socket.gethostname()}"[:PAUSE_BY]


def _run(config: given.Config, work: Callable[[OfflineGateway], Awaitable[T]]) -> T:
    """Run `work`; what the facts refuse ends the command."""
    try:
        return offline.run(config, work)
    except Refused as refused:
        fail(refused.detail or refused.title)


def _tell(missing: str) -> None:
    """Say, on standard error, that no gateway told how the destinations stand."""
    if missing:
        warn(f"states are what the journal tells: {missing}")
