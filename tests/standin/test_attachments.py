"""Attachments as they are decoded and stored, and Slack's forms in their texts."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin import incoming
from gateway.standin.attachments import Attachment, complaints, go_text, message_text, over_hook, over_rest, runes

NAMES = {"u1": "joe"}.get


def test_runes_are_those_of_go():
    """Angle brackets and the ampersand cost six."""
    assert runes({"a": "<é"}) == len('{"a":"é"}') + 6


def test_complaints_about_attachments():
    """What a later version would refuse: colours, links, and links without their text."""
    (draft,) = incoming.posts(
        incoming.read(
            b'{"attachments": [{"color": "red", "title_link": "ftp://x", "author_link": "http://x", "ts": []}]}'
        ),
        {},
    )
    assert complaints(draft.attachments) == [
        "color 'red'",
        "title_link 'ftp://x'",
        "author_link without author_name",
        "title_link without title",
        "ts",
    ]
    assert incoming.warnings(draft) == complaints(draft.attachments)


@given(
    st.text()
    | st.lists(st.sampled_from("<>&é\u2028\u2029a\n")).map("".join)
    | st.floats(allow_nan=False, allow_infinity=False)
)
def test_runes_count_what_go_would_write(value):
    """Every code point once, but for those that Go escapes as six."""
    raw = msgspec.json.encode({"a": value}).decode()
    assert runes({"a": value}) == sum(6 if letter in "<>&\u2028\u2029" else 1 for letter in raw)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.5, "-0.5"), (100_000, "100000"), (999_999.5, "999999.5"), (1e6, "1e+06"),
        (123_456_789, "1.23456789e+08"),
        (1e21, "1e+21"), (0.0001, "0.0001"), (0.00001, "1e-05"), (-1.5e-7, "-1.5e-07"), (1e100, "1e+100"),
        (True, "true"), (None, "<nil>"), ("a", "a"), ([1, "b"], "[1 b]"), ({"b": 1, "a": [None]}, "map[a:[<nil>] b:1]"),
    ],
)  # fmt: skip
def test_values_as_go_prints_them(value, text):
    """Numbers are floats in their shortest form; maps are sorted."""
    assert go_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_is_changed_by_printing_it(value):
    """Reading the text gives the number again."""
    assert float(go_text(value)) == value


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("<https://x|a b>", "[a b](https://x)"), ("<!here> <!everyone>", "@here <!everyone>"),
        ("<@u1> <@u2>", "@joe <@u2>"),
        ("<a|b", "<a|b"), ("a < b | c > d", "a [ c ]( b ) d"), ("plain", "plain"), ("", ""),
    ],
)  # fmt: skip
def test_slack_forms_in_a_text(text, stored):
    """Links, announcements and users that there are; what looks like a link is one; the rest stays."""
    assert message_text(text, NAMES) == stored


def test_over_a_hook_texts_are_converted_and_values_printed():
    """Pretext, text and values have links; the title has names alone."""
    asked = msgspec.convert(
        {"title": "<@u1> <a|b>", "text": "<a|b>", "fields": [{"title": "<a|b>", "value": 1e6}, None, {"value": None}]},
        Attachment,
    )
    stored = over_hook(asked, NAMES)
    assert (stored["title"], stored["text"]) == ("@joe <a|b>", "[b](a)")
    assert stored["fields"] == [
        {"title": "<a|b>", "value": "1e+06", "short": False},
        {"title": "", "value": None, "short": False},
    ]
    assert "actions" not in stored


def test_over_rest_what_does_not_decode_vanishes():
    """Null becomes an empty attachment, one of a wrong type is left out, nothing at all is null."""
    assert [
        one["text"] for one in over_rest([{"text": "a"}, {"text": 7}, None, "x", {"fields": [{"short": "maybe"}]}])
    ] == [
        "a",
        "",
    ]
    assert over_rest([]) is over_rest("x") is over_rest({"a": 1}) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*Attachment.__struct_fields__, "short", "value")), inner, max_size=4)
    ),
)


@given(ANYTHING)
def test_any_value_is_stored_with_every_key_or_not_at_all(value):
    """What is stored over REST is complete."""
    for stored in over_rest([value]) or ():
        assert stored.keys() >= set(Attachment.__struct_fields__) - {"actions"}
        assert isinstance(complaints([stored]), list)
