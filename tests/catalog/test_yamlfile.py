"""YAML as documents use it: plain data whatever is written, faults with their places, texts that come back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalog import yamlfile
from gateway.errors import CatalogError

TRICKY = "ab: -#\n\t'\"|>{}[]&*!%@`~0123456789.eE+_yesno\x85\u2028\ufeff\x7f\x00\U0001f600=<"
TEXTS = st.text(st.sampled_from(TRICKY), max_size=12) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_what_is_dumped_is_loaded(value) -> None:
    """Any JSON value comes back with its types, words that look like something else too."""
    assert yamlfile.load(yamlfile.dump(value), "x.yaml") == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("Off", "Off"), ("true", True), ("False", False), ("tRUE", "tRUE"), ("null", None), ("~", None),
        ("", None), ("2026-01-31", "2026-01-31"), ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"), ("12:30", "12:30"),
        ("12:30.5", "12:30.5"), ("017", "017"), ("1_000", "1_000"), ("0x1f", 31), ("-5", -5), ("+5", 5), ("0", 0),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-1.5E-1", -0.15), ("1.2.3", "1.2.3"), ("=", "="),
        (".inf", ".inf"), ("0b11", "0b11"), ("'5'", "5"), ("!!str 5", "5"), ("07fdc405-e133", "07fdc405-e133"),
        ("08", "08"),
    ],
)  # fmt: skip
def test_words_are_words(written: str, value: object) -> None:
    """Only what YAML 1.2 and JSON take for a boolean or a number is one; times, versions and ids stay as written."""
    found = yamlfile.load(f"a: {written}\n", "x.yaml")["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_texts() -> None:
    """As in JSON, whatever they would be as values; a merged mapping's too."""
    text = "a: &a {200: ok, true: 1}\nb: {<<: *a, null: 2, 1.50: 3}\n"
    known = {"200": "ok", "true": 1}
    assert yamlfile.load(text, "x.yaml") == {"a": known, "b": {**known, "null": 2, "1.50": 3}}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: {{ c }}", 2, "a template must be quoted"),
        ("a: 1\na: 2", 2, "the key 'a' is there twice"),
        ("a:\n  - {b: 1, b: 2}", 2, "the key 'b' is there twice"),
        ("a: 1\nb: *c", 2, "found undefined alias"),
        ("a: [1, 2", 2, "did not find expected"),
        ("a: 1\n\tb: 2", 2, "a tab character"),
        ("--- a\n--- b", 2, "another document"),
        ("a: 1\nb: !!int x", 2, "this is no int"),
        ("a: !!bool maybe", 1, "this is no bool"),
        ("a: !!float ''", 1, "this is no float"),
        ("a: " + "1" * 5000, 1, "this is no int"),
        ("a: !!map x", 1, "expected a mapping node"),
        ("a: !!set {x}", 1, "!!set is a type that JSON does not have"),
        ("a: !!binary aGk=", 1, "!!binary is a type that JSON does not have"),
        ("a: !!timestamp 2026-01-31", 1, "!!timestamp is a type that JSON does not have"),
        ("a: !!python/name:os.system x", 1, "!!python/name:os.system is a type that JSON does not have"),
        ("a: !mine x", 1, "could not determine a constructor"),
        ("a: \x00", 0, "control characters are not allowed"),
        ("a: \ud800", 0, "surrogates not allowed"),
    ],
)
def test_each_fault_has_its_line(text: str, line: int, problem: str) -> None:
    """What cannot be used is told with file and line, whatever the parser stumbles over, and never a traceback."""
    with pytest.raises(CatalogError) as caught:
        yamlfile.load(text, "own/push.yaml")
    [fault] = caught.value.faults
    assert (fault.file, fault.line) == ("own/push.yaml", line)
    assert problem in fault.problem


@given(st.text(st.sampled_from("ab:-?!&*{}[],|>'\"%#~<1. \n\t\\\x00\ud800"), max_size=30))
def test_any_text_is_loaded_or_refused(text: str) -> None:
    """Nothing but CatalogError comes of a text, and its places lead into it."""
    try:
        yamlfile.load(text, "x.yaml")
    except CatalogError as error:
        [fault] = error.faults
        assert 0 <= fault.line <= len(text.splitlines()) + 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)), "more than"),
        ("a: &a [*a]", "is inside of its own anchor"),
        ("[" * 200, "nested deeper"),
    ],
)
def test_aliases_count_as_what_they_stand_for(text, problem):
    """A document may repeat itself, within bounds; the fault has line and column."""
    assert yamlfile.load("a: &a [1, 2]\nb: [*a, *a]\n", "x.yaml")["b"] == [[1, 2], [1, 2]]
    with pytest.raises(CatalogError) as caught:
        yamlfile.load(text, "x.yaml")
    assert problem in str(caught.value)
    assert all(fault.line and fault.column for fault in caught.value.faults)


DOCUMENT = """title: One
message:
  attachments:
    - title: a
      fields: [{title: b, value: c}]
    - *other
"""


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        (("title",), (1, 1)),
        (("message", "attachments"), (3, 3)),
        (("message", "attachments", 0, "title"), (4, 7)),
        (("message", "attachments", 0, "fields", 0, "value"), (5, 27)),
        (("message", "attachments", 0, "fields", 7), (5, 7)),
        (("message", "attachments", 0, "missing", "deeper"), (4, 7)),
        (("nowhere",), (1, 1)),
        ((), (1, 1)),
    ],
)
def test_a_value_has_a_place(steps: tuple[str | int, ...], place: tuple[int, int]) -> None:
    """Line and column count from 1; what is not there has the place of the nearest value around it."""
    assert yamlfile.place_of(DOCUMENT.replace("*other", "{}"), steps) == place


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  it's one\n  two\n",
        "a: >-  # folded\n  it's one\n  two\n",
        "a:\n  it's one\n  two\n",
        "a:\n  'it''s one\n  two'\n",
        'a:\n  "it\'s one\n  two"\n',
    ],
)
def test_a_part_of_a_text_has_its_line(text: str) -> None:
    """By its offset or as a word, however the text is folded; the column is that of the value, so it is not told."""
    value = yamlfile.load(text, "x.yaml")["a"]
    by_word = yamlfile.fault("x.yaml", text, ("a",), "bad", "write it so", word="two")
    assert str(by_word) == "x.yaml:3: a: bad (write it so)"
    assert yamlfile.fault("x.yaml", text, ("a",), "bad", "write it so", at=value.index("two")) == by_word
    assert by_word.column == 0


def test_a_place_in_few_words() -> None:
    """The last folder, the file and the line; a key of the document is found without reading all of it."""
    text = "title: x\nnested:\n  ignore: no\nignore:\n  - a\n  - b\n"
    assert yamlfile.where("/some/where/own/service.yaml", text, ("ignore",)) == "own/service.yaml:4"
    assert yamlfile.where("own/service.yaml", text, ("ignore", 1)) == "own/service.yaml:6"
    assert yamlfile.where("service.yaml", "{title: x, ignore: y}", ("ignore",)) == "service.yaml:1"
