"""The use of a fragment, whatever gives the fragments."""

import pytest

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Engine
from gateway.language.uses import Use


class Greeting:
    """A fragment that says what it sees."""

    inputs = ("name", "times", "by")
    demanded = frozenset({"name"})
    titled = False

    def part(self, gives):
        """Itself, for lines only."""
        if gives != "text":
            raise ValueError("it gives lines")
        return self

    def render(self, values):
        """The values."""
        return values


class Greetings:
    """The fragments there are."""

    def find(self, name):
        """The only one."""
        if name != "greeting":
            raise ValueError("there is no such fragment")
        return Greeting()


def use(raw, gives="text"):
    """The use, and the faults in it by their place."""
    noted = []
    compiler = Compiler(Engine(), fragments=Greetings())
    made = Use(raw, gives, compiler, DocumentPlace("a/one", (), noted))
    return made, {"/".join(map(str, steps)): problem for steps, _, problem in noted}


def test_it_sees_the_values_of_its_inputs_and_nothing_else():
    """They keep their types; what is missing is left out."""
    made, faults = use({"use": "greeting", "with": {"name": "{{ a.b }}", "times": "{{ n }}", "by": "{{ nobody }}"}})
    assert not faults
    assert made.render({"a": {"b": ["x"]}, "n": 3, "name": "other"}) == {"name": ["x"], "times": 3}


@pytest.mark.parametrize(
    ("raw", "gives", "place", "told"),
    [
        ({"use": "other"}, "text", "use", "there is no such fragment"),
        ({"use": "greeting", "with": {"name": "x"}}, "fields", "use", "it gives lines"),
        ({"use": "greeting"}, "text", "use", "needs the input 'name'"),
        ({"use": "greeting", "with": {"name": "x", "tims": "1"}}, "text", "with/tims", "did you mean times?"),
        ({"use": "greeting", "with": {"name": "{{ x | nothing }}"}}, "text", "with/name", "no function `nothing`"),
    ],
)
def test_a_fault_is_told_at_its_place(raw, gives, place, told):
    """With what is valid there."""
    faults = use(raw, gives)[1]
    assert list(faults) == [place]
    assert told in faults[place]
