"""Which table of the settings answers the buttons of a message."""

from gateway.app.acting import live
from tests.settings.reading import parse

SETTINGS = """
[server]
listen = "127.0.0.1:0"
[destinations.east]
hook = "https://east.example/hooks/xyzxyzxyzxyzxyzxyzxyzxyzxy"
[destinations.west]
hook = "https://west.example/hooks/abcabcabcabcabcabcabcabcab"
[destinations.inner]
hook = "http://mattermost:8065/hooks/abcabcabcabcabcabcabcabcax"
[callbacks.first]
service = "pagerduty"
server = "https://east.example"
[callbacks.second]
service = "pagerduty"
server = "https://WEST.example/"
only = ["acknowledge"]
"""


def test_a_button_belongs_to_the_table_of_its_server():
    """Who clicks there is known there; where no table names the server, the first one does."""
    found = live(parse(SETTINGS))
    of = {name: found("pagerduty", "acknowledge", "alerts", name) for name in ("east", "west", "inner", "gone")}
    assert of == {"east": "first", "west": "second", "inner": "first", "gone": "first"}
    assert found("pagerduty", "resolve", "alerts", "west") == "first"
    assert found("sentry", "resolve", "alerts", "west") is None
