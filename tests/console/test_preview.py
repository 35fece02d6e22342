"""The preview of messages: Markdown as Mattermost shows it, and never markup of a payload's own."""

import time

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


def text_of(markdown_text: str) -> str:
    """The HTML of a Markdown text."""
    return str(markdown.render(markdown_text))


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


@pytest.mark.parametrize("part", ["![", "[", "&#", "#a-", "[a]: <", "x://"])
def test_hostile_markdown_takes_little_time(part):
    """The largest text is shown in some tenths of a second, also where each of its signs could begin a link."""
    started = time.process_time()
    text_of((part * 16_383)[:16_383])
    assert time.process_time() - started < 3


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_markdown_stays_text(hostile):
    """What would be markup or a dangerous link elsewhere is text here, and its words are not lost."""
    html = text_of(hostile)
    assert not unexpected(html, set(markdown.TAGS), ATTRIBUTES)
    assert not any(name.startswith("on") for _, name, _ in Found(html).attributes)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("**b** _i_ ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>"),
        ("# H", "<h4>H</h4>"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("3. x", '<ol start="3">\n<li>x</li>\n</ol>'),
        ("```go\nx < y\n```", "<pre><code>x &lt; y\n</code></pre>"),
        ("hi @ada, @channel.", '<p>hi <span class="mention">@ada</span>, <span class="mention">@channel</span>.</p>'),
        ("~town #alerts #12", '<p><span class="channel">~town</span> <span class="hashtag">#alerts</span> #12</p>'),
        ("`@ada #x`", "<p><code>@ada #x</code></p>"),
        ("@\u200bchannel :tada:", "<p>@\u200bchannel :tada:</p>"),
        ("<!here>", '<p><span class="mention">@here</span></p>'),
        ("<b>x</b> &amp; &lt;", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;</p>"),
    ],
)
def test_markdown_is_read_as_mattermost_reads_it(text, html):
    """Soft breaks, headings below those of the page, mentions, hashtags, channels; emoji names stay, HTML is text."""
    assert text_of(text).strip() == html


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("see https://x.example/_a_/b.", "https://x.example/_a_/b", "https://x.example/_a_/b"),
        ("(https://x.example/a(b))", "https://x.example/a(b)", "https://x.example/a(b)"),
        ("**https://x.example**", "https://x.example", "https://x.example"),
        ("www.x.example!", "http://www.x.example", "www.x.example"),
        ("ada@x.example", "mailto:ada@x.example", "ada@x.example"),
        ("[t](x.example:8080/a)", "http://x.example:8080/a", "t"),
        ("<https://x.example|t>", "https://x.example", "t"),
        ("![alt](https://x.example/i.png)", "https://x.example/i.png", "alt"),
        ("[![badge](https://x.example/i.png)](https://x.example)", "https://x.example", "badge"),
    ],
)
def test_links_lead_where_they_would(text, url, shown):
    """Written, bare and Slack's links, and images, which are not loaded but linked."""
    found = Found(text_of(text))
    assert found.urls == [url]
    assert shown in found.text
    assert ("a", "rel", markdown.REL) in found.attributes
    assert "img" not in found.tags


def test_a_table_has_its_alignment_without_a_style():
    """The page allows no inline styles: the alignment of a column is a class."""
    html = text_of("|a|b|\n|:-|-:|\n|1|2|")
    assert '<td class="left">1</td>' in html
    assert '<td class="right">2</td>' in html
    assert "style" not in html


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
