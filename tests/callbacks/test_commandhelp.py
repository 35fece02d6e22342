"""Slash commands: which document answers, and the help that all of them make."""

import pytest

from gateway.callbacks import commandhelp
from gateway.callbacks.commandhelp import Command, chosen, help_message, hint_of

ASK = Command("deploy", hint="[service]", description="Deploys a *service*")
STATUS = Command("deploy", sub="status", description="How it stands")
BOTH = {"deploy": ASK, "status": STATUS}


@pytest.mark.parametrize(
    ("text", "name"), [("status api", "status"), ("STATUS", "status"), ("api", "deploy"), ("", "deploy"), ("help", "")]
)
def test_the_first_word_chooses(text, name):
    """What names no sub-command is for the command itself."""
    assert chosen(BOTH, text) == name


def test_without_a_document_of_its_own_a_command_shows_its_help(monkeypatch):
    """And says what may be meant by a word that it does not know."""
    alone = {"status": STATUS}
    assert chosen(alone, "statsu api") == chosen(alone, "") == ""
    text = help_message(alone, "statsu api").text
    assert text == "There is no `statsu` here. Did you mean `status`?\n\n- `/deploy status`: How it stands"
    monkeypatch.setattr(commandhelp, "get_close_matches", lambda word, *_: [f"{len(word)} of them"])
    assert "Did you mean `50 of them`?" in help_message(alone, "s" * 1_000_000).text


def test_help_has_a_line_for_each():
    """The title of a document describes it where nothing else does; nothing breaks out of the code."""
    assert (
        help_message(BOTH).text == "- `/deploy [service]`: Deploys a \\*service\\*\n- `/deploy status`: How it stands"
    )
    made = Command.of({"trigger": "Deploy", "hint": "`x`"}, "A title")
    assert (made.trigger, made.description) == ("deploy", "A title")
    assert "`/deploy 'x'`" in help_message({"a": made}).text
    assert (hint_of(BOTH), hint_of({"deploy": ASK})) == ("[status|help]", "[service]")
