"""HTML as Markdown: what stays, what goes, and that its parser stays quiet."""

import subprocess
import sys

import pytest

from gateway.language.functions import TABLE


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<h1>T*</h1><p>a<br>b</p>", "**T\\***\n\na\nb"),
        (
            '<a href="https://x.example/(a)">ok</a> <a href="javascript:x">bad</a>',
            "[ok](https://x.example/%28a%29) bad",
        ),
        ('<img src="https://x.example/i.png" alt="pic">', "[pic](https://x.example/i.png)"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<pre>x\n  y</pre>", "```\nx\n  y\n```"),
        ("<style>x</style><script>y</script>z<!-- c -->", "z"),
        ("@channel &lt;b&gt;", "@\u200bchannel <\u200bb>"),
        ("<b>" * 500 + "deep", "deep"),
        ('<ol start="²"><li>a</li></ol>', "1. a"),
    ],
)
def test_html(source: str, expected: str) -> None:
    """HTML becomes Markdown; scripts, comments and what nests beyond reason do not."""
    assert TABLE["html"].call(source) == expected


def test_html_that_looks_like_something_else() -> None:
    """The parser's guesses about it reach no log."""
    sources = ["https://x.example/page", "page.html", "<?xml version='1.0'?><a>b</a>"]
    code = f"from gateway.language.functions import TABLE\nfor one in {sources}: TABLE['html'].call(one)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
