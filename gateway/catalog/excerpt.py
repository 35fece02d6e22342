"""The beginning of a large value, for whoever explains what is wrong with it: that shows a few places only."""

from collections import deque
from itertools import islice
from typing import Any, Final

from gateway.model import JSON

_NODES: Final = 500
_LENGTH: Final = 200
"""Values that an excerpt holds, and characters of its texts and keys."""

Where = tuple[str | int, ...]


class Excerpt:
    """The first values of a value, those near the top before deeper ones.

    `cut` are the paths of arrays, objects and texts of which there was more.
    """

    def __init__(self, value: JSON) -> None:
        self.cut: list[Where] = []
        self._left = _NODES
        self._open: deque[tuple[JSON, Where, Any]] = deque()
        self.value: JSON = self._begin(value, ())
        while self._open:
            self._fill(*self._open.popleft())

    def has_cut_below(self, path: Where) -> bool:
        """Whether something is missing inside of the value at the path, or in itself."""
        return any(where[: len(path)] == path for where in self.cut)

    def _begin(self, value: JSON, path: Where) -> JSON:
        """A scalar, or an array or object that is filled later."""
        self._left -= 1
        if isinstance(value, str) and len(value) > _LENGTH:
            self.cut.append(path)
            return value[:_LENGTH]
        if not isinstance(value, list | dict):
            return value
        empty: JSON = [] if isinstance(value, list) else {}
        self._open.append((value, path, empty))
        return empty

    def _fill(self, value: JSON, path: Where, target: Any) -> None:
        room = max(self._left, 0)
        if isinstance(value, list):
            target.extend(self._begin(item, (*path, index)) for index, item in enumerate(value[:room]))
        else:
            short = [(key, item) for key, item in islice(value.items(), room) if len(key) <= _LENGTH]
            target.update((key, self._begin(item, (*path, key))) for key, item in short)
        if len(target) < len(value):
            self.cut.append(path)
