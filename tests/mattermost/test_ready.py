"""Which messages need no fitting: never one that fitting would change, and nearly always the usual one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.mattermost import fit
from gateway.mattermost.limits import DEFAULT, Limits
from gateway.mattermost.payload import Attachment, Field, Message, Priority, Props, encode
from gateway.mattermost.ready import is_ready

USUAL = Message(
    text='**build** [7](https://x.example/7?a=1&b=2) failed <https://x.example>\n"quoted"',
    username="CI",
    icon_url="https://x.example/i.png",
    channel="ops",
    attachments=[
        Attachment(
            "Build 7",
            "good",
            "before",
            "ann",
            "https://x.example/ann",
            title="Build 7",
            title_link="https://x.example/7",
            text="ok",
            fields=[Field("Branch", "`main`", True), Field("", "x")],
            footer="CI",
        )
    ],
    priority=Priority("urgent", requested_ack=True),
)

GOOD = ["a", "b c", "<https://x.example>", "x" * 60, "é", "a\\\\b"]
ODD = ["", " ", "a\nb", "a\x00", "@ann", "@\u200bann", "<!here>", "&#64;all", "\ud800", "x" * 70, "x" * 310, "a\\fb"]
WORDS = st.sampled_from([*GOOD * 20, *ODD])
ADDRESSES = st.none() | st.sampled_from([*["https://x.example/a"] * 9, "x", "https://x.example/%zz"])
MESSAGES = st.builds(
    Message,
    text=st.none() | WORDS,
    username=st.none() | WORDS,
    icon_url=ADDRESSES,
    icon_emoji=st.none() | st.sampled_from(["robot", "robot", ":robot:"]),
    channel=st.none() | WORDS,
    attachments=st.lists(
        st.builds(
            Attachment, fallback=st.none() | WORDS, color=st.none() | st.sampled_from(["good", "#ffffff", "Good"]),
            pretext=st.none() | WORDS, author_name=st.none() | WORDS, author_link=ADDRESSES, title=st.none() | WORDS,
            title_link=ADDRESSES, text=st.none() | WORDS, fields=st.lists(st.builds(Field, WORDS, WORDS), max_size=2),
            image_url=ADDRESSES, footer=st.none() | WORDS, footer_icon=ADDRESSES,
        ),
        max_size=2,
    ),
    props=st.sampled_from([*[None] * 9, Props("card")]),
    priority=st.sampled_from(
        [*[None] * 9, Priority("urgent"), Priority("high"), Priority("", True), Priority("urgent", False, True)]
    ),
)  # fmt: skip


def ready(message, limits, *, mentions):
    """Whether a message is ready; one that cannot be encoded is not."""
    try:
        raw = encode(message)
    except UnicodeEncodeError:
        return False
    return is_ready(message, raw, limits, mentions=mentions)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(MESSAGES, st.booleans())
def test_what_is_ready_is_what_fitting_makes(message, mentions):
    """A message that goes as it is would come out of the long way just so."""
    if ready(message, DEFAULT, mentions=mentions):
        short = fit.fitted(message, mentions=mentions)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fit, "is_ready", lambda *_, **__: False)
            assert fit.fitted(message, mentions=mentions) == short


@pytest.mark.parametrize("mentions", [True, False])
def test_the_usual_message_ready(mentions):
    """With links, fields, names and priority: what the catalog makes costs one look."""
    assert ready(USUAL, DEFAULT, mentions=mentions)


@pytest.mark.parametrize(
    "message",
    [
        Message(text="@ann"), Message(text="&#64;here"), Message(text="a\x07"),
        Message(text="\ud800"), Message(text=" "), Message(), Message(text="a", username="a\nb"),
        Message(text="a", icon_url="ftp://x"), Message(text="a", icon_emoji=":robot:"),
        Message(text="a", props=Props("c")),
        Message(text="a", priority=Priority("high")), Message(text="a", priority=Priority("urgent", False, True)),
        Message(attachments=[Attachment()]), Message(attachments=[Attachment(text="a", color="Good")]),
        Message(attachments=[Attachment(text="a", title_link="https://x.example")]),
        Message(attachments=[Attachment(text="a", author_link="https://x.example")]),
        Message(attachments=[Attachment(text="a", fields=[Field("", "")])]),
        Message(attachments=[Attachment(text="a", fields=[Field("a\nb", "c")])]),
        Message(text="a" * 16_384), Message(text="a", channel="c" * 251),
        Message(attachments=[Attachment(text="a")] * 21),
        Message(attachments=[Attachment(text="a", fields=[Field("a", "b")] * 41)]),
    ],
)  # fmt: skip
def test_what_needs_something_is_not_ready(message):
    """What the server would refuse, show wrongly, or notify people for."""
    assert not ready(message, DEFAULT, mentions=False)


def test_mentions_that_may_notify_are_as_they_should_be():
    """Where mentions are wanted, one that was made silent is to be restored, and the others go as they are."""
    assert ready(Message(text="@ann"), DEFAULT, mentions=True)
    assert not ready(Message(text="@\u200bann"), DEFAULT, mentions=True)


@pytest.mark.parametrize("limits", [Limits(message=10), Limits(body=100), Limits(props=100), Limits(attachment=10)])
def test_smaller_destinations_take_less(limits):
    """Each limit of a destination counts."""
    assert not ready(Message(text="a" * 20), limits, mentions=False)
