"""Events are taken out of the envelopes that services put around them."""

import base64

import pytest

from gateway.decode.unwrap import parse_unwrap, unwrap


def unwrapped(value, *documents):
    """Apply steps written as documents write them."""
    return unwrap(value, [parse_unwrap(document) for document in documents]).values


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
        ({"data": "\n  " + CODED[:8] + "\r\n  " + CODED[8:] + "\n"}, {"base64": "data"}, [{"data": {"n": 1}}]),
        ({"data": "eyJuIjoiw78_In0"}, {"base64": "data"}, [{"data": {"n": "ÿ?"}}]),
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


@pytest.mark.parametrize(
    ("value", "document", "why"),
    [
        ({}, {"json": "a.b"}, "unwrap/0 (json: $.a.b) did nothing: nothing is there"),
        ({"a": {}}, {"json": "a"}, "an object is there, not a text"),
        ({"a": "hello"}, {"json": "a"}, "the text there is not JSON"),
        ({"a": "Disk full"}, {"base64": "a"}, "a text is there that is not base64 of a text"),
        ({"a": 7}, {"base64": "a"}, "a number is there"),
        ({}, {"pick": "job"}, "unwrap/0 (pick: $.job) did nothing: nothing is there"),
        ({"a": None}, {"split": "a"}, "null is there, not an array"),
    ],
)
def test_a_step_that_did_nothing_says_why(value, document, why):
    """With its number, as documents count, its path, and what is there instead."""
    [idle] = map(str, unwrap(value, [parse_unwrap(document)]).idle)
    assert why in idle
    assert not unwrap({"a": "1"}, [parse_unwrap({"json": "a"})]).idle


def test_a_step_that_did_something_for_one_event_is_not_idle():
    """Of the messages of a batch some may be text."""
    steps = [parse_unwrap({"split": "r"}), parse_unwrap({"json": "m"})]
    assert not unwrap({"r": [{"m": "text"}, {"m": "[1]"}, {}]}, steps).idle
    assert unwrap({"r": [{"m": "text"}, {}]}, steps).idle


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
