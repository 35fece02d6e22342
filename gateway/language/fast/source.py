"""Functions of a context, written as Python source and compiled: what runs for every line of every message is one call.

A source consists of this package's own words and of generated names. What a document says (keys, texts, functions)
never stands in it but is bound to such a name: a document cannot write code, and templates of one form share theirs.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from gateway.language.functions.registry import MAX_OUTPUT, bounded

Path = tuple[str, ...]
Evaluate = Callable[[Mapping[str, Any]], Any]
"""What finds a value in a context."""
Emit = Callable[["Source"], str]
"""What writes into a source how something is found, and gives the Python expression that then stands for it."""

_FORMS: Final = 1024
_FORM: Final = 10_000
"""How many forms are kept, more than the catalog has, and up to which length: a long one is hardly met again."""


class Source:
    """The source of one function, under construction."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._bound: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._names = 0
        self._indent = "  "
        self._followed: dict[Path, str] = {}

    def bind(self, value: Any) -> str:
        """A name for a value that is known now, the same one for the same object."""
        number = self._numbers.setdefault(id(value), len(self._bound) + 1)
        if number > len(self._bound):
            self._bound.append(value)
        return f"c{number}"

    def let(self, expression: str) -> str:
        """A name for what the expression gives when the function runs."""
        name = self.name()
        self.line(f"{name} = {expression}")
        return name

    def name(self) -> str:
        """A name that stands for nothing yet."""
        self._names += 1
        return f"v{self._names}"

    def line(self, statement: str) -> None:
        """Write a statement."""
        self._lines.append(self._indent + statement)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a block. What is named in it is not known behind it: it may be passed over."""
        self.line(f"{head}:")
        indent, followed = self._indent, self._followed
        self._indent, self._followed = indent + " ", followed.copy()
        yield
        self._indent, self._followed = indent, followed

    def path(self, path: Path) -> str:
        """A name for what a path leads to: None when nothing is there. No way is gone twice."""
        name = "context"
        for end, step in enumerate(path, 1):
            outer, name = name, self._followed.get(path[:end], "")
            if not name:
                name = self._followed[path[:end]] = self.let(_step(outer, self.bind(step)))
        return name

    def function(self, result: str) -> Evaluate:
        """The function, which returns what this expression gives."""
        names = ", ".join(f"c{number}" for number in range(1, len(self._bound) + 1))
        self.line(f"return {result}")
        lines = (f"def make({names}):", " def run(context):", *self._lines, " return run")
        form = "\n".join(lines)
        return (_form if len(form) <= _FORM else _form.__wrapped__)(form)(*self._bound)


def _step(outer: str, key: str) -> str:
    if outer == "context":
        return f"context.get({key})"
    return f"{outer}.get({key}) if type({outer}) is dict else look_up({outer}, {key})"


def _look_up(value: Any, key: str) -> Any:
    """What the key leads to in what is not a dict, as payloads have them."""
    return None if value is None or not isinstance(value, Mapping) else value.get(key)


_SEEN: Final = {"look_up": _look_up, "bounded": bounded, "MAX_OUTPUT": MAX_OUTPUT}


@lru_cache(_FORMS)
def _form(source: str) -> Callable[..., Evaluate]:
    """What makes a function of this source, given the values that are bound in it."""
    names: dict[str, Any] = {}
    exec(compile(source, "<template>", "exec"), _SEEN, names)  # noqa: S102 - generated names only, see above
    make: Callable[..., Evaluate] = names["make"]
    return make
