"""What is left of a draft is found."""

from gateway.catalog import drafts, yamlfile
from gateway.catalog.kinds import Text
from gateway.catalog.scaffold import scaffold


def test_every_placeholder_of_a_draft_is_found():
    """At its line, with what to write; a document that says something holds none."""
    for name, key in (("service.yaml", "docs"), ("service.yaml", "setup"), ("event.yaml", "title")):
        text = scaffold("acme", {}, {"order": {"id": 7}})[name]
        [found] = [one for one in drafts.left(Text(f"acme/{name}", text, name)) if one.where == key]
        line = text.splitlines()[found.line - 1]
        assert any(word in line for word in ("replace-with", "Say here", "Something happened"))
        assert found.remedy
    said = yamlfile.dump({"name": "Acme", "docs": "https://example.com/webhooks", "setup": "Enter the URL there."})
    assert drafts.left(Text("acme/service", said, "service.yaml")) == []
