"""Jira's wiki markup as Markdown: what each mark becomes, and that nothing hostile acts."""

import pytest

from gateway.language.functions import TABLE


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("h1. Title\nbq. said", "**Title**\n> said"),
        ("*b* _i_ -s- +u+ {{a_b}} ??c??", "**b** _i_ ~~s~~ u `a_b` _c_"),
        ("a-b - c, 1*2*3", "a-b - c, 1\\*2\\*3"),
        (
            "[page|https://x.example/a] [https://x.example]",
            "[page](https://x.example/a) [https://x.example](https://x.example)",
        ),
        ("[t|javascript:x] [WIP] now", "t [WIP] now"),
        (
            "[~ann] [^log.txt] !https://x.example/i.png|thumbnail!",
            "@\u200bann log.txt [i.png](https://x.example/i.png)",
        ),
        ("* a\n** b\n# c", "- a\n   - b\n1. c"),
        ("||h||i||\n|a|b|", "| h | i |\n|---|---|\n| a | b |"),
        ("{color:red}red{color}", "red"),
        ("{code:java}\nint *a;\n{code}", "```java\nint *a;\n```"),
        ("{code:title=x.py|borderStyle=solid}\na\n{code}", "```\na\n```"),
        ("{noformat}\n*raw*\n{noformat}", "```\n*raw*\n```"),
        ("{quote}a\nb{quote}", "> a\n> b"),
        ("{panel:title=Note|x=y}in{panel}", "> **Note**\n> in"),
    ],
)
def test_jira(source: str, expected: str) -> None:
    """Jira's wiki markup becomes Markdown."""
    assert TABLE["jira"].call(source).strip("\n").replace("]\u200b", "]") == expected
