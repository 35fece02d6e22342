"""Shapes of payloads that were seen."""

from gateway.catalog.draft_shape import flow, pruned, shape_of, size, written


def test_what_is_needed_is_required():
    """With the objects that hold it, unless one lacks it or has null there; no type is wider than it was seen."""
    needed = {("id",), ("note",), ("at",)}
    found = shape_of([
        {"id": "a", "n": 1, "ok": True, "note": None, "at": "2026-01-31T08:00:00Z", "url": "https://x/1"},
        {"id": "b", "n": 1.5, "ok": False, "note": "x", "at": "2026-02-01T08:00:00Z", "url": "https://x/2", "more": 1},
    ], needed)  # fmt: skip
    assert found == {
        "id": "text", "n?": "number", "ok?": "flag", "note?": "text", "at": "time", "url?": "url", "more?": "number",
    }  # fmt: skip
    body = {"a": {"name": "x", "b": 1}, "l": [{"sku": "1"}, {"sku": "2", "n": None}], "e": [], "o": {}}
    assert shape_of([body], {("a", "name")}) == {
        "a": {"name": "text", "b?": "number"}, "l?": [{"sku?": "text", "n?": "any"}], "e?": ["any"], "o?": "map",
    }  # fmt: skip


def test_types_that_differ():
    """Scalars are text; a scalar beside an object is anything."""
    assert shape_of([{"a": 1, "b": 1, "c": [1]}, {"a": "x", "b": {}, "c": ["x"]}]) == {
        "a?": "text",
        "b?": "any",
        "c?": ["text"],
    }


def test_what_is_no_key_of_a_shape_is_left_out():
    """Signs of the language and of JSON Schema."""
    body = {"$ref": 1, "a?": 1, "": 1, "anyOf": 1, "labels": {"a b": "1", "c": "2"}}
    assert shape_of([body, body]) == {"labels?": "map"}


def test_data_as_keys_is_a_map():
    """By the name of the object, or by its keys: numbers and media types."""
    body = {
        "labels": {"a": "1"}, "ids": {"1": True, "20": {"a": 1}}, "report": {"application/x.y; version=1.1": {"a": 1}},
        "mixed": {"1": True, "a": 1}, "json-ld": {"http://x.example/a": 1},
    }  # fmt: skip
    assert shape_of([body]) == {
        "labels?": "map", "ids?": "map", "report?": "map",
        "mixed?": {"1?": "flag", "a?": "number"}, "json-ld?": {"http://x.example/a?": "number"},
    }  # fmt: skip


def test_only_what_is_used():
    """Of a large shape."""
    shape = {"a": {"b": "text", "c?": [{"d": "text", "e": "text"}]}, "f?": {"g": "text"}}
    assert pruned(shape, {("a", "c", "0", "d"), ("f",)}) == {"a": {"c?": [{"d": "text"}]}, "f?": {"g": "text"}}
    assert size(shape) == 7


def test_it_is_written_short():
    """In one line, or a line a key; words of YAML are quoted."""
    assert written("input", {"a?": "text", "b": ["user"], "no": "flag"}) == 'input: {a?: text, b: [user], "no": flag}\n'
    long = {f"a_rather_long_key_{number}": "text" for number in range(5)}
    assert written("input", {"x": long, "y": "text"}).splitlines()[0] == "input:"
    assert flow({"a b": "{{ x }}", "n": 1}) == '{"a b": "{{ x }}", n: 1}'
