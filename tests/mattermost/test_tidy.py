"""One message's parts made valid: nothing lost, nothing beyond its limit, nothing that notifies by accident."""

import pytest

from gateway.mattermost.fit import fitted
from gateway.mattermost.limits import DEFAULT, Limits
from gateway.mattermost.payload import Attachment, Field, Message, Priority, Props
from gateway.mattermost.tidy import Tidier, fallback, mentioned

QUIET = Tidier(DEFAULT, mentions=False)
SMALL = Limits(attachment=40, field=20, field_title=10, title=10, author=10, footer=12, fields=2, fallback=8)


def tidy(attachment: Attachment, limits: Limits = SMALL) -> list[Attachment]:
    """The attachment and its continuations."""
    return Tidier(limits, mentions=False).attachment(attachment)


def test_mentions_are_settled():
    """Silent where they may not notify, and as they were meant where they may."""
    assert QUIET.markdown("@all") == "@\u200ball"
    assert Tidier(DEFAULT, mentions=True).markdown("@\u200ball") == "@all"
    assert QUIET.markdown(" \x00") is None


def test_the_envelope_is_made_of_lines_and_addresses():
    """Names are on one line and cut, icons are addresses and names of emoji, content is left out."""
    made = QUIET.envelope(
        Message(text="x", username="a\nb" + "c" * 99, icon_url="x", icon_emoji=":robot:", silent=True)
    )
    assert (made.username, made.icon_url, made.icon_emoji) == ("a b" + "c" * 60 + "\u2026", None, "robot")
    assert (made.text, made.silent) == (None, True)


@pytest.mark.parametrize(
    ("priority", "made"),
    [
        (None, None), (Priority("high"), None), (Priority(""), None), (Priority("", True), Priority("", True)),
        (Priority("high", True), Priority("", True)), (Priority("important", False, True), Priority("important")),
        (Priority("urgent", True, True), Priority("urgent", True, True)), (Priority("urgent"), Priority("urgent")),
    ],
)  # fmt: skip
def test_priorities(priority, made):
    """Unknown levels are none, and only urgent messages repeat their notifications (contract 6.3)."""
    assert QUIET.envelope(Message(priority=priority)).priority == made


def test_a_card_leaves_room():
    """The card of the side panel is cut at its own limit, or a tenth of the body where that is less."""
    assert len(QUIET.props(Props("x" * 99_000)).card) == 30_000
    assert len(Tidier(Limits(body=1000), mentions=False).props(Props("x" * 999)).card) == 100
    assert QUIET.props(Props(" ")) is QUIET.props(Props()) is QUIET.props(None) is None


def test_a_long_attachment_goes_on():
    """What stands above the text stays with the first, what stands below goes with the last, all in its colour."""
    raw = Attachment(
        color="#FFF", pretext="p" * 50, author_name="ann", title="T", title_link="https://x.example", text="w " * 40,
        fields=[Field("a", "1"), Field("b", "2"), Field("c", "3")], image_url="https://x.example/i", footer="foot",
    )  # fmt: skip
    made = tidy(raw)
    assert [one.color for one in made] == ["#ffffff"] * len(made)
    assert "".join(one.pretext or "" for one in made) == "p" * 50
    assert "".join((one.text or "").replace(" ", "") for one in made) == "w" * 40
    titled = [one for one in made if one.title]
    assert [(one.author_name, bool(one.text), bool(one.pretext)) for one in titled] == [("ann", True, True)]
    assert [[field.value for field in one.fields] for one in made if one.fields] == [["1", "2"], ["3"]]
    assert [one.footer for one in made if one.footer] == [made[-1].footer] == ["foot"]
    assert made[-1].image_url == "https://x.example/i"
    assert all(len(one.text or "") <= 40 and len(one.fallback) <= 8 for one in made)


def test_empty_parts_are_left_out():
    """A field without a value, a link without its text, an icon without its footer; and an attachment of nothing."""
    made = tidy(
        Attachment(text="a", title_link="https://x.example", footer_icon="https://x.example", fields=[Field("a", " ")])
    )
    assert made == [Attachment(fallback="a", text="a")]
    assert tidy(Attachment(color="good", title=" ", fields=[Field("", "")])) == []


def test_fields_are_continued_and_grouped():
    """Titles and values within their limits, so many to a group, and none so large that the next would not fit."""
    made = tidy(Attachment(fields=[Field("t" * 30, "v" * 30, True)] * 3))
    assert [len(one.fields) for one in made] == [2, 2, 2]
    assert made[0].fields == [Field("t" * 9 + "\u2026", "v" * 20, True), Field("", "v" * 10, True)]


@pytest.mark.parametrize(
    ("attachment", "text"),
    [
        (Attachment(title="A title", text="x"), "A title"), (Attachment(text="**b** c", pretext="x"), "b c"),
        (Attachment(pretext="> p"), "p"), (Attachment(fields=[Field("a", "`1`")]), "a 1"),
        (Attachment(author_name="ann"), "ann"), (Attachment(footer="f"), "f"), (Attachment(), None),
        (Attachment(image_url="https://x.example"), None), (Attachment(text="x" * 20), "x" * 7 + "\u2026"),
    ],
)  # fmt: skip
def test_notifications_show_the_gist(attachment, text):
    """The title, else the gist of the first text that there is, without marks."""
    assert fallback(attachment, SMALL) == text


def test_different_people_are_counted():
    """In texts, pretexts and values of fields, in any case, and not inside of addresses."""
    message = Message(
        text="@ann @Ann a@x.example @bob.",
        attachments=[Attachment(title="@no", pretext="@cat", text="@ann", fields=[Field("@no", "@dan_1")])],
    )
    assert mentioned(message) == len({"ann", "bob.", "cat", "dan_1"})
    assert mentioned(Message()) == 0


@pytest.mark.parametrize("link", [None, "javascript:x", "https://x.example"])
def test_titles_hold_no_links(link):
    """Clients read Markdown in the titles of fields, and of attachments that lead nowhere; notifications do not."""
    form = "a ![b](https://y.example)"
    message = Message(attachments=[Attachment(title=form, title_link=link, fields=[Field(form, "v")])])
    (one,) = fitted(message)
    (made,) = one.message.attachments
    inert = "a ![b]\u200b(https://y.example)"
    assert (made.title, made.fallback) == (form if made.title_link else inert, form)
    assert made.fields[0].title == inert
