"""`mattergate functions`: what templates may call."""

from typing import Annotated

import typer
from msgspec import Struct

from gateway.cli import app
from gateway.cli import options as given
from gateway.cli.options import example
from gateway.cli.output import Format, fail, out, print_values, say
from gateway.language.functions import TABLE
from gateway.model import JSON
from gateway.settings.lines import close


class ExampleRow(Struct, frozen=True):
    """A template, the variables that it sees, and what it gives."""

    template: str
    context: dict[str, JSON]
    gives: JSON


class FunctionRow(Struct, frozen=True):
    """One function that templates may call."""

    name: str
    doc: str
    examples: tuple[ExampleRow, ...]


def _names(incomplete: str) -> list[str]:
    return [name for name in sorted(TABLE) if name.startswith(incomplete)]


@app.command(
    epilog=example("mattergate functions", "mattergate functions link", "mattergate functions -o jsonl | jq -r .name")
)
def functions(
    name: Annotated[str | None, typer.Argument(help="One function.", autocompletion=_names)] = None,
    output: given.Output = Format.TABLE,
) -> None:
    """List the functions that templates may call, with examples that are executed by the tests."""
    if name is not None and name not in TABLE:
        suggestion = close(name, TABLE)
        hint = f"{suggestion} " if suggestion else ""
        fail(f"there is no function {name!r}; {hint}`mattergate functions` lists all", 2)
    rows = [_row(key) for key in ([name] if name else sorted(TABLE))]
    if output is not Format.TABLE:
        print_values(rows, output)
        return
    for row in rows:
        out.print(row.name, style="bold", end="  ")
        say(row.doc)
        for one in row.examples:
            seen = ", ".join(f"{variable} = {value!r}" for variable, value in one.context.items())
            say(f"    {one.template}  with {seen}  gives  {one.gives!r}")


def _row(name: str) -> FunctionRow:
    function = TABLE[name]
    shown = (ExampleRow(one.template, dict(one.context), one.expected) for one in function.examples)
    return FunctionRow(name, function.doc, tuple(shown))
