"""`mattergate demo`: sample requests become messages of a stand-in Mattermost, in ten seconds."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.padding import Padding
from rich.text import Text

from gateway.cli import app
from gateway.cli.options import example
from gateway.cli.output import out
from gateway.demo import show
from gateway.demo.show import Demo, Shown
from gateway.mattermost.plain import unmark
from gateway.observe import logs

_COLORS = {"good": "green", "warning": "yellow", "danger": "red"}
_INVISIBLE = str.maketrans("", "", "\u200b")


@app.command(epilog=example("mattergate demo", "mattergate demo --events 500 --no-stay"))
def demo(
    events: Annotated[int, typer.Option(min=1, help="How many requests the burst at the end has.")] = 3000,
    stay: Annotated[
        bool | None,
        typer.Option(
            "--stay/--no-stay", help="Go on listening afterwards, for requests of your own. [default: on a terminal]"
        ),
    ] = None,
) -> None:
    """Show mattergate at work: sample senders, the gateway, and a stand-in Mattermost, all on this machine.

    Nothing is configured, nothing leaves this machine, and nothing is left behind.
    """
    logs.configure("error", "auto", sys.stderr)
    try:
        uvloop.run(_demo(events, sys.stdout.isatty() if stay is None else stay))
    except KeyboardInterrupt:
        out.print("\nstopped")


async def _demo(events: int, stay: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="mattergate-demo-") as folder:
        async with show.running(Path(folder)) as running:
            out.print(f"mattergate listens at {running.url}, and posts to a stand-in Mattermost.", style="bold")
            out.print(f"Its console is at {running.admin}/ as long as this runs.\n")
            async for shown in running.walk(slowly=sys.stdout.isatty()):
                _print(shown)
            await _burst(running, events)
            if stay:
                await _wait(running)


def _print(shown: Shown) -> None:
    request = shown.request
    labels = ", ".join(
        f"{name}: {text}" for name, text in request.headers.items() if name.startswith("x-") and "event" in name
    )
    size = f"{len(request.body):,} bytes"
    out.print(Text(f"→ {request.method} /in/{shown.service}  {size}" + (f"  {labels}" if labels else ""), "cyan"))
    out.print(
        Text(f"← {shown.status} {shown.answer.get('outcome')}, translated by {shown.answer.get('translator')}", "cyan")
    )
    for post in shown.posts:
        if post.message:
            out.print(Padding(Text(post.message), (0, 4)))
        for attachment in post.attachments:
            out.print(Padding(_attachment(attachment), (0, 4)))
    out.print()


def _attachment(attachment: dict[str, Any]) -> Text:
    """An attachment as lines behind a bar in its colour, much as Mattermost draws it."""
    color = str(attachment.get("color") or "")
    bar = ("┃ ", _COLORS.get(color, color if color.startswith("#") else "white"))
    lines = [(attachment.get("author_name"), "dim"), (attachment.get("title"), "bold")]
    lines += [(line, "") for line in str(attachment.get("text") or "").splitlines()]
    lines += [(f"{field['title']}: {field['value']}", "") for field in attachment.get("fields") or ()]
    text = Text()
    for line, style in lines:
        if line:
            text.append(*bar).append(unmark(str(line)).translate(_INVISIBLE) + "\n", style)
    text.rstrip()
    return text


async def _burst(running: Demo, events: int) -> None:
    out.print(f"Now {events:,} signed pushes as fast as 16 senders can ...")
    burst = await running.burst(events)
    out.print(
        f"{burst.events:,} accepted durably in {burst.accepted:.1f} s ({burst.events / burst.accepted:,.0f}/s); the"
        f" last message arrived after {burst.delivered:.1f} s ({burst.events / burst.delivered:,.0f}/s end to end;"
        " senders, gateway and Mattermost share this machine).\n"
    )


async def _wait(running: Demo) -> None:
    path = f"{running.url}/in/generic/{show.SECRET}"
    out.print("Send something yourself, from another terminal (Ctrl-C stops):")
    out.print(
        f"""  curl {path} -d '{{"title": "Disk full", "host": "db1", "severity": "critical"}}'""",
        style="bold",
    )
    out.print(f"  console: {running.admin}/   metrics: {running.admin}/metrics\n")
    async for posts in running.arrivals():
        for post in posts:
            for attachment in post.attachments:
                out.print(Padding(_attachment(attachment), (0, 4)))
            if post.message:
                out.print(Padding(Text(post.message), (0, 4)))
