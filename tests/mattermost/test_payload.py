"""The payload as it travels: absent keys are left out, and what was encoded is read back as it was."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mattermost.payload import Attachment, Field, Message, Priority, Props, channel_of, decode, encode, place_of

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MESSAGES = st.builds(
    Message,
    text=TEXTS,
    username=TEXTS,
    attachments=st.lists(
        st.builds(
            Attachment,
            title=TEXTS,
            fields=st.lists(st.builds(Field, st.text("a<&", max_size=3), st.text("b", max_size=3)), max_size=2),
        ),
        max_size=2,
    ),
    props=st.none() | st.builds(Props, TEXTS),
    priority=st.none() | st.builds(Priority, st.sampled_from(["", "urgent"]), st.booleans(), st.booleans()),
    silent=st.booleans(),
)


@given(MESSAGES)
def test_what_was_encoded_is_read_back(message):
    """The journal keeps messages as they travel: nothing of one is lost."""
    assert decode(encode(message)) == message


def test_absent_keys_do_not_travel():
    """Mattermost takes an empty username or icon for one; what nobody set is not sent."""
    message = Message(
        text="a", attachments=[Attachment(text="b", fields=[Field("c", "d")])], priority=Priority("urgent")
    )
    assert encode(message) == (
        b'{"text":"a","attachments":[{"text":"b","fields":[{"title":"c","value":"d"}]}],"priority":{"priority":"urgent"}}'
    )
    assert encode(Message()) == b"{}"


def test_two_messages_share_no_list():
    """A message that was made without attachments keeps its own when another gets some."""
    one, other = Message(), Message()
    one.attachments.append(Attachment())
    assert other.attachments == []


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"text": 1}', b'{"attachments": [{"fields": [{"title": "a"}]}]}'])
def test_what_is_no_message_is_not_read(payload):
    """The error names the place."""
    with pytest.raises(msgspec.DecodeError):
        decode(payload)


def test_where_a_message_goes():
    """A hook knows the name of a channel; over REST its id comes first."""
    assert (channel_of(b"{}"), place_of(b"{}"), place_of(encode(Message(text='"channel')))) == ("", "", "")
    both = encode(Message(text="a", channel="alerts", channel_id="c" * 26))
    assert (channel_of(both), place_of(both)) == ("alerts", "c" * 26)
    assert place_of(encode(Message(channel="alerts"))) == "alerts"
    assert channel_of(encode(Message(channel_id="c" * 26))) == ""
