"""The house keeps its order: imports go one way, and files and functions stay short enough to see whole."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gateway"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (
    {"__init__", "errors"},
    {"model"},
    {
        "digest",
        "jsonpath",
        "units",
        "secret",
        "fields",
        "tomlplace",
        "tablereader",
        "admintable",
        "destinationtable",
        "logs",
        "metrics",
        "settings",
        "supervisor",
        "tracing",
        "tracing_otel",
        "mattermost.payload",
    },
    {"mattermost.*", "ingress.*", "translate.functions.*"},
    {"translate.*", "journal.*", "delivery.*"},
    {"interpret", "sample"},
    {
        "ingress.route",
        "ingress.passthrough",
        "ingress.table",
        "ingress.entry",
        "ingress.learned",
        "ingress.http",
        "ingress.listener",
    },
    {"changes", "acceptance", "reload", "senders"},
    {"intake", "goals"},
    {"console.*"},
    {"admin", "running"},
    {"app"},
    {"demo.*"},
    {"cli.*", "__main__"},
)
"""Every module, lowest first: a module imports from its own layer and from those before it."""

FUNCTION_LINES = 60
FILE_LINES = 400


def name_of(path: Path) -> str:
    """The dotted name below `gateway`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def layer_of(name: str) -> int:
    """The layer of a module: its own entry before that of its package."""
    for index, layer in enumerate(LAYERS):
        if name in layer:
            return index
    package = name if any(f"{name}.*" in layer for layer in LAYERS) else name.rpartition(".")[0]
    while package:
        for index, layer in enumerate(LAYERS):
            if f"{package}.*" in layer:
                return index
        package = package.rpartition(".")[0]
    raise AssertionError(f"gateway.{name} has no layer: add it to LAYERS")


def imports_of(path: Path) -> set[str]:
    """The modules below `gateway` that a file imports."""
    found = set()
    known = {name_of(other) for other in MODULES}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gateway":
            base = node.module.removeprefix("gateway").removeprefix(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}" if base else alias.name
                found.add(inner if inner in known else base or "__init__")
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path):
    """No module imports from a layer above its own."""
    own = layer_of(name_of(path))
    above = {name for name in imports_of(path) if layer_of(name) > own}
    assert not above, f"{name_of(path)} imports {sorted(above)}"


def test_only_the_composition_root_names_a_concrete_journal():
    """What delivers and accepts knows the Journal Protocol alone; the command line opens the file for the operator."""
    allowed = {"app", "cli.journal"}
    users = {name_of(path) for path in MODULES if "journal.sqlite" in imports_of(path)}
    assert users <= allowed


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_and_functions_can_be_seen_whole(path):
    """Files and functions stay within their budgets."""
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < FUNCTION_LINES, f"{node.name} is too long"


def test_the_pure_core_knows_no_clock_socket_or_disk():
    """Translation, verification, decoding, fitting and retry decisions import nothing that has effects."""
    effects = {"time", "asyncio", "socket", "sqlite3", "aiohttp", "random", "os", "subprocess", "threading"}
    pure = [path for path in MODULES if name_of(path).startswith("translate") and name_of(path) != "translate.catalog"]
    pure += [
        PACKAGE / f"ingress/{name}.py" for name in ("verify", "decode", "handshake", "signature", "unwrap", "forms")
    ]
    pure += [PACKAGE / f"mattermost/{name}.py" for name in ("fit", "split", "mentions", "rest_answers", "rest_post")]
    pure += [PACKAGE / "delivery/retry.py", PACKAGE / "delivery/breaker.py", PACKAGE / "interpret.py"]
    for path in pure:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & effects, f"{name_of(path)}: {names}"


def test_every_test_has_a_sentence():
    """Each test says in one sentence which behaviour it holds."""
    bare = [
        f"{path.name}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not bare
