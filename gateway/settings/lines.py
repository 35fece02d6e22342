"""The line of every key of a TOML text, and a report of faults with their lines.

tomllib returns values without their lines. `locate` scans a text that tomllib has accepted, and returns the line of
every table header and key; values inside arrays and inline tables have the line of the key that they belong to.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from gateway.errors import Fault
from gateway.secret import redact

Place = tuple[str | int, ...]
"""The keys and array indexes that lead to a value: `("routes", "github", "only", 0)`."""

ENVIRONMENT: Final = "environment"
"""Replaces the file name in the fault of an environment variable."""

_STRING = r"""\"{3}(?:\\.|(?!\"{3}).)*\"{3,5}|'{3}(?:(?!'{3}).)*'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'"""
_TOKEN = re.compile(
    rf"(?P<string>{_STRING})|#[^\n]*|(?P<open>[\[{{])|(?P<close>[\]}}])|(?P<end>\n)|[^\"'#\[\]{{}}\n]+", re.S
)
_KEY = re.compile(r"""[ \t]*("(?:\\.|[^"\\])*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_BLANK = re.compile(r"(?:\s+|#[^\n]*)*")


def locate(text: str) -> dict[Place, int]:
    """Find the line, from 1, of every table header and key of a valid TOML text."""
    places: dict[Place, int] = {}
    counts: Counter[Place] = Counter()
    table: Place = ()
    for line, brackets, key in _statements(text.replace("\r\n", "\n")):
        if brackets:
            table = _insert_indexes(key[:-1], counts) + key[-1:]
            if brackets == 2:
                counts[table] += 1
                table = (*table, counts[table] - 1)
            places.setdefault(table, line)
        for length in range(1, len(key) + 1):
            prefix = _insert_indexes(key[:length], counts) if brackets else table + key[:length]
            places.setdefault(prefix, line)
    return places


class Report:
    """Collects faults of one TOML file and of the environment variables that override it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self._places = locate(text)

    def add(self, place: Place, problem: str, remedy: str = "") -> None:
        """Add a fault of the file at a place, with the line of the nearest key around it that the file has."""
        self.faults.append(self.fault(place, problem, remedy))

    def add_variable(self, name: str, problem: str, remedy: str = "") -> None:
        """Add a fault of an environment variable."""
        self.faults.append(Fault(ENVIRONMENT, 0, name, redact(problem), redact(remedy)))

    def fault(self, place: Place, problem: str, remedy: str = "") -> Fault:
        """Make a fault without adding it; a hook URL in the wrong place is masked."""
        line = next((self._places[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self._places), 0)
        return Fault(self.file, line, redact(shown(place)), redact(problem), redact(remedy))

    def in_order(self) -> list[Fault]:
        """List the faults of the file by line, then those of the environment."""
        return sorted(self.faults, key=lambda fault: (fault.file == ENVIRONMENT, fault.line))


def meant(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """Suggest the known word that was likely meant, or list all of them."""
    return close(word, known) or f"known here: {', '.join(known) or 'nothing'}"


def close(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """Suggest the known word that was likely meant; "" where none is like it."""
    found = closest(word, known)
    return f'did you mean "{found}"?' if found else ""


def closest(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """The known word that is most like a word; "" where none is like it."""
    return next(iter(get_close_matches(word, list(known), 1)), "")


def shown(place: Place) -> str:
    """Write a place as TOML does, with indexes in brackets: `routes."a b".only[0]`."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += "." * bool(text) + (step if re.fullmatch(r"[A-Za-z0-9_-]+", step) else f'"{step}"')
    return text


def syntax_fault(file: str, text: str, error: ValueError | RecursionError) -> Fault:
    """Convert an error of tomllib to a fault with its line."""
    message = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = (int(at[1]) if at[1] else text.count("\n") + 1) if at else 0
    problem = message[: at.start()] if at else message
    return Fault(file, line, "", f"not TOML: {redact(problem)}", "see https://toml.io")


def _statements(text: str) -> Iterator[tuple[int, int, Place]]:
    """Yield line, brackets and key of each statement: 0 brackets for `key =`, 1 for `[table]`, 2 for `[[table]]`."""
    at, line, counted = 0, 1, 0
    while (at := _end(_BLANK, text, at)) < len(text):
        line += text.count("\n", counted, at)
        counted = at
        brackets = 2 if text.startswith("[[", at) else int(text.startswith("[", at))
        key, at = _read_key(text, at + brackets)
        yield line, brackets, key
        at = _statement_end(text, at + max(brackets, 1), 0)


def _read_key(text: str, at: int) -> tuple[Place, int]:
    steps: list[str] = []
    more = True
    while more and (match := _KEY.match(text, at)):
        written = match[1]
        # tomllib itself reads quoted parts, so that escapes mean the same as elsewhere in the file.
        steps.append(tomllib.loads(f"k={written}")["k"] if written[0] in "\"'" else written)
        more = bool(match[2])
        at = match.end()
    return tuple(steps), at


def _statement_end(text: str, at: int, depth: int) -> int:
    while match := _TOKEN.match(text, at):
        at = match.end()
        depth += bool(match["open"]) - bool(match["close"])
        if match["end"] and depth == 0:
            break
    return at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _insert_indexes(key: Place, counts: Mapping[Place, int]) -> Place:
    """Insert the current index after every prefix of a header that names an array of tables."""
    place: Place = ()
    for step in key:
        place = (*place, step)
        if counts.get(place, 0):
            place = (*place, counts[place] - 1)
    return place
