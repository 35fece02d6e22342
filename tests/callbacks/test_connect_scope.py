"""Which tables of the settings `connect` is about."""

import pytest

from gateway import settings
from gateway.callbacks.connect_scope import Choice, scope
from gateway.errors import SettingsError

TEXT = """
[bots.x]
server = "https://one.example.com"
token = "t0kent0kent0kent0kent0kent"
[bots.y]
server = "https://two.example.com"
token = "t0kent0kent0kent0kent0kent"
[callbacks.a]
service = "acme"
bot = "x"
[callbacks.b]
service = "acme"
[callbacks.y]
service = "acme"
server = "https://two.example.com"
"""


def chosen(*names, text=TEXT, server=""):
    """The server, the tables and the bots of a choice."""
    known = settings.parse(text, "mattergate.toml", {}, lambda path: "")
    found = scope(known, Choice(names, server))
    return found.server, [one.name for one in found.tables], [one.name for one in found.bots]


def test_tables_with_their_bots():
    """By name, or all of one server; a table without a server belongs to the one in question."""
    assert chosen("a") == ("https://one.example.com", ["a"], ["x"])
    assert chosen("bots.y") == ("https://two.example.com", [], ["y"])
    assert chosen("y") == ("https://two.example.com", ["y"], [])
    assert chosen("callbacks.b", "x") == ("https://one.example.com", ["b"], ["x"])
    assert chosen(server="https://one.example.com/") == ("https://one.example.com", ["a", "b"], ["x"])


@pytest.mark.parametrize(
    ("names", "text", "hint"),
    [
        ((), TEXT, "several servers (name one with --server: https://one.example.com, https://two.example.com)"),
        (("b",), TEXT, "no table says which Mattermost it belongs to"),
        (("c",), TEXT, "the settings have no [callbacks.c] nor [bots.c]"),
        ((), "", "no table says which Mattermost"),
    ],
)
def test_what_is_not_clear(names, text, hint):
    """The remedy says how to say it."""
    with pytest.raises(SettingsError) as error:
        chosen(*names, text=text)
    assert hint in str(error.value)
