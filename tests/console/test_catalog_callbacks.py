"""What a service says of its callbacks, to the console and on the command line."""

from gateway import settings
from gateway.catalog.build import build
from gateway.console.catalog_callbacks import CallbackRow, rows
from gateway.language.template import Engine
from tests.callbacks.conftest import ASK, texts

CLICK = """
title: Close
answers: [action, dialog]
settings: {region: eu, owner: null, project: null}
dialog: {title: Close, fields: [{name: why}]}
request: {url: "{{ settings.url }}/{{ settings.project | urlencode }}", headers: {K: "{{ secrets.key }}"}}
"""
TABLES = """
[callbacks.all]
service = "acme"
[callbacks.some]
service = "acme"
only = ["ask"]
[callbacks.other]
service = "other"
"""


def test_the_callbacks_of_a_service():
    """What they answer, the tables that bring them to life, and what such a table gives."""
    service, faults = build("acme", texts({"ask": ASK, "click": CLICK}), Engine())
    assert faults == []
    known = settings.parse(TABLES, "mattergate.toml", {}, lambda path: "")
    assert rows(service, known) == (
        CallbackRow("ask", "Ask", ("command",), "/ask", (), (), ("all", "some")),
        CallbackRow(
            "click", "Close", ("action", "dialog"), "",
            ("project (required)", "url (required)", "region = eu", "owner"), ("key",), ("all",),
        ),
    )  # fmt: skip
