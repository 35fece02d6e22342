"""The generated tables of deploy/reference.md. `python -m tests.reference` writes them anew.

A table stands between `<!-- generated: NAME -->` and `<!-- end -->`; all other text of the page is written by hand.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import EnumType
from pathlib import Path
from typing import Any, Final

import typer
from typer.testing import CliRunner

from gateway.cli import app
from gateway.language.functions import TABLE
from gateway.observe.metrics import Metrics
from gateway.settings import tables

PAGE: Final = Path(__file__).parents[1] / "deploy" / "reference.md"
_BLOCK: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.S)


def filled(text: str) -> str:
    """Give the page with every generated table as the code is now. Raises KeyError on a name without a generator."""
    return _BLOCK.sub(lambda found: f"{found[1]}{GENERATORS[found[2]]()}\n{found[3]}", text)


def _table(*rows: Iterable[str]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = [list(row) for row in rows]
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in [head, *body]]
    return "\n".join(f"| {line} |" for line in [lines[0], " | ".join("---" for _ in head), *lines[1:]])


def settings() -> str:
    """Every setting, as `mattergate check --reference` prints it."""
    return CliRunner().invoke(app, ["check", "--reference"], catch_exceptions=False).stdout.strip()


def variables() -> str:
    """Every environment variable that overrides the settings file."""
    rows = [(f"`{name}`", f"`[{table}] {key}`") for name, (table, key) in tables.variables().items()]
    return _table(("variable", "overrides"), *rows)


def metrics() -> str:
    """Every series by the name that Prometheus sees, with type, labels and help."""
    suffixes = {"counter": "_total", "info": "_info"}
    rows = [
        (
            f"`{family.name}{suffixes.get(family.kind, '')}`",
            family.kind,
            ", ".join(f"`{label}`" for label in family.label_names),
            family.text,
        )
        for family in Metrics().families
    ]
    return _table(("series", "type", "labels", ""), *rows)


def commands() -> str:
    """Every command with its help, arguments and options."""
    return "\n\n".join(_sections("mattergate", typer.main.get_command(app)))


def _sections(name: str, command: Any) -> Iterator[str]:
    parameters = [parameter for parameter in command.params if not parameter.hidden]
    inner = getattr(command, "commands", {})
    if parameters or not inner:
        rows = [_parameter(parameter) for parameter in parameters]
        yield f"### {name}\n\n{command.help}" + (f"\n\n{_table(('option', '', 'default'), *rows)}" if rows else "")
    for key, one in inner.items():
        yield from _sections(f"{name} {key}", one)


def _parameter(parameter: Any) -> tuple[str, str, str]:
    """A row about an argument or option: how it is written, what it is for, its default."""
    names = [*parameter.opts, *parameter.secondary_opts]
    if not names[0].startswith("-"):
        names = [(parameter.metavar or parameter.name).upper()]
    kind, text = parameter.type_descriptor.annotation, parameter.help or ""
    if isinstance(kind, EnumType):
        text += " One of " + ", ".join(f"`{member.value}`" for member in kind) + "."
    if parameter.envvar:
        text += f" Variable: `{parameter.envvar}`."
    shown = parameter.default not in (None, "", False) and not callable(parameter.default)
    return ", ".join(f"`{name}`" for name in names), text, f"`{parameter.default}`" if shown else ""


def functions() -> str:
    """Every function that templates may call, with its first example."""
    rows = [
        (f"`{name}`", function.doc, f"`{function.examples[0].template}`" if function.examples else "")
        for name, function in sorted(TABLE.items())
    ]
    return _table(("function", "", "for example"), *rows)


GENERATORS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings,
    "variables": variables,
    "commands": commands,
    "metrics": metrics,
    "functions": functions,
}


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
