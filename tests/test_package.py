"""What is installed is what is in the checkout: the wheel carries the catalog and the command."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_the_whole_catalog(tmp_path):
    """Every document, meta-schema and SQL file of the checkout is in the wheel, where the package looks for it."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    documents = {f"gateway/{path.relative_to(ROOT)}" for path in (ROOT / "schemas").rglob("*") if path.is_file()}
    assert documents <= names
    assert "gateway/journal/sqlite/schema.sql" in names
    assert {"gateway/console/templates/base.html", "gateway/console/static/console.css"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
