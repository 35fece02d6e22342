"""The house keeps its order: imports go one way, and files and functions stay short enough to see whole."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gateway"
MODULES = sorted(PACKAGE.rglob("*.py"))
PACKAGES = sorted({path.parent.relative_to(PACKAGE) for path in MODULES})
TESTS = ROOT / "tests"

LAYERS = (
    "errors model journalurl jsonpath secret units __init__",
    "settings",
    "observe",
    "decode",
    "verify",
    "outbound",
    "mattermost",
    "language",
    "catalog",
    "journal",
    "delivery pipeline",
    "callbacks",
    "acts",
    "sources ingress",
    "console",
    "app",
    "standin",
    "demo",
    "cli",
    "__main__",
)
"""The packages and modules directly in `gateway`, lowest layer first: imports go to those before and within.

Two in one line do not import each other, but for the values of the first line.
"""

TOP_LEVEL = 10
"""How many modules may stand directly in `gateway`."""

UNTESTED_BY_NAME = ("console.port", "model")
"""The modules without a test file of their own name. No name is ever added, and one that gets its file goes.

`model` is only values, which every test uses.
"""

TESTS_OF_MANY = (
    "app/test_fetched_keys.py",
    "catalog/test_alert_groups.py",
    "catalog/test_bad_input.py",
    "catalog/test_cards.py",
    "catalog/test_cards_alerts.py",
    "catalog/test_choice.py",
    "catalog/test_forges.py",
    "catalog/test_one_look.py",
    "catalog/test_samples.py",
    "catalog/test_sentences.py",
    "catalog/test_shown_keys.py",
    "cli/test_causes.py",
    "cli/test_faulty.py",
    "delivery/test_changes.py",
    "delivery/test_journal.py",
    "journal/sqlite/test_crash.py",
    "mattermost/test_rest_flow.py",
    "mattermost/test_rest_trouble.py",
    "outbound/test_odd_connections.py",
    "outbound/test_odd_ways.py",
    "outbound/test_oddities.py",
    "outbound/test_proxies.py",
    "test_architecture.py",
    "test_authors.py",
    "test_github.py",
    "test_jira.py",
    "test_package.py",
    "test_readme.py",
    "test_tutorial.py",
    "verify/test_vectors.py",
)
"""The test files beside those of the modules, each about one behaviour that many modules make together."""

FUNCTION_LINES = 60
FILE_LINES = 400


def name_of(path: Path) -> str:
    """The dotted name below `gateway`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def has_code(path: Path) -> bool:
    """Whether a file defines a function or a class: most `__init__.py` only re-export or say what a package is."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.parse(path.read_text()).body
    )


def mirror_of(path: Path) -> str:
    """The test file below `tests` of a module's own name; that of `__init__.py` has the name of the package."""
    package = path.relative_to(PACKAGE).parent
    stem = path.parent.name if path.stem == "__init__" else path.stem.strip("_")
    return (package / f"test_{stem}.py").as_posix()


def layer_of(name: str) -> int:
    """The layer of a module: that of its package."""
    package = name.partition(".")[0]
    for index, layer in enumerate(LAYERS):
        if package in layer.split():
            return index
    raise AssertionError(f"gateway.{name} has no layer: add its package to LAYERS")


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
    """No module imports from a layer above its own, nor from another package beside it."""
    name = name_of(path)
    package, own = name.partition(".")[0], layer_of(name)
    wrong = {
        other
        for other in imports_of(path)
        if layer_of(other) > own or (0 < layer_of(other) == own and other.partition(".")[0] != package)
    }
    assert not wrong, f"{name} imports {sorted(wrong)}"


CONSOLE = ("port", "web", "facts", "pages", "application")
"""The rooms of the console, lowest first: what it knows of the gateway, framework, topics, their pages, the whole."""


def console_room(name: str) -> int:
    """The room of a module of the console; what is no other is the facts of a topic."""
    room = name.split(".")[1]
    return CONSOLE.index(room if room in CONSOLE else "facts")


