"""The generated tables of deploy/reference.md and schemas/README.md. `python -m tests.reference` writes them anew.

A table stands between `<!-- generated: NAME -->` and `<!-- end -->`; all other text of a page is written by hand.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from enum import EnumType
from functools import partial
from pathlib import Path
from typing import Any, Final

import typer
from typer.testing import CliRunner

from gateway.callbacks.document import callbacks as documents_of
from gateway.catalog.catalog import Catalog
from gateway.catalog.shapes import TYPES
from gateway.cli import app
from gateway.console import catalog as listed
from gateway.language import arguments
from gateway.language.functions import TABLE, Function
from gateway.language.functions.states import STATES, TONES
from gateway.observe.metrics import Metrics
from gateway.settings import Settings, tables
from gateway.verify.schemes import Signature, WebToken
from tests import builtin, keytables
from tests.keytables import table

_ROOT: Final = Path(__file__).parents[1]
PAGE: Final = _ROOT / "deploy" / "reference.md"
AUTHORS: Final = _ROOT / "schemas" / "README.md"
BLOCK: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.S)


def filled(page: Path, text: str = "") -> str:
    """A page, or another text of it, with every table as the code is. Raises KeyError for one that nothing makes."""
    makers = GENERATORS[page]
    return BLOCK.sub(lambda found: f"{found[1]}{makers[found[2]]()}\n{found[3]}", text or page.read_text("utf-8"))


def settings() -> str:
    """Every setting, as `mattergate check --reference` prints it."""
    return CliRunner().invoke(app, ["check", "--reference"], catch_exceptions=False).stdout.strip()


def variables() -> str:
    """Every environment variable that overrides the settings file."""
    rows = [(f"`{name}`", f"`[{table}] {key}`") for name, (table, key) in tables.variables().items()]
    return table(("variable", "overrides"), *rows)


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
    return table(("series", "type", "labels", ""), *rows)


def commands() -> str:
    """Every command with its help, arguments and options."""
    return "\n\n".join(_sections("mattergate", typer.main.get_command(app)))


def _sections(name: str, command: Any) -> Iterator[str]:
    parameters = [parameter for parameter in command.params if not parameter.hidden]
    inner = getattr(command, "commands", {})
    if parameters or not inner:
        rows = [_parameter(parameter) for parameter in parameters]
        yield f"### {name}\n\n{command.help}" + (f"\n\n{table(('option', '', 'default'), *rows)}" if rows else "")
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


def callbacks() -> str:
    """Every callback of the catalog, with what it answers, and the settings and secrets that it takes."""
    rows = []
    for key, service in builtin.services().items():
        for name, one in sorted(documents_of(service).items()):
            given = [name if value is None else f"{name} = {value}" for name, value in one.settings.items()]
            secrets = [*sorted(one.secrets), *(f"{name} (optional)" for name in sorted(one.optional_secrets))]
            rows.append((f"`{key}/{name}`", one.title, ", ".join(one.answers), ", ".join(given), ", ".join(secrets)))
    return table(("callback", "", "answers", "settings", "secrets"), *rows)


def services() -> str:
    """Every service of the catalog by topic, with how its requests are proven and where their shapes are from."""
    known = Catalog(builtin.FOLDERS)
    described, rows = known.descriptions(), list[tuple[str, ...]]()
    for topic, those in listed.by_topic(listed.rows(known, described, Settings())).items():
        for one in those:
            signs = any(isinstance(scheme, Signature | WebToken) for scheme in described[one.key].verify)
            name = f"[{one.name}]({one.docs})" if one.docs else one.name
            counts = str(one.translators or ""), str(one.callbacks or "")
            rows.append((name, f"`{one.key}`", topic, *counts, "signature" if signs else "secret", one.confidence))
    return table(("service", "key", "about", "translators", "callbacks", "proof", "shapes"), *rows)


def functions() -> str:
    """Every function that templates may call, with its arguments and its first example."""
    rows = [
        (
            f"`{name}`",
            f"`{_arguments(function)}`" if _arguments(function) else "",
            function.doc,
            f"`{function.examples[0].template}`" if function.examples else "",
        )
        for name, function in sorted(TABLE.items())
    ]
    return table(("function", "arguments", "", "for example"), *rows)


def _arguments(function: Function) -> str:
    """The arguments besides the value: `limit`, `limit=10`, `limit?` for one that may be absent, `*others`."""
    taken = list(inspect.signature(function.call).parameters.values())[1 if function.kind == "filter" else 0 :]
    return ", ".join(map(_argument, taken))


def _argument(one: inspect.Parameter) -> str:
    if one.kind is one.VAR_POSITIONAL:
        return f"*{one.name}"
    if one.default is one.empty:
        return one.name
    return f"{one.name}?" if one.default in (None, "") else f"{one.name}={one.default!r}"


def engine() -> str:
    """The filters and tests of the template engine that templates may use besides."""
    filters = ", ".join(f"`{call.written(name).removesuffix('()')}`" for name, call in arguments.BUILTIN.items())
    tests = ", ".join(f"`{name}`" for name in arguments.TESTS)
    return f"Filters of the engine: {filters}.\n\nTests, after `is` and in `select`: {tests}."


def shapes() -> str:
    """The types of short shapes, and what each takes."""
    rows = [(f"`{name}`", keytables.words(schema)) for name, schema in TYPES.items()]
    return table(("type", "takes"), *rows)


def states() -> str:
    """The states of the product, with the phase and the tone of each."""
    return table(("state", "phase", "tone"), *((f"`{word}`", *row) for word, row in STATES.items()))


def tones() -> str:
    """The tones, and the colour of each."""
    return table(("tone", "colour"), *((f"`{tone}`", f"`{color}`") for tone, color in TONES.items()))


GENERATORS: Final[Mapping[Path, Mapping[str, Callable[[], str]]]] = {
    PAGE: {
        "settings": settings,
        "callbacks": callbacks,
        "variables": variables,
        "commands": commands,
        "metrics": metrics,
    },
    AUTHORS: {
        "shapes": shapes,
        "functions": functions,
        "engine": engine,
        "states": states,
        "tones": tones,
        **{kind: partial(keytables.keys, kind) for kind in keytables.KINDS},
        "values": keytables.values,
        "catalog": services,
    },
}
"""The tables of each page, in their order."""


if __name__ == "__main__":
    for page in GENERATORS:
        page.write_text(filled(page), "utf-8")
