"""What an author wanted to write later is found."""

from gateway.catalog import placeholders, yamlfile
from gateway.catalog.kinds import Text


def test_every_placeholder_is_found_at_its_line():
    """With what to write; a document that says something holds none."""
    text = "name: Acme\ndocs: https://example.com/replace-with-the-page\nsetup: |\n  Enter the URL.\n  TODO where\n"
    found = placeholders.left(Text("acme/service", text, "service.yaml"))
    assert [(one.where, one.line, bool(one.remedy)) for one in found] == [("docs", 2, True), ("setup", 5, True)]
    said = yamlfile.dump({"name": "Acme", "docs": "https://example.com/webhooks", "setup": "Enter the URL there."})
    assert placeholders.left(Text("acme/service", said, "service.yaml")) == []