@pytest.mark.parametrize("name", [name for path in MODULES if (name := name_of(path)).startswith("console.")])
def test_topics_of_the_console_import_its_framework_and_never_the_reverse(name):
    """A page imports the facts that it shows, both import the framework; only the application knows all topics."""
    path = next(path for path in MODULES if name_of(path) == name)
    wrong = {
        other for other in imports_of(path) if other.startswith("console.") and console_room(other) > console_room(name)
    }
    assert not wrong, f"{name} imports {sorted(wrong)}"


def test_few_modules_stand_outside_a_room():
    """What stands directly in `gateway` is what every package may use."""
    assert len(list(PACKAGE.glob("*.py"))) <= TOP_LEVEL


def test_only_the_door_of_the_journal_names_a_concrete_one():
    """What delivers, accepts and looks knows the Protocols alone; `journal.open` picks what implements them."""
    users = {
        name_of(path)
        for path in MODULES
        if not name_of(path).startswith("journal.")
        and any(name.startswith("journal.sqlite") for name in imports_of(path))
    }
    assert users == {"journal"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_and_functions_can_be_seen_whole(path):
    """Files and functions stay within their budgets."""
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < FUNCTION_LINES, f"{node.name} is too long"


PURE = ("decode", "verify", "language", "catalog", "pipeline", "callbacks")
"""Packages of which each module is pure, but for those that read files."""

READING = ("callbacks.samplefile", "catalog.files", "pipeline.samplefile")

PURE_AMONG_OTHERS = (
    "delivery.breaker",
    "delivery.lanes",
    "delivery.retry",
    "mattermost.answers",
    "mattermost.emoji",
    "mattermost.fit",
    "mattermost.internal",
    "mattermost.mentions",
    "mattermost.rest_answers",
    "mattermost.rest_post",
    "mattermost.split",
    "sources.hearing",
    "sources.posts",
)
"""Pure modules of packages that are not: decisions about messages and attempts."""

EFFECTS = {
    "aiohttp", "asyncio", "os", "pathlib", "random", "socket", "sqlite3", "subprocess", "threading", "time",
}  # fmt: skip


def test_the_pure_core_knows_no_clock_socket_or_disk():
    """Translation, verification, decoding, fitting and retry decisions import nothing that has effects."""
    for path in MODULES:
        name = name_of(path)
        if name in READING or (name.partition(".")[0] not in PURE and name not in PURE_AMONG_OTHERS):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {one.split(".")[0] for one in names} & EFFECTS, f"{name}: {names}"


def test_the_core_counts_nothing():
    """What a request goes through knows no metrics: ingress counts around it."""
    core = {"decode", "verify", "outbound", "mattermost", "language", "catalog", "pipeline", "callbacks"}
    watching = {
        name_of(path): found
        for path in MODULES
        if name_of(path).split(".")[0] in core
        and (found := {name for name in imports_of(path) if name.startswith("observe")})
    }
    assert not watching


def test_every_module_has_a_test_file_of_its_own_name():
    """The tests of a module are where one looks for them; the list of those without is exact, so it only shrinks."""
    untested = [
        name_of(path)
        for path in MODULES
        if (path.stem != "__init__" or has_code(path)) and not (TESTS / mirror_of(path)).exists()
    ]
    assert sorted(untested) == list(UNTESTED_BY_NAME)


def test_every_test_file_of_a_package_names_a_module():
    """A test file in the mirror of a package goes with its module when that is renamed; the list of others is exact."""
    of_modules = {mirror_of(path) for path in MODULES}
    beside = {
        path.relative_to(TESTS).as_posix() for package in PACKAGES for path in (TESTS / package).glob("test_*.py")
    } - of_modules
    assert sorted(beside) == list(TESTS_OF_MANY)


def test_every_test_has_a_sentence():
    """Each test says in one sentence which behaviour it holds."""
    bare = [
        f"{path.name}::{node.name}"
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not bare
