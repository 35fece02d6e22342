"""Slack's mrkdwn as Markdown: what each mark becomes, and that nothing hostile acts."""

import pytest

from gateway.language.functions import TABLE


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*b* _i_ ~s~ `c*d`", "**b** _i_ ~~s~~ `c*d`"),
        ("a * b * c, 2*3*4 and snake_case_x", "a \\* b \\* c, 2\\*3\\*4 and snake_case_x"),
        ("*a _b_ c*", "**a _b_ c**"),
        ("<https://x.example/a?b=1&amp;c=2|label>", "[label](https://x.example/a?b=1&c=2)"),
        ("<https://x.example/a>", "https://x.example/a"),
        ("<mailto:a@x.example|Ann>", "[Ann](mailto:a@x.example)"),
        ("<javascript:x|label>", "label"),
        ("<@U1|ann> <#C1|general> <!subteam^S1|@ops> <!here>", "@\u200bann #general @\u200bops @\u200bhere"),
        ("<!date^1769868300^{date}|31 Jan>", "31 Jan"),
        ("&lt;b&gt; &amp;amp;", "<\u200bb> &\u200bamp;"),
        ("&gt; said\n• one\n2. two", "> said\n- one\n2. two"),
        ("see ```a\n *b* &lt;``` end", "see \n```\na\n *b* <\n```\nend"),
        (":tada:", ":tada:"),
        ("<|x> <@> <!> <#|>", "x @ @ \u200b#"),
        ("<@U1> <!subteam^S1> <!date^1769868300^{date}>", "@\u200bU1 @\u200bS1 1769868300"),
        ("<mailto:a@x.example> <tel:1|call>", "[a@x.example](mailto:a@x.example) call"),
        ("<https://x.example|*b* &lt;i&gt;>", "[\\*b\\* <\u200bi>](https://x.example)"),
        ("`<https://x.example|a>` `&amp;`", "`\u2039\u200bhttps://x.example|a>` `&`"),
        ("not * bold*, not_italic_, 5~6~7", "not \\* bold\\*, not_italic\\_, 5~6~7"),
        ("  • in\n  1. one", "  - in\n  1. one"),
    ],
)
def test_mrkdwn(source: str, expected: str) -> None:
    """Slack's marks become Markdown's, references become names that mention nobody."""
    assert TABLE["mrkdwn"].call(source) == expected


def test_plain_keys_have_the_words() -> None:
    """Every mark leaves its text, every link its label."""
    assert TABLE["mrkdwn"].call_plain("*Down*: <https://x.example|api> &amp; `a_b` <!here>") == "Down: api & a_b @here"
