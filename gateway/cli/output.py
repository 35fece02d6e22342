"""How commands speak: tables for people, JSON for programs, one line for what is wrong, and an exit code.

Text that came from outside is shown with its control characters spelt out: an event must not steer the terminal of
whoever reads it. What is piped has one row a line, and nothing in it is cut or wrapped.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, NoReturn, TypeVar

import msgspec
import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.json import JSON
from rich.progress import track
from rich.table import Table

from gateway.errors import Fault

T = TypeVar("T")

BROKEN_PIPE: Final = 141
"""The exit code when the reader of the output went away: what a shell gives for SIGPIPE."""

_VISIBLE: Final = {
    code: f"\\u{code:04x}"
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\n\t"
}
"""Control characters and changes of direction, written as JSON does: it stays the same JSON."""


class Format(StrEnum):
    """How a list is printed: a table, one JSON value, or one JSON value a line."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


class Column(NamedTuple, Generic[T]):
    """A column of a table: its title and the text of each row. `whole`: an id, which no terminal is too narrow for."""

    title: str
    text: Callable[[T], str]
    whole: bool = False


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """End without a word, and let the interpreter flush into nothing: the reader, such as `head`, has enough."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(BROKEN_PIPE)


out = _Console(highlight=False, soft_wrap=True, markup=False)
err = _Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def visible(text: str) -> str:
    """The text with its control characters, but for line breaks and tabs, spelt out."""
    return text.translate(_VISIBLE)


def say(text: str, end: str = "\n") -> None:
    """Print a text that may hold anything, on standard output."""
    out.print(visible(text), end=end)


def warn(text: str) -> None:
    """Print a text that may hold anything, on standard error."""
    err.print(visible(text))


def fail(error: Exception | str, code: int = 1) -> NoReturn:
    """Say what is wrong, on standard error, and end with `code`: 1 when something failed, 2 for wrong usage."""
    warn(str(error))
    raise typer.Exit(code)


def plural(count: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun: "1 route", "1,200 routes", "2 replies"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def clock(seconds: float) -> str:
    """Write a time, in UTC: "2026-01-31 08:00:00"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def fault_line(fault: Fault) -> str:
    """Write a fault in one line, however many its problem has."""
    return " ".join(str(fault).split())


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
    out.print(JSON(text, indent=2).text if out.is_terminal else text)


def print_line(value: Any) -> None:
    """Print a value as JSON in one line."""
    out.print(visible(msgspec.json.encode(value).decode()))


def print_rows(rows: Sequence[T], columns: Sequence[Column[T]], form: Format, empty: str) -> None:
    """Print a list in the form that was asked for; a table without rows is the sentence `empty`."""
    if form is Format.JSON:
        print_json(rows)
    elif form is Format.JSONL:
        for row in rows:
            print_line(row)
    elif not rows:
        say(empty)
    elif out.is_terminal:
        _print_table(rows, columns)
    else:
        for line in lines(rows, columns):
            say(line)


def lines(rows: Iterable[T], columns: Sequence[Column[T]], least: Sequence[int] = ()) -> Iterator[str]:
    """Give the lines of a table that is read by programs, a title line first; columns are as wide as their widest cell.

    With `least`, columns are at least so wide, and there is no title line: more lines of a table that has begun.
    """
    cells = [] if least else [[column.title for column in columns]]
    cells += [[_one_line(column.text(row)) for column in columns] for row in rows]
    widths = list(least) or [0] * len(columns)
    for row in cells:
        widths = [max(width, cell_len(cell)) for width, cell in zip(widths, row, strict=True)]
    for row in cells:
        yield "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _print_table(rows: Sequence[T], columns: Sequence[Column[T]]) -> None:
    """Print a table for a terminal: what has no room goes on in the next line of its cell."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    cells = [[_one_line(column.text(row)) for column in columns] for row in rows]
    for index, column in enumerate(columns):
        width = max(cell_len(row[index]) for row in cells) if column.whole else None
        table.add_column(column.title, overflow="fold", no_wrap=column.whole, min_width=width)
    for row in cells:
        table.add_row(*row)
    out.print(table, soft_wrap=False, crop=False)


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something large is done; `yes` says that it was answered already.

    Ends the command with 1 when the answer is no, with 2 where there is no terminal to ask at.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"{question} There is no terminal to ask at: add --yes to do it, --dry-run to see what would be done", 2)
    if not typer.confirm(question, err=True):
        fail("nothing was done")


def progress(items: Sequence[T], what: str) -> Iterable[T]:
    """Go through the items with a line on the terminal that says how far it is; none where there is no terminal."""
    return track(items, what, console=err, transient=True, disable=not err.is_terminal)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on the terminal what takes its time, as long as it does."""
    if not err.is_terminal:
        yield
        return
    with err.status(what):
        yield
