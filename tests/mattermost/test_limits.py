"""How much one post holds: what follows from the limits fits together, whatever they are."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.mattermost.fit import fitted
from gateway.mattermost.limits import DEFAULT, Limits
from gateway.mattermost.payload import Attachment, Field, Message


@given(st.integers(1_000, 100_000), st.integers(4_000, 1_000_000), st.integers(20_000, 2_000_000))
def test_texts_of_full_size_fit(message, body, props):
    """A text of four bytes a character takes half of the body at most, a part of an attachment fits by itself."""
    limits = Limits(message=message, body=body, props=props)
    assert limits.top_text * 4 <= body // 2
    assert limits.top_text <= message
    assert limits.part <= limits.attachment
    assert limits.part * 30 <= body
    assert limits.part * 76 <= props


def test_the_largest_parts_make_messages_that_fit():
    """A message in which every text is as long as it may be, in the widest characters, becomes some that fit."""
    wide = "\U0001f680" * 40_000
    raw = Message(
        text=wide,
        attachments=[Attachment(pretext=wide, text=wide, title=wide, fields=[Field(wide, wide)] * 50, footer=wide)],
    )
    for one in fitted(raw):
        assert len(one.payload) <= DEFAULT.body
        assert len(one.message.text or "") <= DEFAULT.message
