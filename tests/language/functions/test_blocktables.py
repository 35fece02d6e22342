"""Tables and charts of Slack's blocks."""

from typing import Any

import pytest

from gateway.language.functions.blocktables import chart, table
from tests.language.functions.pieces import line, rich


def raw(text: Any) -> dict[str, Any]:
    """A cell of text."""
    return {"type": "raw_text", "text": text}


TABLES = {
    "columns are aligned": (
        {
            "rows": [[raw("Name"), raw("Size"), raw("Kind")], [raw("a"), raw("1"), raw("x")]],
            "column_settings": [None, {"align": "right"}],
        },
        "| Name | Size | Kind |\n|---|--:|---|\n| a | 1 | x |",
    ),
    "numbers and controls": (
        {
            "rows": [
                [raw("n"), raw("go")],
                [
                    {"type": "raw_number", "value": 1.5},
                    {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://x.example"},
                ],
            ]
        },
        "| n | go |\n|---|---|\n| 1.5 | [Open](https://x.example) |",
    ),
    "rich text on one line": (
        {"rows": [[raw("a")], [rich(line({"type": "text", "text": "b\nc|d", "style": {"bold": True}}))]]},
        "| a |\n|---|\n| **b c\\|d** |",
    ),
    "no rows": ({"rows": None}, ""),
    "rows that are none": ({"rows": ["a", 7, []]}, "| a |\n|---|\n| 7 |"),
}


@pytest.mark.parametrize(("block", "expected"), TABLES.values(), ids=TABLES)
def test_a_table(block: dict[str, Any], expected: str) -> None:
    """The first row is the head."""
    assert table(block) == expected


def test_long_tables_say_how_many_rows_are_left_out() -> None:
    """A reader sees fifty of them."""
    assert table({"rows": [[raw("a")]] * 300}).endswith("\n… and 249 more rows")


CHARTS = {
    "a pie": (
        {
            "title": "Errors of *api*",
            "chart": {"type": "pie", "segments": [{"label": "4xx", "value": 12}, {"label": "5xx", "value": 0.5}]},
        },
        "**Errors of \\*api\\***\n|  |  |\n|---|---|\n| 4xx | 12 |\n| 5xx | 0.5 |",
    ),
    "lines": (
        {
            "title": "Load",
            "chart": {
                "type": "line",
                "series": [
                    {"name": "eu", "data": [{"label": "Mon", "value": 1}, {"label": "Tue", "value": 2}]},
                    {"name": "us", "data": [{"label": "Tue", "value": 3}]},
                ],
                "axis_config": {"x_label": "Day", "y_label": "Requests"},
            },
        },
        "**Load**\n| Day | eu | us |\n|---|---|---|\n| Mon | 1 |  |\n| Tue | 2 | 3 |",
    ),
    "nothing but a kind": ({"chart": {"type": "bar", "series": 7}}, "**bar**"),
    "nothing at all": ({"chart": []}, ""),
}


@pytest.mark.parametrize(("block", "expected"), CHARTS.values(), ids=CHARTS)
def test_a_chart(block: dict[str, Any], expected: str) -> None:
    """Its figures are a table."""
    assert chart(block) == expected
