"""Terminal sequences go whole, wherever a payload has them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions import TABLE
from gateway.language.output import Mode
from gateway.language.template import Engine
from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import Attachment, Field, Message
from gateway.mattermost.terminal import without_controls, without_written_controls
from tests.cost import seconds_of

NOTE = f"\x1b[8mha:////{base64.b64encode(b'note ' * 20).decode()}\x1b[0m"
"""What Jenkins writes into its logs where its own log view shows a link or a colour."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m \x1b[1;38;5;208mbold\x1b[m", "red bold"),
        ("\x9b31mred\x9b0m", "red"),
        ("50%\x1b[2K\x1b[1G100%", "50%100%"),
        ("\x1b]8;;https://x.example\x1b\\label\x1b]8;;\x07", "label"),
        ("\x1b]0;title\x07text", "text"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1bPq#0;2\x1b\\a\x1b(Bb\x1b=c\x1bcd", "abcd"),
        (f"{NOTE}Started by {NOTE}user ann\nFinished", "Started by user ann\nFinished"),
        (NOTE[:40], ""),
        ("cut \x1b[3", "cut "),
        ("\x1b]0;never ended\nmore", "0;never ended\nmore"),
        ("\x1b", ""),
        ("a\x00b\tc\r\nd\x7fe\x85f\x91g", "ab\tc\r\nde\x85fg"),
        ("[31m stays, ^[ too", "[31m stays, ^[ too"),
    ],
)
def test_sequences(text: str, shown: str) -> None:
    """Colours, titles, links, notes and what is cut off; of a link its label stays."""
    assert without_controls(text) == shown


def test_every_way_into_a_message() -> None:
    """In Markdown and in plain keys, escaped, as code, and in a message that no template made."""
    coloured = f"{NOTE}\x1b[1;31mERROR\x1b[0m in \x1b]8;;https://x.example\x07build\x1b]8;;\x07"
    for mode in (Mode.MARKDOWN, Mode.PLAIN):
        template = Engine().template("{{ log }}", mode, "test/terminal#/x")
        assert template.render({"log": coloured}) == "ERROR in build"
    for name in ("code", "markdown", "html", "mrkdwn", "first_line", "cut", "quote", "codeblock", "jira", "bold"):
        for call in (TABLE[name].call, TABLE[name].call_plain):
            assert str(call(coloured)).strip("`*> \n") == "ERROR in build", name
    part = Attachment(author_name=coloured, title=coloured, text=coloured, fields=[Field(coloured, coloured)])
    (one,) = fitted(Message(text=coloured, attachments=[part]))
    (shown,) = one.message.attachments
    texts = [one.message.text, shown.author_name, shown.title, shown.text, shown.fallback]
    assert {*texts, shown.fields[0].title, shown.fields[0].value} == {"ERROR in build"}


def test_sequences_in_json() -> None:
    """A payload that is shown as JSON has them written out; a backslash that stands for itself stays."""
    assert without_written_controls(json.dumps({"a": "\x1b[31mred\x1b[0m\x00"})) == '{"a": "red"}'
    assert without_written_controls(json.dumps({"a": "\\u001b[31m"})) == '{"a": "\\\\u001b[31m"}'
    assert TABLE["codeblock"].call({"a": "\x1b[31mred"}) == '```\n{"a": "red"}\n```'


@given(st.text(st.sampled_from("\x1b\x9b\x9d\x9c\x07[]0;mab\\P\n"), max_size=40))
def test_no_control_is_left_and_no_other_text_is_added(text: str) -> None:
    """What is left stood in the text, in its order."""
    shown = without_controls(text)
    assert not set(shown) & set("\x1b\x9b\x9d\x9c\x07")
    rest = iter(text)
    assert all(character in rest for character in shown)


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[" * 50_000, "\x1b]" * 50_000, "\x9d" * 100_000, "\x1b[8mha:" * 15_000, "\x1b[" + "0" * 100_000,
        "\x1b]a" * 33_000,
    ],
)  # fmt: skip
def test_time_is_linear(text: str) -> None:
    """What begins and never ends takes no longer than other text."""
    assert seconds_of(lambda: without_controls(text)) < 0.5
