"""The preview of messages: Markdown as Mattermost shows it, and never markup of a payload's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console import markdown, preview
from gateway.console.web.rendering import Rendering
from tests.console.markup import HOSTILE, Found, unexpected

FRAME = {"article", "header", "strong", "span", "div", "details", "summary", "svg", "rect", "p", "dl", "dt", "dd"}
TAGS = markdown.TAGS | FRAME | {"button"}
ATTRIBUTES = (
    {(tag, "class") for tag in TAGS}
    | {("a", "href"), ("a", "rel"), ("ol", "start"), ("button", "type"), ("button", "disabled")}
    | {("svg", name) for name in ("width", "height", "aria-hidden")}
    | {("rect", name) for name in ("width", "height", "fill")}
)

RENDERING = Rendering({}, str)


def render(payload) -> str:
    """The HTML of a message."""
    return RENDERING.part("_message.html", "message", preview.view(payload))


WORDS = st.one_of(st.text(max_size=80), st.sampled_from(HOSTILE), st.lists(st.sampled_from(HOSTILE)).map("\n\n".join))
LEAVES = WORDS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))


def objects(*names: str, **more: st.SearchStrategy) -> st.SearchStrategy:
    """Objects with any of these keys, whose values are texts as a rule and anything now and then."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, WORDS | ANYTHING) | more)


ATTACHMENTS = objects(
    *"color pretext author_name author_link author_icon title title_link text image_url thumb_url footer".split(),
    fields=st.lists(objects("title", "value", "short"), max_size=3) | ANYTHING,
    actions=st.lists(objects("name", "type", "style", "url"), max_size=3) | ANYTHING,
)
PAYLOADS = objects(
    *"text username icon_url icon_emoji channel silent".split(),
    attachments=st.lists(ATTACHMENTS, max_size=3) | ANYTHING,
    props=objects("card") | ANYTHING,
    priority=objects("priority", "requested_ack", "persistent_notifications") | ANYTHING,
)


@given(PAYLOADS)
def test_no_payload_makes_markup_of_its_own(payload):
    """Whatever stands in whatever field, only listed tags and attributes come out, and only harmless links."""
    assert not unexpected(render(payload), TAGS, ATTRIBUTES)


@given(ANYTHING)
def test_anything_has_a_preview(payload):
    """A payload of the wrong shape is shown as far as it can be, and raises nothing."""
    assert not unexpected(render(payload), TAGS, ATTRIBUTES)


def test_a_whole_message():
    """Name, icon, priority, attachment with colour, fields side by side, image, buttons nobody can press, and card."""
    html = render(
        {
            "text": "hello",
            "username": "GitHub",
            "icon_url": "https://x.example/i.png",
            "channel": "ops",
            "priority": {"priority": "urgent", "requested_ack": True},
            "props": {"card": "**more**"},
            "attachments": [
                {
                    "color": "danger",
                    "pretext": "before",
                    "author_name": "Ada",
                    "title": "A *plain* title",
                    "title_link": "https://x.example",
                    "text": "_body_",
                    "fields": [{"title": "State", "value": "**down**", "short": True}, {"title": "Long", "value": 7}],
                    "image_url": "https://x.example/big.png",
                    "footer": "foot",
                    "actions": [{"name": "Close", "style": "danger"}, {"name": "Pick", "type": "select"}],
                }
            ],
        }
    )
    found = Found(html)
    for words in ("GitHub", "urgent", "acknowledgement requested", "in the channel ops", "Ada", "before", "Pick ▾"):
        assert words in found.text
    assert ("rect", "fill", "#e40303") in found.attributes
    assert ">A *plain* title</a>" in html
    assert "<em>body</em>" in html
    assert html.count('class="short"') == 1
    assert '<dd class="markdown"><p>7</p>' in html
    assert html.count(" disabled>") == 2
    assert "https://x.example/big.png" in found.urls
    assert "img" not in found.tags


@pytest.mark.parametrize(
    ("color", "fill"),
    [
        ("good", "#00c100"),
        ("#abc", "#aabbcc"),
        ("ff0000", "#ff0000"),
        ("red; x", preview.NO_COLOR),
        (None, preview.NO_COLOR),
    ],
)
def test_colours(color, fill):
    """Named colours, hex as senders write it, and grey for what is none."""
    assert ("rect", "fill", fill) in Found(render({"attachments": [{"color": color}]})).attributes
