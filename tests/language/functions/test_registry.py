"""How functions enter the table, and what guards every call."""

import pytest

from gateway.language.functions import function


def test_a_name_is_taken_once() -> None:
    """Registering a second function under a name is an error in the code, told at import."""
    with pytest.raises(ValueError, match="two template functions are called 'cut'"):
        function(name="cut", doc="", examples=())(lambda value: value)
