"""The settings of the stand-in: how they change, and what clients see of them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin.refusal import RefusedError
from gateway.standin.serversettings import Settings

NAMES = [name for section in msgspec.to_builtins(Settings()).values() for name in section]
SECTIONS = st.sampled_from([*msgspec.to_builtins(Settings()), "Other"])
VALUES = st.booleans() | st.integers(-5, 10**6) | st.text(max_size=5) | st.none() | st.lists(st.booleans(), max_size=2)


def test_a_patch_changes_what_it_names():
    """The rest stays, and so do the settings that it was made of."""
    before = Settings()
    after = before.patched({"ServiceSettings": {"MaximumLoginAttempts": 3}, "FileSettings": {}})
    assert (after.service.maximum_login_attempts, before.service.maximum_login_attempts) == (3, 10)
    after.service.maximum_login_attempts = 10
    assert after == before


@given(st.dictionaries(SECTIONS, st.dictionaries(st.sampled_from([*NAMES, "Other"]), VALUES, max_size=4) | VALUES))
def test_any_patch_is_taken_or_refused(patch):
    """What is taken can be written and read again; a limit that would divide by nothing is never taken."""
    try:
        found = Settings().patched(patch)
    except RefusedError:
        return
    assert msgspec.convert(msgspec.to_builtins(found), Settings) == found
    assert found.rate.per_sec >= 1


@pytest.mark.parametrize("known", [True, False])
def test_strangers_are_told_little(known):
    """Names and values are those that clients read: texts, all of them."""
    told = (
        Settings()
        .patched({"ServiceSettings": {"PostPriority": False}, "FileSettings": {"MaxFileSize": 7}})
        .client(known=known)
    )
    assert all(isinstance(value, str) for value in told.values())
    assert told["EnableBotAccountCreation"] == "true"
    assert (told.get("PostPriority"), told.get("MaxFileSize"), told.get("MaxPostSize")) == (
        ("false", "7", "16383") if known else (None, None, None)
    )
