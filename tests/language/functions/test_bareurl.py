"""Bare URLs in escaped text: the table is what the parser of Mattermost's web client links, tried with it."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.language.functions.bareurl import END, whole_urls
from gateway.language.functions.markdown import INVISIBLE, escape
from tests.cost import seconds_of

X = "https://x.example"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{X}/s?q=*&r=1 and on", f"{X}/s?q=%2A&r=1 and on"),
        (f"{X}/#/?_g=(f:!(),t:(a:b))&_a=(q:'b:c*')", f"{X}/#/?_g=%28f:!%28%29,t:%28a:b%29%29&_a=%28q:%27b:c%2A%27%29"),
        (f"(see {X}/a_(b)).", f"(see {X}/a_%28b%29)."),
        (f"{X}/a|b?c={{d}}&e=[f]^g", f"{X}/a%7Cb?c=%7Bd%7D&e=%5Bf%5D%5Eg"),
        (f"{X}/a_ {X}/b~ {X}/~me/__init__.py", f"{X}/a%5F {X}/b%7E {X}/~me/__init__.py"),
        (f"{X}/a~~b~~", f"{X}/a%7E%7Eb%7E%7E"),
        (f"_{X}/a_b_ *{X}/a*", f"\\_{X}/a_b{END}\\_ \\*{X}/a{END}\\*"),
        (f"'{X}/a','{X}/b'", f"'{X}/a{END}','{X}/b'"),
        (f"{X}/a,{X}/b|{X}/c", f"{X}/a{END},{X}/b{END}|{X}/c"),
        (f'{{"url":"{X}/a","b":1}}', f'{{"url":"{X}/a{END}","b":1}}'),
        (f"<{X}|label> <{X}/b>", f"&lt;{X}{END}|label> &lt;{X}/b> ".strip()),
        (f"[x]({X}/y).", f"[x]{INVISIBLE}({X}/y)."),
        (f"{X}/q?a=1&copy;=2;b", f"{X}/q?a=1&copy%3B=2;b"),
        (f"{X}/a... {X}/b!? {X}/c\\nd", f"{X}/a... {X}/b!? {X}/c{END}\\nd"),
        ("http://[::1]:8080/a[1]", "http://[::1]:8080/a%5B1%5D"),
        ("https://*.x.example {a}://b", f"https:{END}//\\*.x.example {{a}}://b"),
        ("www.x.example/a*b_ HTTPS://x.example/A(b)", "www.x.example/a%2Ab%5F https://x.example/A%28b%29"),
        (f"见 {X}/路径。下 “{X}/a”", f"见 {X}/路径{END}。下 “{X}/a{END}”"),
        (f"{X}/a)b {X}/a(b {X}/a(", f"{X}/a)b {X}/a%28b {X}/a{END}("),
        (f"{X}/@joe/x?@all", f"{X}/@%6Aoe/x?@%61ll"),
        (f"git+{X}/a* my{X}/a*", f"git+{X}/a%2A my{X}/a\\*"),
    ],
)  # fmt: skip
def test_all_of_a_url_is_linked(text: str, shown: str) -> None:
    """Signs in a URL are encoded; behind one that a text goes on after, something ends it for the clients."""
    assert escape(text) == shown


@pytest.mark.parametrize("text", [f"{X}/a?b=c&d=%20#e", f"see {X}, and {X}/a-b/c.", "no URL: a://b", f"{X}:8080/"])
def test_usual_urls_stay_as_they_are(text: str) -> None:
    """What the clients link anyway is not touched."""
    assert whole_urls(text) == text


URLS = st.lists(st.sampled_from([f"{X}/a", f"{X}/b", *"()[]{}'|*_~^!;,.:?&=%/a \n\"<>"]), max_size=30).map("".join)


@given(URLS)
@example(f"{X}/(a,{X}/b)")
def test_nothing_is_lost(text: str) -> None:
    """Read with its percent-encoding and without what cannot be seen, the text is what it was."""
    seen = re.sub(f"[{END}{INVISIBLE}]", "", whole_urls(text))
    assert re.sub("%(2[78A]|5[BDEF]|7[BCDE]|3B)", lambda found: chr(int(found[1], 16)), seen) == text


@given(URLS)
def test_a_url_ends_where_it_is_linked_to(text: str) -> None:
    """Between a scheme and the next white space, or sign that ends a URL for the clients, stands nothing that acts."""
    for url in re.findall(rf"https://[^\s{END}()\[\]{{}}\"<>]+", whole_urls(text)):
        assert not set(url) & set("'|*^") - ({"'"} if url.rstrip(".,:;!?'") != url else set()), url


@pytest.mark.parametrize(
    "text",
    [f"{X}|" * 8_000, f"{X}/" + "(" * 100_000, f"{X}/" + "&a;" * 30_000, "https://" * 12_000, "www." * 25_000],
)
def test_time_is_linear(text: str) -> None:
    """URLs that go on for ever are read once."""
    assert seconds_of(lambda: whole_urls(text)) < 0.5
