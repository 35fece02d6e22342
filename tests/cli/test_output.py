"""Tables that can be read by people and programs, and sentences instead of numbers of errors."""

import errno
import os
import pty
import select
import subprocess
from pathlib import Path

import pytest

from gateway.cli.output import fault_line, plural, unusable, visible
from gateway.errors import Fault

ID = "0199a0000000123456789abcdef"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ((0, "route"), "0 routes"),
        ((1, "route"), "1 route"),
        ((2, "route"), "2 routes"),
        ((1, "delivery", "deliveries"), "1 delivery"),
        ((1200, "delivery", "deliveries"), "1,200 deliveries"),
    ],
)
def test_a_number_agrees_with_its_noun(given, text):
    """One is singular, all others are plural."""
    assert plural(*given) == text


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "there is no such file"),
        (PermissionError(errno.EACCES, "Permission denied"), "owner and mode"),
        (IsADirectoryError(errno.EISDIR, "Is a directory"), "it is a folder"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory"), "not a folder"),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on device"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(error, part):
    """It names the file and what is wrong, and no number of an error."""
    text = unusable(Path("a/file.json"), error)
    assert text.startswith("a/file.json: ")
    assert part in text
    assert "Errno" not in text


def test_control_characters_are_spelt_out():
    """A payload cannot steer the terminal of whoever reads it; line breaks and tabs stay."""
    assert visible("a\x1b[31mb\x9bc\u202ed\te\nf") == "a\\u001b[31mb\\u009bc\\u202ed\te\nf"


def test_a_fault_is_one_line():
    """A problem of several lines does not tear a list of faults apart, and no line begins with a colon."""
    fault = Fault("a.yaml", 3, "let.x", "expected\n  an object", "write one")
    assert fault_line(fault) == "a.yaml:3: let.x: expected an object (write one)"
    assert fault_line(Fault("", 0, "server", "cannot listen")) == "server: cannot listen"


def on_terminal(desk, columns: int, *arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """Run a command on a terminal of so many columns, and answer its question; its exit code and output."""
    mine, its = pty.openpty()
    process = subprocess.Popen(
        desk.command(*arguments),
        stdin=its,
        stdout=its,
        stderr=its,
        env=desk.environ(COLUMNS=str(columns), NO_COLOR="1"),
    )
    os.close(its)
    said = b""
    while select.select([mine], [], [], 60)[0]:
        try:
            chunk = os.read(mine, 65536)
        except OSError:  # the other end is closed
            break
        said += chunk
        if answer and b"Go on?" in said:
            os.write(mine, answer)
            answer = b""
    os.close(mine)
    return process.wait(60), said.decode().replace("\r\n", "\n")


def test_no_id_is_cut_on_a_narrow_terminal(desk):
    """With 60 columns the ids are whole, and no colour is used when the environment asks for none."""
    desk.store(ID, text="s" * 100)
    code, said = on_terminal(desk, 60, "events", "list")
    assert code == 0
    assert ID in said
    assert "s" * 100 in said.replace("\n", "")
    assert "\x1b[3" not in said


def test_prose_is_folded_below_its_column_on_a_terminal(desk):
    """The reason of a dead delivery goes on below itself where a terminal has the room."""
    desk.store(ID, {"ops": "dead"})
    code, said = on_terminal(desk, 118, "dead", "list")
    assert code == 0
    assert any(line.startswith(" " * 80) and line.split() for line in said.splitlines()), said


def test_many_are_sent_again_only_after_a_yes(desk):
    """The question says how many; no leaves everything as it is."""
    for number in range(2):
        desk.store(f"{ID[:-1]}{number}", {"ops": "dead"})
    ended, said = on_terminal(desk, 100, "dead", "replay", "--all", answer=b"n\n")
    assert "2 dead deliveries will be sent again. Go on?" in said
    assert (ended, desk.states()) == (1, ["dead", "dead"])


def test_piped_tables_are_lines_for_programs(desk):
    """In a process of its own, with 80 columns, each row is one line with everything in it."""
    desk.store(ID, {"ops": "dead", "dev": "delivered"}, text="word " * 30 + "end\x1b[31m")
    said = desk.process("events", "list")
    assert (said.code, said.err) == (0, "")
    title, row = said.out.splitlines()
    assert title.split()[0] == "id"
    assert row.startswith(ID)
    assert row.endswith("word end\\u001b[31m")
