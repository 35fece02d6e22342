"""What a sample expects, and how it differs from what came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.metaschema import meta_schema
from gateway.model import Note
from gateway.pipeline.expectation import Answer, Expectation, differences

BASE = Expectation("message", translator="a/b", event="e", subject="s", messages=[{"text": "t", "fields": [1, 2]}])


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (BASE, []),
        (Expectation("message"), []),
        (Expectation("ignored", subject="x"), [
            'expect.outcome: expected "ignored", got "message"',
            'expect.subject: expected "x", got "s"',
        ]),
        (Expectation("message", messages=[{"text": "u", "fields": [1, 3]}]), [
            'expect.messages[0].text: expected "u", got "t"', "expect.messages[0].fields[1]: expected 3, got 2",
        ]),
        (Expectation("message", messages=[{"text": "t", "color": "red"}]), [
            'expect.messages[0].color: expected "red", got nothing',
            "expect.messages[0].fields: expected nothing, got [1, 2]",
        ]),
        (Expectation("message", messages=[{"text": "t", "fields": [1, 2], "color": "nothing"}]), [
            'expect.messages[0].color: expected "nothing", got nothing',
        ]),
        (Expectation("message", messages=[]), [
            'expect.messages: expected [], got [{"text": "t", "fields": [1, 2]}]',
        ]),
    ],
)  # fmt: skip
def test_every_part_that_differs_is_told(expected, lines):
    """Its path, what was expected and what came; absent parts of an expectation are not looked at."""
    assert differences(expected, BASE) == lines


@given(st.text(min_size=1), st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_two_texts_that_differ_never_look_the_same(same, one, other, after):
    """Of long texts that part is shown from which on they differ, and not much of it."""
    first, second = same * 90 + one + after, same * 90 + other + after
    lines = differences(Expectation("message", subject=first), Expectation("message", subject=second))
    assert bool(lines) is (first != second)
    for line in lines:
        shown = line.removeprefix("expect.subject: expected ")
        half = shown[: (len(shown) - len(", got ")) // 2]
        assert shown != f"{half}, got {half}"
        assert len(shown) < 2000


def test_a_difference_at_the_end_of_a_long_text_is_shown():
    """Also where one text is the beginning of the other."""
    [line] = differences(Expectation("message", subject="a" * 300), Expectation("message", subject="a" * 300 + "!"))
    assert line == f'expect.subject: expected …"{"a" * 50}", got …"{"a" * 50}!"'


def test_the_reason_of_what_is_not_expected_comes_first():
    """Whoever sees that an outcome is another one wants to know why; of an expected reason a part is enough."""
    found = Expectation("refused", cause="stale", reason="its timestamp is old")
    assert differences(Expectation("message"), found)[0] == "it is refused: its timestamp is old"
    assert differences(Expectation("refused", reason="timestamp"), found) == []
    assert differences(Expectation("refused", reason="secret"), found) == [
        'expect.reason: expected "secret", got "its timestamp is old"'
    ]


def test_a_note_that_is_not_expected_is_a_difference():
    """A sample that says no more than `outcome: message` does not mean the generic translator."""
    found = Expectation("message", note="unknown", reason="nobody")
    assert differences(Expectation("message"), found)[-1] == 'expect.note: expected nothing, got "unknown"'
    assert not differences(Expectation("message", note="unknown"), found)


def test_answers_are_compared_whole():
    """The status counts where it is not written, too; a repeat that is not recognised is told."""
    assert differences(Expectation("answered", answer=Answer()), Expectation("answered", answer=Answer(204))) == [
        "expect.answer.status: expected nothing, got 204"
    ]
    assert differences(Expectation("message"), Expectation("message", duplicate=False)) == [
        "expect.duplicate: expected true, got false"
    ]


def test_a_sample_may_expect_every_note():
    """What `test` tells somebody to write is taken."""
    schema, _ = meta_schema("sample")
    assert schema["properties"]["expect"]["properties"]["note"]["enum"] == [str(one) for one in Note]
