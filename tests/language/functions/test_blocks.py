"""Slack's blocks and rich text as Markdown: what each kind becomes, and that hostile ones do no harm."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.language.functions import TABLE
from tests.cost import pace
from tests.language.functions.pieces import line, rich

KINDS = """section context actions divider header image video rich_text markdown table file card alert rich_text_section
    rich_text_list rich_text_quote rich_text_preformatted text link emoji user date mrkdwn plain_text button
    overflow plan task_card data_table data_visualization input context_actions feedback_buttons
    radio_buttons""".split()
KEYS = """text fields elements accessory title url image_url rows style bold indent blocks options tasks sources chart
    series data label value status level element details""".split()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["https://x.example", "*a*"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        | st.builds(
            lambda kind, rest: {**rest, "type": kind},
            st.sampled_from(KINDS),
            st.dictionaries(st.sampled_from(KEYS), inner),
        )
    ),
    max_leaves=25,
)


def markdown(*blocks: Any, n: int = 6000) -> str:
    """The blocks as Markdown."""
    return str(TABLE["blocks"].call(list(blocks), n))


def words(text: str, kind: str = "mrkdwn") -> dict[str, str]:
    """A text object."""
    return {"type": kind, "text": text}


BLOCKS = {
    "header": ({"type": "header", "text": words(":tada: *v2*", "plain_text")}, r"**:tada: \*v2\***"),
    "section": (
        {"type": "section", "text": words("*a* &amp; <https://x.example|b>")},
        "**a** & [b](https://x.example)",
    ),
    "a field with its name": ({"type": "section", "fields": [words("*Where*\nprod")]}, "**Where**: prod"),
    "a field with a colon": ({"type": "section", "fields": [words("*Where:*\nprod")]}, "**Where:** prod"),
    "context": (
        {
            "type": "context",
            "elements": [{"type": "image", "image_url": "https://x.example/i", "alt_text": "i"}, words("by *Ada*")],
        },
        "by **Ada**",
    ),
    "a context of pictures": (
        {"type": "context", "elements": [{"type": "image", "image_url": "https://x.example/i", "alt_text": "i"}]},
        "[i](https://x.example/i)",
    ),
    "image": (
        {"type": "image", "image_url": "https://x.example/i", "alt_text": "a [b]", "title": words("T", "plain_text")},
        "**T**\n![a (b)](https://x.example/i)",
    ),
    "an image that only Slack has": ({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "graph"}, "graph"),
    "an image for members of Slack": (
        {"type": "image", "slack_file": {"url": "https://files.x.example/F1"}, "alt_text": "graph"},
        "[graph](https://files.x.example/F1)",
    ),
    "an alert": (
        {"type": "alert", "level": "error", "text": words("*api* is down")},
        ":no_entry: **Error:** **api** is down",
    ),
    "an alert of no level": ({"type": "alert", "text": words("Hello", "plain_text")}, "Hello"),
    "a task": (
        {
            "type": "task_card",
            "task_id": "t1",
            "title": "Read the *logs*",
            "status": "in_progress",
            "details": rich(line(words("of api", "text"))),
            "output": rich(line(words("3 errors", "text"))),
            "sources": [
                {"type": "url", "url": "https://x.example/l", "text": "log"},
                {"type": "url", "url": "https://y.example"},
            ],
        },
        ":arrows_counterclockwise: **Read the \\*logs\\*** (in progress)\nof api\n3 errors\n"
        "Sources: [log](https://x.example/l) · [https://y.example](https://y.example)",
    ),
    "a plan": (
        {
            "type": "plan",
            "title": "Repair",
            "tasks": [{"title": "Find", "status": "complete"}, {"title": "Mend", "status": "pending"}],
        },
        "**Repair**\n\n:white_check_mark: **Find** (complete)\n\n:hourglass_flowing_sand: **Mend** (pending)",
    ),
    "a file": ({"type": "file", "source": "remote", "external_id": "doc-7"}, "doc-7"),
    "a file that was fetched": (
        {"type": "file", "external_id": "doc-7", "file": {"title": "Plan_1", "permalink": "https://x.example/f"}},
        "[Plan_1](https://x.example/f)",
    ),
    "an input": (
        {
            "type": "input",
            "label": words("Where", "plain_text"),
            "hint": words("one of them", "plain_text"),
            "element": {
                "type": "radio_buttons",
                "options": [{"text": words("eu", "plain_text")}, {"text": words("us", "plain_text")}],
                "initial_option": {"text": words("us", "plain_text")},
            },
        },
        "**Where**\n`eu` · **`us`**\none of them",
    ),
    "context actions": (
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "positive_button": {"text": words("Good")},
                    "negative_button": {"text": words("Bad")},
                },
                {"type": "icon_button", "icon": "trash", "text": words("Delete", "plain_text")},
            ],
        },
        "`Good` · `Bad` · `Delete`",
    ),
    "a button for a workflow": (
        {
            "type": "actions",
            "elements": [
                {
                    "type": "workflow_button",
                    "text": words("Run"),
                    "workflow": {"trigger": {"url": "https://x.example/w"}},
                },
                {"type": "static_select", "initial_option": {"text": words("eu", "plain_text")}},
                {"type": "datepicker", "initial_date": "2026-01-31"},
            ],
        },
        "[Run](https://x.example/w) · `eu` · `2026-01-31`",
    ),
    "a container with a rich title": (
        {
            "type": "container",
            "rich_text_title": rich(line(words("T", "text"))),
            "subtitle": words("s"),
            "child_blocks": [{"type": "divider"}, {"type": "section", "text": words("inner")}],
        },
        "**T**\ns\ninner",
    ),
    "a carousel": (
        {
            "type": "carousel",
            "elements": [
                {"type": "card", "title": words("*A*"), "body": words("b")},
                {"type": "card", "title": words("C")},
            ],
        },
        "**A**\nb\n**C**",
    ),
    "video": (
        {
            "type": "video",
            "title": words("Demo", "plain_text"),
            "title_url": "https://x.example/v",
            "description": words("3 min"),
            "author_name": "Ada_L",
            "provider_name": "Tube",
        },
        "[Demo](https://x.example/v)\nAda_L · Tube\n3 min",
    ),
    "actions": (
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": words("Open", "plain_text"), "url": "https://x.example"},
                {"type": "button", "text": words("Retry", "plain_text")},
                {"type": "static_select", "placeholder": words("Choose", "plain_text")},
                {"type": "overflow", "options": [{"text": words("More", "plain_text"), "url": "https://x.example/m"}]},
            ],
        },
        "[Open](https://x.example) · `Retry` · `Choose` · [More](https://x.example/m)",
    ),
    "a button that leads nowhere good": (
        {"type": "section", "accessory": {"type": "button", "text": words("Go"), "url": "javascript:x"}},
        "`Go`",
    ),
    "markdown": ({"type": "markdown", "text": "# Head\n*it*"}, "**Head**\n*it*"),
    "table": (
        {
            "type": "table",
            "rows": [
                [{"type": "raw_text", "text": "a|b"}, {"type": "raw_text", "text": "c"}],
                [rich(line(words("1", "text")))],
            ],
        },
        "| a\\|b | c |\n|---|---|\n| 1 |  |",
    ),
    "a kind of tomorrow": (
        {
            "type": "card",
            "title": words("T"),
            "body": words("b"),
            "actions": [{"type": "button", "text": words("Go"), "url": "https://x.example"}],
        },
        "**T**\nb\n[Go](https://x.example)",
    ),
    "a container": ({"type": "container", "child_blocks": [{"type": "section", "text": words("inner")}]}, "inner"),
    "a bare text": ({"type": "section", "text": "*a*"}, "**a**"),
}


@pytest.mark.parametrize(("block", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_each_kind_of_block(block: dict[str, Any], expected: str) -> None:
    """Every kind of block becomes the Markdown that shows the same."""
    assert markdown(block) == expected


def test_rules_stand_between_blocks_only() -> None:
    """A rule at an end or after another one separates nothing."""
    rule, text = {"type": "divider"}, {"type": "section", "text": words("a")}
    assert markdown(rule, text, rule, rule, text, rule) == "a\n\n---\n\na"


def test_a_cut_falls_between_blocks() -> None:
    """What is too long ends after a whole block, so that no mark stays open."""
    text = {"type": "section", "text": words("*" + "a" * 50 + "*")}
    assert markdown(text, text, text, n=120) == "\n\n".join([f"**{'a' * 50}**"] * 2 + ["…"])
    code = {"type": "rich_text", "elements": [line(words("x " * 500, "text"), kind="rich_text_preformatted")]}
    assert markdown(code, n=100).count("```") == 2


def test_nesting_and_number_are_bounded() -> None:
    """Blocks in blocks in blocks, and thousands of them, end somewhere."""
    deep: dict[str, Any] = {"type": "section", "text": words("x")}
    for _ in range(50):
        deep = {"type": "container", "blocks": [deep]}
    assert markdown(deep) == ""
    assert len(markdown(*[{"type": "section", "text": words("x" * 3000)}] * 5000)) < 7000


def test_a_long_message_is_whole_and_says_what_is_left_out() -> None:
    """More than a post of Mattermost holds is no reason to cut; what is beyond five of them is counted."""
    text = {"type": "section", "text": words("a" * 3000)}
    assert markdown(*[text] * 20, n=80_000).count("a") == 60_000
    assert markdown(*[text] * 40, n=80_000).endswith("a\n\n_(14 more blocks are left out)_")


def test_plain_text_keys_get_bare_words() -> None:
    """In a title there is no markup."""
    assert TABLE["blocks"].call_plain([{"type": "section", "text": words("*a* <https://x.example|b> :x:")}]) == "a b ❌"


@settings(max_examples=80, deadline=None)
@given(value=st.lists(VALUES, max_size=5) | VALUES)
def test_nothing_raises_or_runs_on(value: Any) -> None:
    """Any value where blocks are expected gives text of bounded length."""
    found = TABLE["blocks"].call(value)
    assert found is None or len(found) < 8000


@pytest.mark.parametrize("text", ["`", "a\n", "<b>", "<a|", "*a "])
def test_time_grows_with_what_is_shown(text: str) -> None:
    """Many large blocks are not all rendered: a message shows the first of them."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text * 4000}}
    odd = {"title": text * 4000, "text": text * 4000, "fields": [{"text": text * 4000}] * 50}
    started = time.thread_time()
    TABLE["blocks"].call([section, odd] * 400)
    assert (time.thread_time() - started) / pace() < 0.4
