"""The command line: parse, call, print. One module per group of commands; each adds its commands to `app`."""

import typer

app = typer.Typer(
    name="mattergate",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Point any service that can send a webhook at a URL; a readable message appears in Mattermost.",
)

from gateway.cli import demo, journal, new, render, samples, serve, services  # noqa: E402 - the modules register themselves on `app`

__all__ = ["app", "demo", "journal", "new", "render", "samples", "serve", "services"]
