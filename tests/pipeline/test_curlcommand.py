"""Requests in curl commands."""

import pytest

from gateway.pipeline.curlcommand import is_curl, requests


def test_a_command_of_a_documentation():
    """Continued lines, quotes, short options in one word; data makes it a POST of a form."""
    [found] = requests("$ curl -sSXPUT 'https://x.example/in/a?b=c' \\\n  -H 'X-Event: push' --json '{\"a\": 1}'\n")
    assert (found.method, found.query, found.body) == ("PUT", {"b": "c"}, b'{"a": 1}')
    assert found.headers == {"x-event": "push", "content-type": "application/json"}
    [found] = requests("curl https://x.example -d a=1 --data-urlencode 'b=x y' -u me:pw -o /dev/null")
    assert (found.method, found.body) == ("POST", b"a=1&b=x+y")
    assert found.headers["authorization"] == "Basic bWU6cHc="


def test_what_browsers_copy():
    """`$'...'` with escapes in it."""
    [found] = requests(
        r"""curl 'https://x.example' -H 'content-type: text/plain' --data-raw $'it\'s \u00e4\n' --compressed"""
    )
    assert (found.headers["content-type"], found.body) == ("text/plain", "it's ä\n".encode())


def test_several_commands_and_forms():
    """Each is a request; `-F` makes a multipart form, `-G` a query."""
    first, second = requests(
        "curl https://x.example -F a=1 -F 'p={\"x\": 2}'\ncurl -G https://x.example -d q=1 && echo done"
    )
    assert first.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="p"\r\n\r\n{"x": 2}\r\n' in first.body
    assert (second.method, second.query, second.body) == ("GET", {"q": "1"}, b"")


@pytest.mark.parametrize(
    ("text", "part"),
    [("curl x -d @body.json", "what is in that file is not known"), ("curl x -d 'a", "cannot be read")],
)
def test_what_cannot_be_read_is_told(text, part):
    """With what to do."""
    with pytest.raises(ValueError, match=part):
        requests(text)


def test_what_is_a_command():
    """It begins with its name."""
    assert is_curl(" $ curl x")
    assert not is_curl("curly: x")
