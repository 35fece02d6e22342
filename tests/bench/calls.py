"""Counts the calls of Python functions, which, unlike times, do not depend on the machine.

A call is a function that is entered, or a generator or coroutine that goes on. What the standard library does by itself
is left out, and so are comprehensions: both differ between releases of Python. Functions of other libraries count, for
it is the gateway that chooses how to use them.
"""

import sys
import sysconfig
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_HERE = str(Path(__file__).parent)
_PATHS = sysconfig.get_paths()
_PLACES = tuple(_PATHS[name] for name in ("purelib", "platlib"))
_OUTSIDE = (_PATHS["stdlib"], _PATHS["platstdlib"], "<frozen ", _HERE)
_INLINED = ("<listcomp>", "<dictcomp>", "<setcomp>")


class Calls:
    """The calls of one thread, by module and function, while it is `on`."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.on = False
        self._names: dict[CodeType, str] = {}

    def listen(self) -> None:
        """Watch the thread that calls this from now on, until its `sys.setprofile(None)`."""
        sys.setprofile(self._on_event)

    def _on_event(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and self.on:
            code = frame.f_code
            name = self._names.get(code)
            if name is None:
                name = self._names[code] = _name(code, frame.f_globals) if _counts(code) else ""
            if name:
                self.made[name] += 1


def _name(code: CodeType, names: dict[str, Any]) -> str:
    return f"{names.get('__name__', code.co_filename)}.{code.co_qualname}"


def _counts(code: CodeType) -> bool:
    """Whether a function counts, by the file where it is written; generated ones have none."""
    if code.co_name in _INLINED:
        return False
    return code.co_filename.startswith(_PLACES) or not code.co_filename.startswith(_OUTSIDE)
