"""Markdown as Mattermost shows it: what it becomes, and what can never come out of it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console import markdown
from tests.console.markup import HOSTILE, Found, unexpected

ATTRIBUTES = {(tag, "class") for tag in markdown.CLASSES} | {("a", "href"), ("a", "rel"), ("ol", "start")}


def html_of(text: str) -> str:
    """The HTML of a Markdown text."""
    return str(markdown.render(text))


@pytest.mark.parametrize("part", ["![", "[", "&#", "#a-", "[a]: <", "x://"])
def test_hostile_markdown_takes_little_time(part):
    """The largest text is shown in some tenths of a second, also where each of its signs could begin a link."""
    started = time.process_time()
    html_of((part * 16_383)[:16_383])
    assert time.process_time() - started < 3


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_markdown_stays_text(hostile):
    """What would be markup or a dangerous link elsewhere is text here, and its words are not lost."""
    html = html_of(hostile)
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
        ("<!here> <a|b>", "<p>&lt;!here&gt; &lt;a|b&gt;</p>"),
        ("<b>x</b> &amp; &lt;", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;</p>"),
    ],
)
def test_markdown_is_read_as_mattermost_reads_it(text, html):
    """Soft breaks, headings below those of the page, mentions, hashtags, channels; emoji names stay, HTML is text."""
    assert html_of(text).strip() == html


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("see https://x.example/_a_/b.", "https://x.example/_a_/b", "https://x.example/_a_/b"),
        ("(https://x.example/a(b))", "https://x.example/a(b)", "https://x.example/a(b)"),
        ("**https://x.example**", "https://x.example", "https://x.example"),
        ("www.x.example!", "http://www.x.example", "www.x.example"),
        ('"https://x.example/a\ufeff","b"', "https://x.example/a", "https://x.example/a"),
        ("ada@x.example", "mailto:ada@x.example", "ada@x.example"),
        ("[t](x.example:8080/a)", "http://x.example:8080/a", "t"),
        ("![alt](https://x.example/i.png)", "https://x.example/i.png", "alt"),
        ("[![badge](https://x.example/i.png)](https://x.example)", "https://x.example", "badge"),
    ],
)
def test_links_lead_where_they_would(text, url, shown):
    """Written and bare links, and images, which are not loaded but linked."""
    found = Found(html_of(text))
    assert found.urls == [url]
    assert shown in found.text
    assert ("a", "rel", markdown.REL) in found.attributes
    assert "img" not in found.tags


def test_a_table_has_its_alignment_without_a_style():
    """The page allows no inline styles: the alignment of a column is a class."""
    html = html_of("|a|b|\n|:-|-:|\n|1|2|")
    assert '<td class="left">1</td>' in html
    assert '<td class="right">2</td>' in html
    assert "style" not in html


@given(
    st.text()
    | st.lists(st.sampled_from(["[a](", "](b)", "`", "*", "~", "|", "\n", "@ada", "#x", "://", "http", *HOSTILE])).map(
        "".join
    )
)
def test_no_text_becomes_markup_of_its_own(text):
    """Whatever is written, also lone surrogates, only listed tags, attributes, classes and schemes come out."""
    html = html_of(text)
    assert not unexpected(html, set(markdown.TAGS), ATTRIBUTES)
    for tag, name, value in Found(html).attributes:
        assert name != "class" or value in markdown.CLASSES[tag]


def test_a_lone_surrogate_is_replaced():
    """JSON can hold half a character; a page cannot."""
    assert html_of("a\ud800b").strip() == "<p>a?b</p>"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://x.example/a?b#c", "https://x.example/a?b#c"),
        ("HTTPS://x.example", "HTTPS://x.example"),
        ("mailto:ada@x.example", "mailto:ada@x.example"),
        ("mailto:1ada@x.example", "mailto:1ada@x.example"),
        ("x.example/a", "http://x.example/a"),
        ("//x.example", "http://x.example"),
        ("x.example:8080", "http://x.example:8080"),
        ("localhost:80/a:b", "http://localhost:80/a:b"),
        (" https://x.example/a b ", "https://x.example/ab"),
        ("java\tscript:alert(1)", ""),
        ("JAVASCRIPT:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("", ""),
        (" / ", ""),
    ],
)
def test_where_a_link_may_lead(url, link):
    """The web and mail programs, a host without a scheme by http, and nowhere else."""
    assert markdown.web_link(url) == link


@given(st.text() | st.sampled_from(HOSTILE) | st.from_regex(r"[a-z]{1,8}:[0-9a-z/@:]{0,12}", fullmatch=True))
def test_a_link_that_may_lead_somewhere_stays_as_it_is(url):
    """What was made a link of is a link again; its scheme is one that is allowed."""
    link = markdown.web_link(url)
    assert markdown.web_link(link) == link
    assert not link or link.partition(":")[0].lower() in markdown.SCHEMES
