"""Textile as Markdown: what each mark becomes, how it is told from Markdown, and that nothing hostile acts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions import TABLE
from gateway.language.functions.markdown import INVISIBLE
from gateway.language.functions.textile import is_textile
from tests.cost import seconds_of

SITE = "https://redmine.example"
PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("h1. Title\nh3(#id). Below\nh2{color:red}. Red", "**Title**\n**Below**\n**Red**"),
        ("*b* _i_ **bb** __ii__ -s- +u+ ??c??", "**b** _i_ **bb** _ii_ ~~s~~ u _c_"),
        ("*all _of -it-_*", "**all _of ~~it~~_**"),
        ("x^2^ is not ^up^ ~down~ %{color:red}red%", "x^2^ is not up down red"),
        ("a-b - c, 1*2*3, snake_case_name, 50% of 60%", "a-b - c, 1\\*2\\*3, snake_case_name, 50% of 60%"),
        ("@code *raw*@ <code>x_y</code> <kbd>Esc</kbd>", "`code *raw*` `x_y` `Esc`"),
        ("ann@x.example and bob@y.example", "ann@x.example and bob@y.example"),
        ('"the *page*(a title)":https://x.example/a_b.', "[the **page**](https://x.example/a_b)."),
        ('("in":https://x.example/a(b)).', "([in](https://x.example/a%28b%29))."),
        ('"here":/issues/3 "mail":mailto:a@x.example', "here [mail](mailto:a@x.example)"),
        ('"top":#top "www":www.x.example', "top [www](https://www.x.example)"),
        ('{"name":"x", "n":1}', '{"name":"x", "n":1}'),
        ('"x":javascript:alert(1) "y":data:text', '"x":javascript:alert(1) "y":data:text'),
        ("!https://x.example/i.png! !shot.png(the screen)!", "[i.png](https://x.example/i.png) the screen"),
        ("!>https://x.example/i.png!:https://x.example/", "[i.png](https://x.example/)"),
        ("Wow! Really! !Yes!", "Wow! Really! !Yes!"),
        ("a == b == c, ==*d*== e", "a == b == c, \\*d\\* e"),
        ("https://x.example/a/-/b and https://x.example/-/c_d_e", "https://x.example/a/-/b and https://x.example/-/c_d_e"),
        ('["it":https://x.example/a]', "[[it](https://x.example/a)]"),
        ("* a\n** b\n** c\n* d", "- a\n   - b\n   - c\n- d"),
        ("# a\n# b\n## c\n## d\n# e\n\n# f\ntext\n# g", "1. a\n2. b\n   1. c\n   2. d\n3. e\n\n4. f\ntext\n1. g"),
        ("# a\n#* b\n# c", "1. a\n   - b\n2. c"),
        ("* a\n** b\n\n# c\n# d", "- a\n   - b\n\n1. c\n2. d"),
        ("#12 is no step\n# step", "#12 is no step\n1. step"),
        ("bq. said\nthat\n\nafter", "> said\n> that\n\nafter"),
        ("> one\n> > two\nafter", "> one\n> > two\n\nafter"),
        ("p(note). one\nfn1. two\n---\nnotextile. *x*", "one\n[1] two\n\n---\n\\*x\\*"),
        ("|_. h|_. i|\n|a|b|\nafter", "| h | i |\n|---|---|\n| a | b |\n\nafter"),
        ("table(x).\n|_.h|_.i|\n|\\2. wide|\n|>. 1|{color:red}. 2|", "| h | i |\n|---|---|\n| wide |  |\n| 1 | 2 |"),
        ("|@a|b@|[[Page|the page]]|-.5|", "| `a\\|b` | the page | -.5 |\n|---|---|---|"),
        ("[[Some_page]] [[Page|label]] [[other:Page#part]] [[#part|there]]", "Some page label Page there"),
        ("see {{include(Page)}} {{thumbnail(a.png, size=300)}} {{toc}}{{x}}", "see Page a.png {{x}}"),
        ("{{collapse(More...)\n* a\n}}\nafter", "**More...**\n- a\nafter"),
        ("{{collapse\nh2. a\n}}", "**a**"),
        ("!{{toc}} !#12 !https", "{{toc}} #12 !https"),
        ("==*raw*== <notextile>*raw*</notextile>", "\\*raw\\* \\*raw\\*"),
        ("<notextile>\nh1. raw\n</notextile>", "h1. raw"),
        ("<pre>\n*raw* <b>\n</pre>", "```\n*raw* <b>\n```"),
        ('a\n<pre><code class="ruby">\nputs a | b\n</code></pre>\nb', "a\n```ruby\nputs a | b\n```\nb"),
        ("<pre>\n<code class='language-c++'>\nx\n</code>\n</pre>", "```c++\nx\n```"),
        ('<code class="sh">\nls\n</code>', "```sh\nls\n```"),
        ("<pre>\nnever closed", "```\nnever closed\n```"),
        ("<b>bold</b> & <script>", "<b>bold</b> & <script>"),
    ],
)  # fmt: skip
def test_textile(source: str, expected: str) -> None:
    """Textile becomes Markdown."""
    assert TABLE["textile"].call(source).replace(INVISIBLE, "") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#7, Bug#8 and #9-2", f"[#7]({SITE}/issues/7), Bug#8 and [#9]({SITE}/issues/9)-2"),
        ('"here":/projects/a', f"[here]({SITE}/projects/a)"),
        ("[[web:Some page#x|it]] [[Own]]", f"[it]({SITE}/projects/web/wiki/Some_page) Own"),
        ("!/images/a.png!", f"[a.png]({SITE}/images/a.png)"),
    ],
)
def test_what_is_on_the_server_is_linked_where_its_address_is_known(source: str, expected: str) -> None:
    """Issues, paths and wiki pages of a named project lead to the Redmine."""
    assert TABLE["textile"].call(source, 4000, SITE + "/") == expected


def test_plain_keys_have_the_words() -> None:
    """Every mark leaves its text."""
    assert TABLE["textile"].call_plain('h1. *Down*: "api":https://x.example, @a_b@') == "Down: api, a_b"
    assert TABLE["textile_or_markdown"].call_plain("h1. Down") == "Down"


@pytest.mark.parametrize(
    "text",
    [
        "h2. Steps",
        "bq. said",
        'see "it":https://x.example',
        "# one\n# two",
        "# one\r\n\r\n# two",
        "* a\n** b",
        "run @make test@",
        "<pre>\nx\n</pre>",
        "|_. a|\n|b|",
        "!https://x.example/i.png!",
        "h2. `Two` marks\nbq. of three",
    ],
)
def test_textile_is_recognised(text: str) -> None:
    """By marks that Markdown does not know."""
    assert is_textile(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words, *emphasis* and -5-",
        "# Heading\ntext\n# Heading",
        "## Steps\n* a",
        "1. a\n2. b",
        "see [it](https://x.example) and `@a@`",
        "```\n# a comment\n# and more\n```",
        "ann@x.example, bob@x.example",
        '{"url":"https://x.example"}',
        "- [ ] todo",
    ],
)
def test_markdown_is_not_taken_for_textile(text: str) -> None:
    """What both know, and what only Markdown knows, stays Markdown."""
    assert not is_textile(text)


def test_the_format_may_be_told() -> None:
    """Who knows what the server is set to says so, and the marks are not asked."""
    call = TABLE["textile_or_markdown"].call
    assert call("# one\n# two", 400, "textile") == "1. one\n2. two"
    assert call("# one\n# two", 400, "markdown") == "**one**\n**two**"
    assert call("# one\n# two", 400, "whatever") == "1. one\n2. two"
    assert call("h2. one", 400, None) == "**one**"


PIECES = """ " ": * ** _ __ @ - + ? ?? ! [[ ]] {{ }} {{collapse <pre> </pre> <code> </code> <notextile> == % %{ ^ ~ h1.
    bq. h1( | |_. |\\2. # > table( https://x.example /a #1 x ( ) <!here> <https://x.example|y> @channel""".split()


@given(st.lists(st.sampled_from([*PIECES, " ", "\n", "\n\n"]), max_size=60).map("".join))
def test_nothing_hostile_acts(source: str) -> None:
    """No mention, no HTML and no link but to what the text links comes out of any text."""
    found = TABLE["textile"].call(source, 16_000)
    assert not re.search(r"(?<![\w/.])@(?:channel|here|all)\b", re.sub(r"`[^`]*`", "", found))
    for token in PARSER.parse(found):
        assert token.type != "html_block"
        for child in token.children or ():
            assert child.type not in ("html_inline", "image")
            assert str(child.attrGet("href") or "https://x.example").startswith(("https://x.example", "mailto:"))


@pytest.mark.parametrize(
    "piece",
    [*PIECES, '"a":', "-a ", "(a)", "{{collapse\n", "{{collapse(a)\n", "* a\n", "# a\n", "|a|", "|@a|", "<code>\n",
     "h1((", "[[a|", "!a(", "{{a(", "__a", "bq. a\n", "> > ", '"a":/'],
)  # fmt: skip
def test_time_grows_with_the_text(piece: str) -> None:
    """No mark that is opened again and again, and never closed, takes longer than others."""
    text = (piece * 40_000)[:40_000]
    assert seconds_of(lambda: TABLE["textile"].call(text, 16_000)) < 0.5
    assert seconds_of(lambda: is_textile(text)) < 0.3
