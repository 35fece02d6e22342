"""No step of an event makes more Python calls than before: a ratchet that does not depend on the machine."""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
import uvloop

HERE = Path(__file__).parent
KEPT: Mapping[str, int] = json.loads((HERE / "calls.json").read_bytes())
TOLD = 12
"""The functions that a failure names."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Counter[str]]:
    """The calls of each step, by function."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        import steps

        return uvloop.run(steps.calls(tmp_path_factory.mktemp("steps")))


@pytest.mark.parametrize("step", KEPT)
def test_a_step_makes_no_more_calls_than_it_did(step: str, made: Mapping[str, Counter[str]]):
    """Whoever makes an event dearer learns it here, and decides whether what is gained is worth it."""
    number, most = made[step].total(), KEPT[step]
    often = ", ".join(f"{name} {count}" for name, count in made[step].most_common(TOLD))
    assert number <= most, (
        f"the step {step!r} makes {number} Python calls for one event, {number - most} more than calls.json allows, "
        f"most of them of {often}. Make fewer; where they are worth it, or a new release of a library makes them, "
        f"`.venv/bin/python tests/bench/run.py steps --keep` allows those of now"
    )


def test_every_step_has_a_number(made: Mapping[str, Counter[str]]):
    """The table has the steps that there are, so that none escapes."""
    assert made.keys() == KEPT.keys()
    assert all(calls.total() > 0 for calls in made.values())


def test_calls_are_counted_by_function(bench):
    """Functions count, and generators each time they go on; comprehensions and the standard library do not."""
    names: dict[str, object] = {"__name__": "own", "json": json}
    text = """
def leaf(value):
    return value

def work():
    [leaf(value) for value in range(3)]
    json.dumps({"a": 1})
    return sum(leaf(value) for value in range(2))
"""
    exec(compile(text, "<own>", "exec"), names)
    counted = bench("calls").Calls()
    before = sys.getprofile()
    counted.listen()
    try:
        names["work"]()
        counted.on = True
        names["work"]()
        counted.on = False
        names["work"]()
    finally:
        sys.setprofile(before)
    assert counted.made == {"own.work": 1, "own.leaf": 5, "own.work.<locals>.<genexpr>": 3}
