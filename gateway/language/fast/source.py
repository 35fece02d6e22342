"""Generates Python functions of a context, as source that is compiled: rendering a line of a message is one call.

A source consists of constant code and generated names. The content of a document (keys, texts, functions) is never part
of it but bound to such a name: a document cannot inject code, and templates of one form share their compiled code.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from gateway.language.functions.registry import MAX_OUTPUT, bounded

Path = tuple[str, ...]
Evaluate = Callable[[Mapping[str, Any]], Any]
"""Computes a value from a context."""
Emit = Callable[["Source"], str]
"""Writes the statements that compute a value into a source, and returns the Python expression of the value."""

_FORMS: Final = 2048
_LONGEST_FORM: Final = 10_000
"""How many compiled forms are cached (the catalog has fewer), and their length limit: long ones hardly recur."""


class Source:
    """The source of one function, under construction."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._bound: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._names = 0
        self._indent = "  "
        self._path_names: dict[Path, str] = {}

    def bind(self, value: Any) -> str:
        """A name for a value that is known at compile time, the same name for the same object."""
        number = self._numbers.setdefault(id(value), len(self._bound) + 1)
        if number > len(self._bound):
            self._bound.append(value)
        return f"c{number}"

    def let(self, expression: str) -> str:
        """A name for what the expression gives when the function runs."""
        name = self.name()
        self.line(f"{name} = {expression}")
        return name

    def named(self, expression: str) -> str:
        """A name for the value of an expression, which may be a name already: for whoever uses it more than once."""
        return expression if expression.isidentifier() else self.let(expression)

    def name(self) -> str:
        """A new name, without a value yet."""
        self._names += 1
        return f"v{self._names}"

    def line(self, statement: str) -> None:
        """Write a statement."""
        self._lines.append(self._indent + statement)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a block. Path names that it defines are not reused behind it, because it may not run."""
        self.line(f"{head}:")
        indent, path_names = self._indent, self._path_names
        self._indent, self._path_names = indent + " ", path_names.copy()
        yield
        self._indent, self._path_names = indent, path_names

    def path(self, path: Path) -> str:
        """A name for the value at a path, None when it is missing. Each step is looked up only once."""
        name = "context"
        for end, step in enumerate(path, 1):
            outer, name = name, self._path_names.get(path[:end], "")
            if not name:
                name = self._path_names[path[:end]] = self.let(_step(outer, self.bind(step)))
        return name

    def function(self, result: str) -> Evaluate:
        """The compiled function, which returns the value of the expression `result`."""
        names = ", ".join(f"c{number}" for number in range(1, len(self._bound) + 1))
        self.line(f"return {result}")
        lines = (f"def make({names}):", " def run(context):", *self._lines, " return run")
        form = "\n".join(lines)
        return (_form if len(form) <= _LONGEST_FORM else _form.__wrapped__)(form)(*self._bound)


def _step(outer: str, key: str) -> str:
    if outer == "context":
        return f"context.get({key})"
    return f"{outer}.get({key}) if type({outer}) is dict else look_up({outer}, {key})"


def _look_up(value: Any, key: str) -> Any:
    """The value under a key of a value that is no plain dict; None unless that is a mapping."""
    return None if value is None or not isinstance(value, Mapping) else value.get(key)


_GLOBALS: Final = {"look_up": _look_up, "bounded": bounded, "MAX_OUTPUT": MAX_OUTPUT}


@lru_cache(_FORMS)
def _form(source: str) -> Callable[..., Evaluate]:
    """The compiled source: called with the bound values, it returns the function."""
    names: dict[str, Any] = {}
    exec(compile(source, "<template>", "exec"), _GLOBALS, names)  # noqa: S102 - generated names only, see above
    make: Callable[..., Evaluate] = names["make"]
    return make
