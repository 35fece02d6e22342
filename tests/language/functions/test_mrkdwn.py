"""Slack's mrkdwn as Markdown: what each mark becomes, and that nothing hostile acts."""

import time

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
        (":+1::tada: a::b:", ":+1::tada: a::\u200bb:"),
        ("he:\n&gt;&gt;&gt; all\n• of\n*it*", "he:\n> all\n> - of\n> **it**"),
        ("a &gt;&gt;&gt; b", "a >>> b"),
        ("<|x> <@> <!> <#|>", "x @ @ \u200b#"),
        ("<@U1> <!subteam^S1> <!date^1769868300^{date}>", "@\u200bU1 @\u200bS1 2026-01-31"),
        ("<mailto:a@x.example> <tel:1|call>", "[a@x.example](mailto:a@x.example) [call](tel:1)"),
        ("<tel:+4930123>, <tel:javascript:x|y>", "[+4930123](tel:+4930123), y"),
        ("<https://x.example|*b* &lt;i&gt;>", "[**b** <\u200bi>](https://x.example)"),
        (":x: <https://x.example/1|*Disk full*> on `db1`", ":x: **[Disk full](https://x.example/1)** on `db1`"),
        (
            "<https://x.example/c|`9fce`> ~<https://x.example|_old_>~",
            "[`9fce`](https://x.example/c) ~~_[old](https://x.example)_~~",
        ),
        ("*see <https://x.example/?q=*|*all* of it> now*", "**see [all of it](https://x.example/?q=%2A) now**"),
        ("_at <https://x.example/a_b|c_d>_", "_at [c_d](https://x.example/a_b)_"),
        ("<https://x.example|*two\n\nlines*>", "**[two lines](https://x.example)**"),
        ("<https://x.example|a :tada: b\nc> d\ne", "[a :tada: b c](https://x.example) d\ne"),
        ("<!date^1769868300^on {date_long} at {time}>", "on 2026-01-31 at 14:05 UTC"),
        ("<!date^1769868300^{date}^https://x.example|31 Jan>", "[31 Jan](https://x.example)"),
        ("<!date^soon^{date}>", "soon"),
        ("```yaml\na: 1\n```", "```yaml\na: 1\n```"),
        ("```error\nat 1\n```", "```\nerror\nat 1\n```"),
        ("log:\n```\ncut off he", "log:\n```\ncut off he\n```"),
        ("`<https://x.example|a>` `&amp;`", "`<https://x.example|a>` `&`"),
        ("not * bold*, not_italic_, 5~6~7", "not \\* bold\\*, not_italic\\_, 5~6~7"),
        ("  • in\n  1. one", "  - in\n  1. one"),
    ],
)
def test_mrkdwn(source: str, expected: str) -> None:
    """Slack's marks become Markdown's, references become names that mention nobody."""
    assert TABLE["mrkdwn"].call(source) == expected


def test_a_long_text_says_how_much_is_left_out() -> None:
    """A cut block of code is closed; nothing is cut that fits."""
    text = "word " * 5000
    assert TABLE["mrkdwn"].call(text, 40_000) == text
    cut = TABLE["mrkdwn"].call("```\n" + text, 2000)
    assert cut.endswith("…\n```\n\n_(23,004 more characters are left out)_")


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("<https://x.example/?a=1&amp;b=2|*api*> and <https://y.example>", "https://x.example/?a=1&b=2"),
        ("<@U1> <mailto:a@x.example> <https://y.example>", "https://y.example"),
        ("<javascript:alert(1)|x> <https://>", None),
        (None, None),
        (7, None),
    ],
)
def test_the_first_link(title: str, link: str) -> None:
    """Only an address that a browser opens is one."""
    assert TABLE["mrkdwn_link"].call(title) == link


@pytest.mark.parametrize(
    "piece", ["`", "a\n", "<b>", "<a|", "*a ", "*<a|*", "_<", "<https://x|*", "https://", "<!date^1^{a}", "```a\n"]
)
def test_time_grows_with_the_text(piece: str) -> None:
    """Hostile texts of the greatest length take as long as others."""
    text = (piece * 80_000)[:80_000]
    started = time.thread_time()
    TABLE["mrkdwn"].call(text, 80_000)
    assert time.thread_time() - started < 1


def test_plain_keys_have_the_words() -> None:
    """Every mark leaves its text, every link its label."""
    assert TABLE["mrkdwn"].call_plain("*Down*: <https://x.example|api> &amp; `a_b` <!here>") == "Down: api & a_b @here"


def test_plain_keys_draw_emoji() -> None:
    """Mattermost shows their names there as they are; a name of the workspace's own stays."""
    assert TABLE["mrkdwn"].call_plain(":fire: <https://x.example|*api*> :acme: 10:20:30") == "🔥 api :acme: 10:20:30"
