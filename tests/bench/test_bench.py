"""The bench stays runnable, and its load is what it claims to be. How fast anything is, no test asserts."""

import hashlib
import hmac
import itertools
import json
import re
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import PATIENCE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PARTS = ("cost", "accept", "latency", "acts", "chain", "sizes", "steps", "console")


def test_requests_are_distinct_and_signed(bench):
    """Every request has its own body, delivery id and a signature that is right for its body."""
    push = bench("push")
    seen = set()
    for request in itertools.islice(push.Pushes(["one", "two"]).requests(), 500):
        head, _, body = request.partition(b"\r\n\r\n")
        headers = dict(line.split(b": ") for line in head.splitlines()[1:])
        signature = "sha256=" + hmac.digest(push.SECRET.encode(), body, hashlib.sha256).hex()
        assert headers[b"X-Hub-Signature-256"].decode() == signature
        assert len(body) == push.SIZE == int(headers[b"Content-Length"])
        seen.add((body, headers[b"X-GitHub-Delivery"]))
    assert len({body for body, _ in seen}) == len({delivery for _, delivery in seen}) == 500


def test_payload_is_a_push(bench):
    """The body is JSON, and the same repository always posts to the same route."""
    push = bench("push")
    routes: dict[str, set[bytes]] = {}
    for request in itertools.islice(push.Pushes(["one", "two", "three"]).requests(), 1000):
        head, _, body = request.partition(b"\r\n\r\n")
        routes.setdefault(json.loads(body)["repository"]["full_name"], set()).add(head.split()[1])
    assert len(routes) == push.REPOSITORIES
    assert {len(paths) for paths in routes.values()} == {1}


def test_payload_is_realistic_text(bench):
    """No filler makes the load easier to pack than what a forge sends, and every run has the same."""
    push = bench("push")
    whole = push.body("service-007", "0" * 40)
    assert len(whole) / 5 < len(zlib.compress(whole)) < len(whole) / 3
    assert whole == push.body("service-007", "0" * 40) != push.body("service-008", "0" * 40)
    messages = [one["message"] for one in json.loads(whole)["commits"]]
    assert len(set(messages)) == len(messages) == 3


def test_table_shows_what_is_missed(bench):
    """A figure that misses its target says so, one without a target says nothing."""
    report = bench("report")
    table = report.markdown(
        [
            report.below("p99", 12.5, 10, "ms"),
            report.at_most("calls", 12, 12, "calls"),
            report.at_least("rate", 0.4, 0.3),
            report.told("p50", 1.0, "ms"),
        ]
    )
    assert "| p99 | 12.5 ms | < 10 | **missed** |" in table
    assert "| calls | 12 calls | ≤ 12 | met |" in table
    assert "| rate | 0.400 ratio | ≥ 0.3 | met |" in table
    assert "| p50 | 1.00 ms |  |  |  |" in table


def test_made_journal_is_one_of_the_gateway(bench, tmp_path: Path):
    """The journal of the bench holds what it claims in the gateway's own schema, and is used again as it is."""
    million = bench("million")
    path = million.made(tmp_path, 1_000, ["one", "two"], 2)
    with closing(sqlite3.connect(path)) as connection:
        outcomes = dict(connection.execute("SELECT outcome, count(*) FROM event GROUP BY outcome"))
        states = dict(connection.execute("SELECT state, count(*) FROM delivery GROUP BY state"))
        assert outcomes == {"message": 899, "ignored": 100, "broken": 1}
        assert states == {"delivered": 850, "dead": 50}
        assert connection.execute("PRAGMA user_version").fetchone() != (0,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT id FROM event WHERE number = 7").fetchone() == (million.event_id(7),)
    before = path.stat().st_mtime_ns
    assert million.made(tmp_path, 1_000, ["one", "two"], 2) == path
    assert path.stat().st_mtime_ns == before


@pytest.mark.slow
def test_quick_run_has_every_figure(tmp_path: Path):
    """One command measures what it is asked for, and writes the same figures as a table and as JSON."""
    out = tmp_path / "figures.json"
    command = [sys.executable, str(HERE / "run.py"), "--quick", *PARTS, "--json", str(out), "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10 * PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_bytes())["figures"]
    assert {row["name"].split(":")[0].split(" /")[0] for row in figures if "target" in row} == {
        "processor for 1,000 events, one destination", "the same", "end to end", "load generator", "accepting",
        "accept latency p99", "serial chain", "on disk for an event of 8 kB", "resident memory", "step", "console",
        "end to end with 10 open consoles", "act without the outside service, p99",
        "act without the outside service, processor",
    }  # fmt: skip
    for row in figures:
        assert row["value"] > 0
        assert f"| {row['name']} |" in done.stdout
    split = next(row["detail"] for row in figures if row["name"].startswith("processor for 1,000 events"))
    assert re.match(r"gateway \d+\.\d+, writing process \d+\.\d+", split)


@pytest.mark.slow
def test_two_checkouts_take_turns(tmp_path: Path):
    """A change is measured beside what was there before, in one run; whatever is no checkout is refused."""
    parts = ("before", "samples")
    command = [sys.executable, str(HERE / "run.py"), "--quick", *parts, "--folder", str(tmp_path), "--against"]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, timeout=10 * PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert "| processor for 1,000 events / before | " in done.stdout
    assert "| the push / before | " in done.stdout
    assert "| alertmanager/alerts.group / before | " in done.stdout
    assert str(ROOT) in done.stdout
    wrong = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert wrong.returncode == 2
    assert "is no checkout of this project" in wrong.stderr


def test_help_teaches():
    """The help says what is compared, and how to read the figures."""
    done = subprocess.run(
        [sys.executable, str(HERE / "run.py"), "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    for word in ("--quick", "--json", "--against", "core", "8 kB", "median", "nothing else should run", "chain "):
        assert word in done.stdout
