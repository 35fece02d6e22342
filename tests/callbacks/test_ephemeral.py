"""A message as one text, for those who clicked."""

from gateway.callbacks.ephemeral import as_text
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Attachment, Field, Message


def test_attachments_become_paragraphs():
    """With what they show; a title is no Markdown, and a link that would break it is left out."""
    full = Attachment(
        pretext="before", author_name="_ann_", title="a", title_link="https://a.example/(b)", text="c",
        fields=[Field("d", "1"), Field("e", "")], footer="f",
    )  # fmt: skip
    assert as_text([Message(text="top"), Message(attachments=[full])]) == (
        "top\n\nbefore\n\n\\_ann\\_\n\n**a**\n\nc\n\n**d**: 1\n**e**\n\nf"
    )
    assert as_text([Message(attachments=[Attachment(color="good")])]) == ""


def test_it_is_no_longer_than_a_post():
    """The rest is left out, visibly."""
    text = as_text([Message(text="a" * 16_000), Message(text="b" * 16_000)])
    assert len(text) == DEFAULT.message
    assert text.endswith("…")
