"""The output of commands: tables for people, JSON for programs, one line for each fault, and an exit code.

Control characters in text from outside are escaped: an event must not steer the terminal of its reader. Piped tables
have one row a line. No id is ever cut.
"""

import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, NoReturn, TypeVar

import msgspec
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.progress import track

from gateway.errors import Fault, FaultyFilesError

T = TypeVar("T")

BROKEN_PIPE: Final = 141
"""The exit code when the reader of the output went away: what a shell gives for SIGPIPE."""

_colored = JSONHighlighter()

_PROSE: Final = 24
"""Minimum width, in characters, at which the last column of a table is folded."""

_VISIBLE: Final = {
    code: f"\\u{code:04x}"
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\n\t"
}
"""Control characters and changes of direction, escaped as in JSON: JSON stays the same value."""


class Format(StrEnum):
    """How a list is printed: a table, one JSON value, or one JSON value a line."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


class Column(NamedTuple, Generic[T]):
    """A column of a table: its title and the text of each row."""

    title: str
    text: Callable[[T], str]


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """End silently when the reader, such as `head`, closed the pipe; what is left is flushed into /dev/null."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(BROKEN_PIPE)


out = _Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = _Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def visible(text: str) -> str:
    """The text with its control characters, but for line breaks and tabs, escaped."""
    return text.translate(_VISIBLE)


def say(text: str, end: str = "\n") -> None:
    """Print a text that may hold anything, on standard output."""
    out.print(visible(text), end=end)


def warn(text: str) -> None:
    """Print a text that may hold anything, on standard error."""
    err.print(visible(text))


def fail(error: Exception | str, code: int = 1) -> NoReturn:
    """Say what is wrong, on standard error, and end with `code`: 1 when something failed, 2 for wrong usage."""
    for line in map(fault_line, error.faults) if isinstance(error, FaultyFilesError) else (str(error),):
        warn(line)
    raise typer.Exit(code)


def plural(count: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun: "1 route", "1,200 routes", "2 replies"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def clock(seconds: float) -> str:
    """Write a time, in UTC: "2026-01-31 08:00:00"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def fault_line(fault: Fault) -> str:
    """Write a fault in one line, however many its problem has; one of no file begins with where it is."""
    return " ".join(str(fault).split()).removeprefix(": ")


def unusable(path: Path, error: OSError | UnicodeDecodeError) -> str:
    """Say in a sentence why a file cannot be read or written, and what to do."""
    if isinstance(error, UnicodeDecodeError):
        return f"{path}: it is not UTF-8 text; convert it, or name another file"
    sentences: Mapping[type[OSError], str] = {
        FileNotFoundError: "there is no such file; check the name and the folder that you are in",
        PermissionError: "this user may not use it; check the owner and mode of the file and its folders",
        IsADirectoryError: "it is a folder; name a file in it",
        NotADirectoryError: "a part of the path is a file, not a folder; check the path",
        FileExistsError: "there is something else of this name; remove it or choose another name",
    }
    return f"{path}: {sentences.get(type(error), (error.strerror or type(error).__name__).lower())}"


def print_json(value: Any) -> None:
    """Print a value as indented JSON, coloured on a terminal."""
    text = visible(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
    out.print(_colored(text))


def print_line(value: Any) -> None:
    """Print a value as JSON in one line."""
    out.print(visible(msgspec.json.encode(value).decode()))


def print_value(value: Any, form: Format) -> None:
    """Print one value as JSON, in one line or indented."""
    (print_json if form is Format.JSON else print_line)(value)


def print_values(rows: Sequence[Any], form: Format) -> None:
    """Print a list as one JSON value, or as one a line."""
    if form is Format.JSON:
        print_json(rows)
    else:
        for row in rows:
            print_line(row)


def print_rows(rows: Sequence[T], columns: Sequence[Column[T]], form: Format, empty: str) -> None:
    """Print a list in the form that was asked for; a table without rows is the sentence `empty`."""
    if form is not Format.TABLE:
        print_values(rows, form)
    elif not rows:
        say(empty)
    else:
        _print_table([[column.title for column in columns], *_cells(rows, columns)])


def lines(rows: Iterable[T], columns: Sequence[Column[T]], widths: Sequence[int]) -> Iterator[str]:
    """Give rows as lines of a table that has begun; columns are at least so wide."""
    return (_line(row, widths) for row in _cells(rows, columns))


def _cells(rows: Iterable[T], columns: Sequence[Column[T]]) -> list[list[str]]:
    return [[visible(" ".join(column.text(row).split())) for column in columns] for row in rows]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _print_table(cells: Sequence[Sequence[str]]) -> None:
    """Print a table whose first row holds the titles.

    A terminal folds the last column, which holds prose, where it has the room; nothing else is ever cut or folded.
    """
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    room = out.width - sum(widths[:-1]) - 2 * (len(widths) - 1)
    folds = out.is_terminal and room >= min(_PROSE, widths[-1])
    for number, row in enumerate(cells):
        last = textwrap.wrap(row[-1], room, break_long_words=False, break_on_hyphens=False) if folds else [row[-1]]
        out.print(_line([*row[:-1], (last or [""])[0]], widths), style="bold" if number == 0 else None)
        for more in last[1:]:
            out.print(" " * (out.width - room) + more)


def confirm(what: str, *, yes: bool) -> None:
    """Ask for confirmation of `what` ("12 events will be sent again"); `yes` skips the question.

    Ends the command with 1 when the answer is no, with 2 where there is no terminal to ask at.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"{what} if you add --yes: there is no terminal to ask at (--dry-run shows what would be done)", 2)
    if not typer.confirm(f"{what}. Go on?", err=True):
        fail("nothing was done")


def progress(items: Sequence[T], what: str) -> Iterable[T]:
    """Go through the items with a line on the terminal that says how far it is; none where there is no terminal."""
    return track(items, what, console=err, transient=True, disable=not err.is_terminal)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show a status line on the terminal while the block runs."""
    if not err.is_terminal:
        yield
        return
    with err.status(what):
        yield
