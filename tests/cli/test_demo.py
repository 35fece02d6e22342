"""`mattergate demo`: its options; what it shows is tested by tests/flow."""

import pytest


@pytest.mark.parametrize("options", [["--events", "0"], ["--events", "many"], ["--stay=no"]])
def test_wrong_options(desk, options):
    """The exit code is 2, and nothing starts."""
    said = desk.plain("demo", *options)
    assert (said.code, said.out) == (2, "")
