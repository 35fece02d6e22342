"""The settings file as every command that needs one reads it."""

import pytest

COMMANDS = ["serve", "check", "status", "events list", "events show 0199a0", "events replay 0199a0",
            "dead list", "dead show 0199a0", "dead replay --all", "services"]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_no_settings_file_is_told(desk, command):
    """The error names the file and how to name another."""
    said = desk.plain(*command.split(), "-c", "nowhere.toml")
    assert said.code == 1
    assert "nowhere.toml: there is no settings file; name one with --config or MATTERGATE_CONFIG" in said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_faults_of_the_settings_are_listed_with_their_lines(desk, command):
    """Each is one line; no command goes on with settings that cannot be used."""
    desk.write("mattergate.toml", '[server]\ngrace = "never"\ncolour = "red"\n')
    said = desk.run(*command.split())
    assert said.code == 1
    for line in (2, 3):
        assert f"mattergate.toml:{line}: server." in said.text


def test_what_is_no_settings_file_is_told(desk):
    """A folder, bytes, and text that is not TOML."""
    desk.write("bytes", b"\xff\xfe")
    desk.write("text", "not toml")
    for name, part in (("catalog", "it is a folder"), ("bytes", "not UTF-8 text"), ("text", "text:1: not TOML")):
        said = desk.plain("check", "-c", name)
        assert (said.code, "Errno" in said.text) == (1, False)
        assert part in said.text


def test_the_environment_names_the_file(desk, monkeypatch):
    """`MATTERGATE_CONFIG` is what `--config` is."""
    monkeypatch.setenv("MATTERGATE_CONFIG", str(desk.write("other.toml", "colour = 1\n")))
    assert "other.toml:1:" in desk.plain("check").out
