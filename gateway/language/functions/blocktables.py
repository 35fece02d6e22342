"""The tables of Slack's blocks as Markdown: tables, data tables, and the figures of charts."""

from typing import Final

from gateway.language.functions.blockparts import Block, bold_line, element, lines_of, part_of, words
from gateway.language.functions.coerce import list_of, text_of
from gateway.language.functions.richtext import literal, rich_text
from gateway.model import JSON

_ROWS: Final = 50
_COLUMNS: Final = 20
_ALIGNED: Final = {"center": ":--:", "right": "--:"}


def table(block: Block) -> str:
    """A table whose first row is its head; cells that a row lacks are empty."""
    rows = [list_of(row)[:_COLUMNS] for row in list_of(block.get("rows"))[: _ROWS + 1]]
    cells = [[_cell(cell) for cell in row] for row in rows if row]
    if not cells:
        return ""
    width = max(map(len, cells))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in cells]
    left = len(list_of(block.get("rows"))) - len(rows)
    more = [f"\n… and {left} more rows"] if left > 0 else []
    return "\n".join([lines[0], _rule(block, width), *lines[1:], *more])


def _rule(block: Block, width: int) -> str:
    """The line below the head of a table, which aligns its columns."""
    columns = list_of(block.get("column_settings"))[:width]
    marks = [_ALIGNED.get(text_of(part_of(column, "align")), "---") for column in columns]
    return "|" + "|".join(marks + ["---"] * (width - len(marks))) + "|"


def _cell(value: JSON) -> str:
    """A cell is raw text, a number, rich text, or a control."""
    cell = value if isinstance(value, dict) else {"text": value}
    if cell.get("type") == "rich_text":
        text = rich_text(cell)
    elif cell.get("type") == "button":
        text = element(cell)
    else:
        text = literal(text_of(cell.get("text", cell.get("value"))))
    return " ".join(text.split()).replace("|", "\\|")


def chart(block: Block) -> str:
    """The figures of a chart as a table: a line for each label, a column for each series."""
    drawing, axis = block.get("chart"), part_of(block.get("chart"), "axis_config")
    series = [one for one in list_of(part_of(drawing, "series"))[:10] if isinstance(one, dict)]
    series = series or [{"data": part_of(drawing, "segments")}]
    columns = [_points(one.get("data")) for one in series]
    labels = list(dict.fromkeys(label for column in columns for label in column))[:_ROWS]
    names = [words(one.get("name")) or words(part_of(axis, "y_label")) for one in series]
    rows = [
        [words(part_of(axis, "x_label")), *names],
        *([one, *(column.get(one) for column in columns)] for one in labels),
    ]
    title = words(block.get("title")) or words(part_of(drawing, "type"))
    return lines_of([bold_line(literal(title)), table({"rows": rows}) if labels else ""])


def _points(data: JSON) -> dict[str, JSON]:
    """The values of a series by their labels."""
    return {words(part_of(point, "label")): part_of(point, "value") for point in list_of(data)[:_ROWS]}
