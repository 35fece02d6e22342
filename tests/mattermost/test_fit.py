"""Any message becomes messages that Mattermost accepts as they are."""

import re
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.mattermost.fit import fitted
from gateway.mattermost.limits import DEFAULT, Limits
from gateway.mattermost.payload import Attachment, Field, Message, Priority, Props, encode
from gateway.standin import incoming

Z = "\u200b"


def fit(message: Message, limits: Limits = DEFAULT, *, mentions: bool = False) -> list[Message]:
    """The messages without their JSON."""
    return [one.message for one in fitted(message, limits, mentions=mentions)]


_words = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(), max_size=10),  # lone surrogates, too
    st.sampled_from(["", " ", "\n", "@all <!here>", "<a|b>", "\x00\x07x\r\ny", "```py\n", "\ud800", "\U0001f680"]),
)
_long = st.builds(
    lambda unit, count: unit * count,
    st.sampled_from(["word ", "é", "<", '"\\', "\U0001f680", "```\n"]),
    st.integers(0, 9000),
)
_text = st.none() | _words | _long
_color = st.none() | st.sampled_from(["good", "GOOD", "#fff", "36a64f", "#36A64F", "red", "", "#12345678"]) | _words
_address = (
    st.none()
    | _words
    | st.sampled_from(
        [
            "https://x.example/a b?q=%zz",
            "HTTP://x.example",
            "javascript:alert(1)",
            "https://",
            "http://x:y",
            "mailto:a@b.c",
        ]
    )
)
_fields = st.lists(st.builds(Field, title=_words, value=_words | _long, short=st.booleans()), max_size=4)
_attachment = st.builds(
    Attachment, fallback=_text, color=_color, pretext=_text, author_name=_text, author_link=_address,
    author_icon=_address, title=_text, title_link=_address, text=_text, fields=_fields, image_url=_address,
    thumb_url=_address, footer=_text, footer_icon=_address,
)  # fmt: skip
_priority = st.none() | st.builds(
    Priority,
    priority=st.sampled_from(["important", "urgent", "high", ""]),
    requested_ack=st.booleans(),
    persistent_notifications=st.booleans(),
)
_message = st.builds(
    Message, text=_text, username=_text, icon_url=_address, icon_emoji=_words, channel=st.none() | _words,
    attachments=st.lists(_attachment, max_size=4), props=st.none() | st.builds(Props, card=_text), priority=_priority,
)  # fmt: skip


def _accepted(message: Message) -> incoming.Draft:
    """Give the one post that the server makes of the message, without any complaint."""
    raw = encode(message)
    assert len(raw) <= 300_000
    drafts = incoming.posts(incoming.read(raw), {})
    assert len(drafts) == 1
    assert incoming.warnings(drafts[0]) == []
    return drafts[0]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(_message, st.booleans())
def test_any_message_is_accepted_and_not_split_by_the_server(message, mentions):
    """Every result passes the stand-in's own checks, makes one post, and earns no warning."""
    before = deepcopy(message)
    for one in fit(message, mentions=mentions):
        _accepted(one)
    assert message == before


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(_message)
def test_fitting_twice_is_fitting_once(message):
    """What is fit stays as it is."""
    for one in fit(message):
        assert fit(one) == [one]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["word ", "line\n", "para\n\n", "é" * 50, "x" * 3000]), max_size=400).map("".join))
def test_visible_text_survives_splitting(text):
    """Only whitespace at the cuts is lost, from a message's text and from an attachment's."""
    visible = re.sub(r"\s", "", text)
    results = fit(Message(text="t", attachments=[Attachment(text=text)]), Limits(messages=1000))
    assert re.sub(r"\s", "", "".join(part.text or "" for one in results for part in one.attachments)) == visible
    results = fit(Message(text="x" + text), Limits(message=400, messages=1000))
    assert re.sub(r"\s", "", "".join(one.text or "" for one in results)) == "x" + visible


