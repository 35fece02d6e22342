"""Events are taken out of the envelopes that services put around them."""

import base64

import pytest

from gateway.decode.unwrap import parse_unwrap, unwrap


def unwrapped(value, *documents):
    """Apply steps written as documents write them."""
    return unwrap(value, [parse_unwrap(document) for document in documents])


CODED = base64.b64encode(b'{"n": 1}').decode()


@pytest.mark.parametrize(
    ("value", "document", "events"),
    [
        ({"Message": '{"a": 1}', "b": 2}, {"json": "Message"}, [{"Message": {"a": 1}, "b": 2}]),
        ({"r": [{"m": "[1]"}, {"m": "x"}]}, {"json": "r.*.m"}, [{"r": [{"m": [1]}, {"m": "x"}]}]),
        ({"r": {"a": "1"}}, {"json": "r.*"}, [{"r": {"a": 1}}]),
        (["1", "2"], {"json": "[1]"}, [["1", 2]]),
        ({"m": {"data": CODED}}, {"base64": "m.data"}, [{"m": {"data": {"n": 1}}}]),
        ({"data": CODED.rstrip("=")}, {"base64": "data"}, [{"data": {"n": 1}}]),
        ({"data": "aGk"}, {"base64": "data"}, [{"data": "hi"}]),
        ({"a": {"b": None}}, {"pick": "a.b"}, [None]),
        ({"alerts": [1, 2]}, {"split": "alerts"}, [1, 2]),
        ([1, 2], {"split": ""}, [1, 2]),
        ({"alerts": []}, {"split": "alerts"}, []),
        ({"e": [{"x": 1}, 2], "k": 3}, {"split": "e", "keep": True}, [{"outer": {"k": 3}, "x": 1}, 2]),
        ({"d": {"e": [{"x": 1}]}, "k": 3}, {"split": "d.e", "keep": True}, [{"outer": {"d": {}, "k": 3}, "x": 1}]),
        ([[{"x": 1}], 5], {"split": "[0]", "keep": True}, [{"outer": [None, 5], "x": 1}]),
        ({"e": [{"outer": 1}]}, {"split": "e", "keep": True}, [{"outer": 1}]),
    ],
)
def test_steps(value, document, events):
    """Each step replaces, picks or splits at its path."""
    assert unwrapped(value, document) == events


@pytest.mark.parametrize("value", [{"a": 1}, {"p": 5}, {"p": "{not json"}, {"p": "%%%"}, ["p"], "text", None])
@pytest.mark.parametrize("verb", ["json", "base64", "split"])
def test_a_step_that_does_not_fit_changes_nothing(value, verb):
    """An absent path or another type leaves the value alone."""
    assert unwrapped(value, {verb: "p"}) == [value]


def test_steps_follow_each_other():
    """Steps after a split see each event; the value given is not changed."""
    value = {"Records": [{"body": '{"e": 1}'}, {"body": '{"e": 2}'}]}
    steps = ({"split": "Records"}, {"json": "body"}, {"pick": "body.e"})
    assert unwrapped(value, *steps) == [1, 2]
    assert value["Records"][0]["body"] == '{"e": 1}'
    assert unwrapped(value) == [value]


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({}, "an unwrap step is one of"),
        ({"json": "a", "pick": "b"}, "an unwrap step is one of"),
        ({"json": "a", "keep": True}, "an unwrap step is one of"),
        ({"jsn": "a"}, "jsn"),
        ({"json": 1}, "$.json"),
        ({"split": "a", "keep": "yes"}, "$.keep"),
        ({"pick": "a["}, "pick: not a path"),
        ({"split": "a.*"}, "split: expected a path without *"),
    ],
)
def test_faults(document, fault):
    """A step that cannot be read is refused with its key."""
    with pytest.raises(ValueError) as error:
        parse_unwrap(document)
    assert fault in str(error.value)


def test_all_texts_together_are_bounded():
    """Many nested texts hold no more values than one may; those beyond stay texts."""
    text = "[" + "0," * 60_000 + "0]"
    [value] = unwrapped([text] * 20, {"json": "*"})
    assert 0 < sum(isinstance(part, list) for part in value) < 20
    assert isinstance(value[-1], str)
    [value] = unwrapped([base64.b64encode(text.encode()).decode()] * 20, {"base64": "*"})
    assert 0 < sum(isinstance(part, list) for part in value) < 20
