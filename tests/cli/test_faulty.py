"""Documents with one fault each: `check` finds every one, at its line, with a remedy.

The first line of each file in tests/data/faulty says both: `# line 12: did you mean "title"?`. A file alone is a
translator of a service without a fault; a folder is a service, which gets what it lacks.
"""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Desk

FAULTY = Path(__file__).parents[1] / "data" / "faulty"
SERVICE = "name: Faulty\ndocs: https://example.com/webhooks\nsetup: Enter the URL of the route.\n"
EXPECTED = re.compile(r"# line (\d+): (.+)\n")
FILES = {path.relative_to(FAULTY): path.read_text() for path in sorted(FAULTY.rglob("*.yaml"))}
CASES = {path: found for path, text in FILES.items() if (found := EXPECTED.match(text))}


def service_of(path: Path) -> str:
    """The key of the service that a document stands in."""
    return path.parts[0].removesuffix(".yaml")


@pytest.fixture(scope="module")
def findings(tmp_path_factory) -> dict[str, list[dict[str, object]]]:
    """What `check` says of the service of each file, but that it has no samples."""
    desk = Desk(tmp_path_factory.mktemp("faulty"))
    for path in FILES:
        desk.write(f"catalog/{service_of(path)}/service.yaml", SERVICE)
    for path, text in FILES.items():
        desk.write(f"catalog/{path if len(path.parts) > 1 else Path(path.stem) / 'event.yaml'}", text)
    found: dict[str, list[dict[str, object]]] = {service_of(path): [] for path in CASES}
    for row in desk.run("check", "-o", "jsonl").lines:
        if str(row["problem"]).startswith("no sample shows"):
            continue
        found[Path(str(row["file"])).relative_to(desk.folder / "catalog").parts[0]].append(row)
    return found


def test_there_are_enough():
    """Every kind of fault that a person makes has a document."""
    assert len(CASES) >= 30


@pytest.mark.parametrize("path", CASES, ids=str)
def test_the_fault_of_a_document_is_found(findings, path):
    """It alone is told, at its line, and what is valid or may be meant."""
    line, words = CASES[path].groups()
    [found] = findings[service_of(path)]
    assert Path(str(found["file"])).name == ("event.yaml" if len(path.parts) == 1 else path.name)
    assert found["line"] == int(line)
    assert words in f"{found['problem']} ({found['remedy']})"
    assert "{'" not in f"{found['problem']} {found['remedy']}", "no schema is dumped"
