"""What reaches an incoming webhook: the server finds nothing in it to rewrite, and readers see what was meant."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mattermost.fit import fitted
from gateway.mattermost.for_hook import for_hook
from gateway.mattermost.payload import Action, Attachment, Field, Integration, Message, Option, Props, decode, encode
from gateway.standin.incoming import posts, read
from tests.cost import seconds_of

Z = "\u200b"
USER = "uuuuuuuuuuuuuuuuuuuuuuuuuu"


def sent(text: str) -> str:
    """A text of a message as it goes to a hook."""
    return decode(for_hook(encode(Message(text=text)))).text or ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Promise<string|null>", "Promise&lt;string|null>"),
        ("`Promise<string|null>`", "`Promise\u2039string|null>`"),
        ("```ts\na: Map<K|V>\n```\n<a|b>", "```ts\na: Map\u2039K|V>\n```\n&lt;a|b>"),
        ("`sort < in | uniq > out`", "`sort \u2039 in | uniq > out`"),
        ("<http://a|http://b>", "&lt;http://a|http://b>"),
        ("<!here> `<!all>`", f"<{Z}!here> `<{Z}!all>`"),
        (f"<@{USER}>", f"<{Z}@{USER}>"),
        ("<!here|x>", "&lt;!here|x>"),
        ("<<!here>|x>", "&lt;&lt;!here>|x>"),
        ("a < b\n| c | d |\n> e", "a &lt; b\n| c | d |\n> e"),
        ("a < b > c | d", "a < b > c | d"),
        ("a | b < c > d", "a | b < c > d"),
        ("<a|> <|b>", "<a|> <|b>"),
        ("<!everyone> <b>", "<!everyone> <b>"),
    ],
)
def test_what_the_server_would_rewrite(text: str, expected: str) -> None:
    """An entity in text, a look-alike in code, an invisible character where only a mention would begin."""
    assert sent(text) == expected


def test_every_text_that_the_server_rewrites() -> None:
    """Text, pretext, values, and mentions in titles; other keys are sent as they are, since no entity is read there."""
    form = f"<!here> <@{USER}> <a|b>"
    part = Attachment(form, "good", form, form, title=form, text=form, fields=[Field(form, form)], footer=form)
    message = Message(text=form, username="x", attachments=[part], props=Props(form))
    found = decode(for_hook(encode(message)))
    inert, announced = f"<{Z}!here> <{Z}@{USER}> &lt;a|b>", f"<{Z}!here> <{Z}@{USER}> <a|b>"
    # the first pipe makes a target of all that stands before it
    whole = inert.replace(f"<{Z}", "&lt;")
    (shown,) = found.attachments
    assert [found.text, shown.pretext, shown.text, shown.fields[0].value] == [whole] * 4
    assert shown.title == announced
    assert [shown.fallback, shown.author_name, shown.footer, shown.fields[0].title, found.props.card] == [form] * 5
    assert (found.username, shown.color) == ("x", "good")


@pytest.mark.parametrize("text", ["usual", "a < b", "<b> and <https://x.example>", "| a | b |"])
def test_the_usual_message_is_not_read(text: str) -> None:
    """What holds nothing of Slack's comes back as the same bytes."""
    payload = encode(Message(text=text))
    assert for_hook(payload) is payload


def test_a_post_is_never_longer_than_it_may_be() -> None:
    """Where entities would make a text too long, look-alikes take their place: the server would cut it anywhere."""
    text = "<a|b> " * 2730
    shown = sent(text)
    assert len(shown) == len(text) <= 16_383
    assert shown == text.replace("<", "\u2039")


PIECES = st.sampled_from(
    [
        "<",
        "|",
        ">",
        "<!here>",
        "<!",
        f"<@{USER}>",
        "@here",
        "a",
        " ",
        "\n",
        "`",
        "```\n",
        "&lt;",
        "http://a",
        Z,
        "[x](y)",
    ]
)
SOUP = st.lists(PIECES, max_size=24).map("".join)


@settings(max_examples=400, deadline=None)
@given(SOUP, SOUP)
def test_the_server_rewrites_nothing(text: str, title: str) -> None:
    """Whatever a payload holds, in every text, is stored as it was sent, and read as it was meant."""
    part = Attachment("f", None, text, title, title=title, text=text, fields=[Field(title, text)], footer=text)
    for one in fitted(Message(text=text, attachments=[part])):
        payload = for_hook(one.payload)
        (stored,) = posts(read(payload), {USER: "joe"})
        wire = decode(payload)
        assert stored.message == (wire.text or "")
        for kept, own in zip(stored.attachments, wire.attachments, strict=True):
            assert [kept[name] or None for name in ("pretext", "text", "title")] == [own.pretext, own.text, own.title]
            assert [field["value"] for field in kept["fields"] or ()] == [field.value for field in own.fields]
        assert _seen(wire.text) == _seen(one.message.text)


def _seen(text: str | None) -> str:
    """The text with its entities read, and without what cannot be seen."""
    return re.sub(Z, "", html.unescape(text or "").replace("\u2039", "<"))


@pytest.mark.parametrize("text", ["<" * 60_000 + "|a>", "<a|" * 20_000 + ">", "<`|" * 20_000 + "`>", "<!here>" * 9_000])
def test_time_is_linear(text: str) -> None:
    """Texts that begin the same form over and over take no longer than others."""
    payload = encode(Message(attachments=[Attachment(text=text)]))
    assert seconds_of(lambda: for_hook(payload)) < 0.5


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(["<a|b>", "<<<<|x>", "é<|>", "`<a|b>`"]), min_size=1, max_size=3), st.integers(1, 3))
def test_what_fits_still_fits(pieces: list[str], times: int) -> None:
    """A message that holds as much as may be is within the limits of the server on the wire, too."""
    text = "".join(pieces) * (2000 * times)
    for one in fitted(Message(text=text, attachments=[Attachment(text=text) for _ in range(4)])):
        payload = for_hook(one.payload)
        assert len(payload) <= 300_512
        assert len(posts(read(payload), {})) == 1


def test_what_only_a_destination_over_rest_understands() -> None:
    """A hook is sent the message without it."""
    message = Message(text="a", channel="alerts", channel_id="c" * 26, root_id="r" * 26)
    assert for_hook(encode(message)) == encode(Message(text="a", channel="alerts"))
    for text in ('"channel_id":"c"', '"root_id":'):
        payload = encode(Message(text=text))
        assert for_hook(payload) is payload


def test_the_buttons_of_a_message_stay() -> None:
    """Their names are no Markdown; what comes back with a click comes back as it was."""
    where = Integration("https://gate.example/action/x", {"ticket": "k.b.m"})
    button = Action(id="a1", name="<a|b>", type="button", style="primary", integration=where)
    menu = Action(id="a2", name="M", type="select", options=[Option("1 h", "1h")], integration=where)
    message = Message(attachments=[Attachment(text="<a|b>", actions=[button, menu])])
    [shown] = decode(for_hook(encode(message))).attachments
    assert (shown.text, shown.actions) == ("&lt;a|b>", [button, menu])
