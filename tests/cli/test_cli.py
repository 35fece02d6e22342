"""The command line as a whole: help that teaches, version, completion, exit codes, and readers that go away."""

import os
import re
import shlex
import subprocess
import sys

import pytest
import typer

from gateway import __version__
from gateway.cli import app


def commands(group=None, path=()):
    """Every command with the words that name it."""
    found = {}
    for name, command in (group or typer.main.get_command(app)).commands.items():
        if hasattr(command, "commands"):
            found |= commands(command, (*path, name))
        else:
            found[*path, name] = command
    return found


COMMANDS = commands()


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_says_what_exit_codes_mean(desk, option):
    """The help of the whole names every command and the three exit codes."""
    said = desk.plain(option)
    assert said.code == 0
    assert re.search(r"Exit codes: 0 .* 1 .* 2 wrong", " ".join(said.out.split()))
    for path in COMMANDS:
        assert path[0] in said.out


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_teaches_by_examples_that_are_right(path):
    """Each command has an example of itself, and each example names a command and options that there are."""
    lines = [line for line in COMMANDS[path].epilog.splitlines() if not line.startswith("```")]
    own = [shlex.split(line.split("|")[-1 if "| mattergate" in line else 0].split("<")[0]) for line in lines]
    assert own
    for words in own:
        assert words[0] == "mattergate"
        name = next(key for key in COMMANDS if tuple(words[1 : 1 + len(key)]) == key)
        with COMMANDS[name].make_context("mattergate", words[1 + len(name) :]) as context:
            assert context.params
    assert any(tuple(words[1 : 1 + len(path)]) == path for words in own)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_both_spellings_of_help(desk, path):
    """`-h` and `--help` print the same, with the examples."""
    short, long = desk.plain(*path, "-h"), desk.plain(*path, "--help")
    assert (short.code, short.out) == (0, long.out)
    assert f"mattergate {' '.join(path)}" in short.out


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_wrong_usage(desk, path):
    """Every command ends with 2 for an option that it does not have."""
    assert desk.plain(*path, "--no-such-option").code == 2


@pytest.mark.parametrize("words", [["nosuch"], ["events", "nosuch"], ["dead", "nosuch"]])
def test_an_unknown_command_is_wrong_usage(desk, words):
    """The error names the word."""
    said = desk.plain(*words)
    assert said.code == 2
    assert "nosuch" in said.err


def test_the_version_is_that_of_the_package(desk):
    """`--version` prints it and does nothing else."""
    said = desk.plain("--version")
    assert (said.code, said.out) == (0, f"mattergate {__version__}\n")


def test_a_shell_completes_names(desk):
    """What the completion script of bash asks is answered, here with services of the catalog."""
    asked = {"_MATTERGATE_COMPLETE": "complete_bash", "COMP_WORDS": "mattergate services gith", "COMP_CWORD": "2"}
    code = "import sys; sys.argv[0] = 'mattergate'; from gateway.__main__ import main; main()"
    got = subprocess.run(
        [sys.executable, "-c", code], env=desk.environ(**asked), capture_output=True, text=True, timeout=60, check=False
    )
    assert got.stdout.split() == ["github"], got.stderr


def test_completion_can_be_installed(desk):
    """The help offers to install it and to show it."""
    said = desk.plain("--help").out
    assert "--install-completion" in said
    assert "--show-completion" in said


def test_a_reader_that_goes_away_ends_the_command_in_silence(desk):
    """`| head` neither makes a traceback nor an error message, also where much is left to say."""
    lines = desk.write("lines", b'{"service": "generic", "body": "x"}\n' * 3000)
    read, write = os.pipe()
    with lines.open("rb") as given:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "render", "--batch"], stdin=given, stdout=write, stderr=subprocess.PIPE,
            env=desk.environ(),
        )  # fmt: skip
    os.close(write)
    os.read(read, 10)
    os.close(read)
    _, said = process.communicate(timeout=60)
    assert said == b""
    assert process.returncode in (0, 141)