def test_a_usual_message_goes_as_it_is_with_fallbacks():
    """Nothing is changed but the fallback text for notifications."""
    attachment = Attachment(
        color="good", title="Build 7 passed", title_link="https://x.example/7?a=1&b=2", text="**ok**"
    )
    assert fit(Message(attachments=[attachment])) == [
        Message(
            attachments=[
                Attachment(
                    "Build 7 passed", "good", title=attachment.title, title_link=attachment.title_link, text="**ok**"
                )
            ]
        )
    ]
    message = Message(text="hello\nworld", username="CI", channel="ops", priority=Priority("urgent"))
    assert fit(message) == [message]


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ("good", "good"),
        ("Danger", "danger"),
        ("36a64f", "#36a64f"),
        ("#abc", "#aabbcc"),
        ("abc", "#aabbcc"),
        ("red", None),
        ("", None),
    ],
)
def test_colors_are_valid_or_dropped(color, expected):
    """Names and hex, completed; anything else is left to the default."""
    assert fit(Message(attachments=[Attachment(color=color, text="x")]))[0].attachments[0].color == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://x.example/a", "https://x.example/a"),
        (" HTTPS://x.example/a b%zz ", "https://x.example/a%20b%25zz"),
        ("https://user@[::1]:8443/x", "https://user@[::1]:8443/x"),
        ("javascript:alert(1)", None),
        ("mailto:joe@x.example", None),
        ("https://", None),
        ("https://x.example/" + "a" * 3000, None),
    ],
)
def test_links_are_web_addresses_or_dropped(link, expected):
    """The server wants http or https with a host (contract 2)."""
    (one,) = fit(Message(attachments=[Attachment(title="t", title_link=link)]))
    assert one.attachments[0].title_link == expected


def test_links_without_their_names_are_dropped():
    """A link needs the text that shows it; what has nothing to show is left out."""
    empty = Attachment(color="good", title_link="https://x.example", author_link="https://x.example")
    assert fit(Message(text="hi", attachments=[empty])) == [Message(text="hi")]


def test_a_fallback_alone_is_shown():
    """Text that only notifications would show is not lost."""
    (one,) = fit(Message(attachments=[Attachment(fallback="disk full")]))
    assert one.attachments[0].text == "disk full"


@pytest.mark.parametrize("message", [Message(), Message(text=" \n"), Message(attachments=[Attachment(color="good")])])
def test_of_an_empty_message_there_is_none(message):
    """Whoever made it knows better what to say in its place."""
    assert fit(message) == []


def test_controls_and_surrogates_are_repaired():
    """Line ends become LF, other controls go, surrogate halves are joined or replaced."""
    (one,) = fit(Message(text="a\x00b\r\nc\x1b[0m\ud83d\ude80\ud800"))
    assert one.text == "ab\nc\U0001f680\ufffd"


def test_mentions_notify_only_when_allowed():
    """Third-party sigils are silenced, and restored where the route allows mentions."""
    message = Message(
        text=f"@all @{Z}joe", attachments=[Attachment(pretext="@a", text="<!here>", fields=[Field("f", "@b")])]
    )
    (quiet,) = fit(message)
    assert quiet.text == f"@{Z}all @{Z}joe"
    (part,) = quiet.attachments
    assert (part.pretext, part.text, part.fields[0].value) == (f"@{Z}a", "<!here>", f"@{Z}b")
    (loud,) = fit(message, mentions=True)
    assert loud.text == "@all @joe"
    assert loud.attachments[0].text == "@here"


def test_long_values_are_cut_visibly():
    """Footers, titles and names end in an ellipsis when something is missing; blank fields go."""
    fields = [Field("f", "v" * 5000), Field("empty", " "), Field("t" * 900, "x")]
    message = Message(username="u" * 99, attachments=[Attachment(title="t" * 2000, footer="f" * 400, fields=fields)])
    (one,) = fit(message)
    (part,) = one.attachments
    assert len(one.username) == 64
    assert [len(field.value) for field in part.fields] == [5000, 1]
    assert (len(part.title), len(part.footer), len(part.fallback)) == (1000, 300, 200)
    cut = [one.username, part.title, part.footer, part.fallback, part.fields[1].title]
    assert all(value.endswith("\u2026") for value in cut)


def test_long_values_of_fields_go_on_in_further_fields():
    """Nothing of them is lost, and a block of code is closed and opened again."""
    value = "```sql\n" + "select 1\n" * 3000 + "```"
    (one,) = fit(Message(attachments=[Attachment(title="t", fields=[Field("Query", value)])]))
    fields = [field for part in one.attachments for field in part.fields]
    assert [field.title for field in fields] == ["Query", "", ""]
    assert all(field.value.startswith("```sql\n") and field.value.endswith("\n```") for field in fields)
    assert sum(field.value.count("select 1") for field in fields) == 3000


