"""The command line: parse, call, print. One module per group of commands; each adds its commands to `app`."""

from typing import Annotated

import typer

from gateway import __version__

app = typer.Typer(
    name="mattergate",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    epilog="Exit codes: **0** all is well, **1** faults were found or something failed, **2** wrong usage.\n\n"
    "`mattergate COMMAND --help` has examples.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mattergate {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Point any service that can send a webhook at a URL; a readable message appears in Mattermost."""


from gateway.cli import (  # noqa: E402 - the modules register themselves on `app`, in the order of the help
    audit,
    check,
    connect,
    dead,
    demo,
    destinations,
    diff,
    drift,
    events,
    functions,
    new,
    render,
    samples,
    schema,
    serve,
    services,
    status,
)  # fmt: skip # isort: skip

__all__ = [
    "app",
    "audit",
    "check",
    "connect",
    "dead",
    "demo",
    "destinations",
    "diff",
    "drift",
    "events",
    "functions",
    "new",
    "render",
    "samples",
    "schema",
    "serve",
    "services",
    "status",
]
