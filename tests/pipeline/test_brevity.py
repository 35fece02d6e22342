"""How much of a message is posted: a line for each of its attachments, what it says first, or all."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import Attachment, Field, Message, Priority
from gateway.pipeline.brevity import Verbosity, shortened

PUSH = Attachment(
    author_name="Ada *L*",
    author_link="https://example.com/ada",
    title="acme/api: 2 commits",
    title_link="https://example.com/compare",
    text="First.\nStill first.\n\nSecond.",
    color="good",
    fields=[Field("Branch", "main")],
)


def titles(*attachments: Attachment, text: str | None = None) -> str | None:
    """The text of what is left of a message."""
    left = shortened(Message(text=text, attachments=list(attachments)), Verbosity.TITLE)
    assert left.attachments == []
    return left.text


def test_full_is_the_message_itself():
    """Nothing is copied."""
    message = Message(text="a")
    assert shortened(message, Verbosity.FULL) is message


def test_a_title_is_one_linked_line():
    """Author and title are plain text, so that their marks are escaped; the other keys of the message stay."""
    message = Message(attachments=[PUSH], channel="ops", priority=Priority("urgent"))
    left = shortened(message, Verbosity.TITLE)
    line = r"[Ada \*L\*](https://example.com/ada): [acme/api: 2 commits](https://example.com/compare)"
    assert left == Message(text=line, channel="ops", priority=Priority("urgent"))
    assert message.attachments == [PUSH]


def test_each_attachment_of_a_group_has_its_line():
    """The text above them has its own; the line that says how many more there are, too."""
    found = titles(Attachment(title="a"), Attachment(title="b"), Attachment(text="and 3 more"), text="# Firing\n\nx")
    assert found == "Firing\na\nb\nand 3 more"


@pytest.mark.parametrize(
    ("attachment", "line"),
    [
        (Attachment(text="\n- **one** [x](https://e.org)\ntwo"), "**one** [x](https://e.org)"),
        (Attachment(text="**one** two", title_link="https://e.org"), "[one two](https://e.org)"),
        (Attachment(text="```\n\nmake *all*\n```"), "`make *all*`"),
        (Attachment(pretext="above"), "above"),
        (Attachment(fields=[Field("Branch", "main\nx"), Field("b", "c")]), "Branch: main"),
        (Attachment(author_name="Ada", image_url="https://e.org/i.png"), "Ada"),
        (Attachment(image_url="https://e.org/i.png"), "[https://e.org/i.png](https://e.org/i.png)"),
        (Attachment(footer="below"), "below"),
        (Attachment(fallback="in short"), "in short"),
    ],
)
def test_without_a_title_the_next_best_line_stands_there(attachment, line):
    """Text, field, picture or footer: an attachment is never left out."""
    assert titles(attachment) == line


def test_a_line_is_bounded():
    """By 300 characters, links and code kept whole."""
    assert len(titles(Attachment(text="word " * 1000)) or "") <= 300


@pytest.mark.parametrize("verbosity", Verbosity)
@pytest.mark.parametrize("attachment", [Attachment(), Attachment(fields=[Field("a", "b")])])
def test_a_message_never_becomes_empty(verbosity, attachment):
    """Of a message of fields the first stays; one without anything to see stays as it is."""
    message = Message(attachments=[attachment])
    assert bool(fitted(shortened(message, verbosity))) == bool(fitted(message))


def test_a_summary_is_the_first_paragraph_without_fields():
    """Author, title, link and colour stay."""
    left = shortened(Message(text="a\n \nb", attachments=[PUSH]), Verbosity.SUMMARY)
    assert left.text == "a"
    [one] = left.attachments
    assert one == msgspec.structs.replace(PUSH, text="First.\nStill first.", fields=[])


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("one", "one"),
        ("\n\none\n\ntwo", "one"),
        ("```\na\n\nb\n```\n\nafter", "```\na\n\nb\n```"),
        ("~~~\nopen\n\nto the end", "~~~\nopen\n\nto the end"),
    ],
)
def test_code_is_one_paragraph(text, first):
    """Its blank lines are its own."""
    assert shortened(Message(text=text), Verbosity.SUMMARY).text == first


texts = st.none() | st.text(alphabet="a*`~#>-[]()!\n @\\|<&", max_size=30)
attachments = st.builds(
    Attachment,
    title=texts, text=texts, pretext=texts, author_name=texts, footer=texts, fallback=texts,
    title_link=st.none() | st.just("https://e.org/x"),
    fields=st.lists(st.builds(Field, title=st.text(max_size=3), value=st.text(max_size=5)), max_size=2),
)  # fmt: skip


@given(st.builds(Message, text=texts, attachments=st.lists(attachments, max_size=3)), st.sampled_from(Verbosity))
def test_nothing_that_shows_becomes_nothing(message, verbosity):
    """For any message; and a line has no line break but those between attachments."""
    left = shortened(message, verbosity)
    assert bool(fitted(left)) >= bool(fitted(message))
    if verbosity is Verbosity.TITLE and left is not message:
        assert (left.text or "").count("\n") <= len(message.attachments)