def test_a_title_can_be_enough():
    """A field whose value is empty on purpose stays as it is, also beside what has to be fitted."""
    fields = [Field("/var/lib", "", short=True), Field("", "")]
    (one,) = fit(Message(text="@all", attachments=[Attachment(title="t", fields=fields)]))
    assert one.attachments[0].fields == [Field("/var/lib", "", short=True)]
    alone = Message(attachments=[Attachment(title="t", fallback="t", fields=fields[:1])])
    assert fitted(alone)[0].message.attachments[0].fields == fields[:1]


def test_continuations_keep_envelope_and_color():
    """Further messages look the same; what stands below a text goes with its end."""
    attachment = Attachment(
        color="#abc", pretext="before", title="T", text="word " * 9000, fields=[Field("a", "b")], footer="end",
        image_url="https://x.example/i.png",
    )  # fmt: skip
    message = Message(
        text="para\n\n" * 6000,
        username="CI",
        channel="ops",
        channel_id="c",
        root_id="r",
        priority=Priority("urgent"),
        props=Props(card="c"),
        attachments=[attachment],
    )
    results = fit(message)
    assert len(results) == 3
    assert {(one.username, one.channel, one.priority.priority) for one in results} == {("CI", "ops", "urgent")}
    assert {(one.channel_id, one.root_id) for one in results} == {("c", "r")}
    assert [one.props and one.props.card for one in results] == ["c", None, None]
    parts = [part for one in results for part in one.attachments]
    assert len(parts) == 5
    assert {part.color for part in parts} == {"#aabbcc"}
    assert (parts[0].pretext, parts[0].title, parts[0].footer) == ("before", "T", None)
    assert (parts[-1].title, parts[-1].footer, parts[-1].image_url) == (None, "end", "https://x.example/i.png")
    assert parts[-1].fields == [Field("a", "b")]


@pytest.mark.parametrize(
    ("priority", "first", "further"),
    [
        (Priority("urgent", True), Priority("urgent", True), Priority("urgent")),
        (Priority("", True), Priority("", True), None),
        (Priority("high", True, True), Priority("", True), None),
        (Priority("high"), None, None),
    ],
)
def test_acknowledgement_is_asked_for_once(priority, first, further):
    """The first of several messages asks for all; a label that does not exist is dropped, and nagging with it."""
    one, *more = fit(Message(text="@ada " + "word " * 8000, priority=priority), mentions=True)
    assert (one.priority, {other.priority and other.priority.priority for other in more}) == (
        first,
        {further and further.priority},
    )
    assert not any(other.priority and other.priority.requested_ack for other in more)


def test_silence_is_that_of_every_message():
    """What is too long for one message is silent to its end."""
    assert all(one.silent for one in fit(Message(text="word " * 8000, silent=True)))


def test_many_attachments_go_to_further_messages_in_order():
    """Neither their number nor their bytes overflow a message."""
    results = fit(Message(text="many", attachments=[Attachment(text=f"{n} " + "\U0001f680" * 9000) for n in range(30)]))
    assert results[0].text == "many"
    assert len(results) > 3
    numbers = [int(part.text.split()[0]) for one in results for part in one.attachments]
    assert numbers == list(range(30))


def test_a_flood_is_bounded_and_says_so():
    """The last message tells how many more there would be."""
    results = fit(Message(text="word " * 50), Limits(message=20, messages=3))
    assert len(results) == 3
    assert re.fullmatch(r"\(\d+ further messages of this event are left out\)", results[-1].text)


def test_persistent_notifications_need_somebody_to_notify():
    """The server refuses them without one to five recipients (contract 1.7)."""
    priority = Priority("urgent", persistent_notifications=True)
    (loud,) = fit(Message(text="@joe wake up", priority=priority), mentions=True)
    assert loud.priority == priority
    (quiet,) = fit(Message(text="@joe wake up", priority=priority))
    assert quiet.priority == Priority("urgent")
    (unknown,) = fit(Message(text="x", priority=Priority("high")))
    assert unknown.priority is None


@pytest.mark.parametrize(("emoji", "expected"), [(":robot:", "robot"), ("+1", "+1"), ("not one", None), ("", None)])
def test_icon_emoji_is_a_name(emoji, expected):
    """Colons are optional on the wire, so they go."""
    assert fit(Message(text="x", icon_emoji=emoji))[0].icon_emoji == expected


def test_fallback_is_plain_text():
    """Without a title, notifications show the text without its markup."""
    (one,) = fit(Message(attachments=[Attachment(text="# **Deploy** of [api](https://x.example/a)\n- `done`")]))
    assert one.attachments[0].fallback == "Deploy of api - done"
