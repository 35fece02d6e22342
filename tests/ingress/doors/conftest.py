"""A whole gateway with callbacks, for the doors by which Mattermost calls."""

from tests.acts.conftest import world

__all__ = ["world"]
