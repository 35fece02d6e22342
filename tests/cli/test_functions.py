"""`mattergate functions`: what templates may call."""

from gateway.language.functions import TABLE


def test_every_function_is_listed(desk):
    """In the order of the alphabet, with documentation and examples."""
    said = desk.plain("functions", "-o", "jsonl")
    assert said.code == 0
    assert [row["name"] for row in said.lines] == sorted(TABLE)
    assert all(row["doc"] and row["examples"] for row in said.lines)
    text = desk.plain("functions").out
    assert all(f"{name}  " in text for name in TABLE)


def test_one_function(desk):
    """Its examples show what a template gives."""
    said = desk.plain("functions", "link")
    assert said.code == 0
    assert "gives  '[a\\\\*b](https://x.example/1)'" in said.out


def test_an_unknown_function_is_told(desk):
    """The error says which may be meant."""
    said = desk.plain("functions", "lnk")
    assert said.code == 2
    assert 'did you mean "link"?' in said.err
