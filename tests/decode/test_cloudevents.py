"""The HTTP binding of CloudEvents, apart from decoding."""

from gateway.decode.cloudevents import from_headers, from_json, is_binary


def read(content_type: str, body: bytes) -> tuple[object, str]:
    """Stand in for the decoder: the value shows what was asked."""
    return [content_type, body.decode()], ""


def test_binary():
    """The specversion header makes an event binary; attributes are unquoted and percent-decoded once."""
    headers = {
        "ce-specversion": "1.0",
        "ce-subject": '"a \\" %25b"',
        "ce-x": "%F0%9F%98%80",
        "content-type": "t/x",
        "y": "z",
    }
    assert is_binary(headers)
    assert not is_binary({"ce-type": "t"})
    envelope = {"specversion": "1.0", "subject": 'a " %b', "x": "\U0001f600", "datacontenttype": "t/x"}
    assert from_headers(headers, b"d", read) == ({**envelope, "data": ["t/x", "d"]}, "")
    assert from_headers(headers, b"", read) == (envelope, "")


def test_json():
    """Base64 data is decoded; plain data stays; what is wrong is said and left as it is."""
    assert from_json({"data": 1}, read) == ({"data": 1}, "")
    assert from_json({"data_base64": "aGk=", "datacontenttype": "t/x"}, read) == (
        {"datacontenttype": "t/x", "data": ["t/x", "hi"]},
        "",
    )
    assert from_json([{"data_base64": "aGk="}], read) == ([{"data": ["", "hi"]}], "")
    assert from_json([{}, {"data_base64": "?"}], read) == ([{}, {"data_base64": "?"}], "[1]: data_base64: not base64")
    assert from_json({"data_base64": 5}, read)[1] == "data_base64: not base64"
    assert from_json("x", read)[1].startswith("not a CloudEvent")


def test_what_nobody_reads_is_told_by_its_size():
    """Bytes of a picture are no text, in any form of an event; what is declared as text is one."""
    picture = {"data_base64": "iVBORwAA", "datacontenttype": "Image/PNG; q=1"}
    assert from_json(picture, read)[0]["data"] == "6 bytes of image/png"
    assert from_json({"data_base64": "AAE="}, read)[0]["data"] == "2 bytes of no known type"
    assert from_json({"data_base64": "AGE=", "datacontenttype": "text/plain"}, read)[0]["data"] == ["text/plain", "\0a"]
    headers = {"ce-specversion": "1.0", "content-type": "application/octet-stream"}
    assert from_headers(headers, b"\0" * 2000, read)[0]["data"] == "2,000 bytes of application/octet-stream"


def test_only_as_many_events_as_are_shown_are_decoded():
    """The others are only counted."""
    seen = []
    events = [{"data_base64": "eA=="}] * 1000
    value, fault = from_json(events, lambda content_type, body: (seen.append(body), ""))
    assert (len(value), len(seen), fault) == (1000, 200, "")
