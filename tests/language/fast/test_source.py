"""Functions made of templates: what they may hold, and that no text of a document gets into their source."""

from gateway.language.fast import source
from gateway.language.fast.source import Source
from gateway.language.output import Mode
from gateway.language.template import LONGEST, Engine


def test_documents_write_no_code(monkeypatch):
    """Keys and texts of a template, whatever they are, are bound to names: the source has none of them."""
    forms: list[str] = []
    monkeypatch.setattr(source, "_form", lambda form: forms.append(form) or (lambda *_: None))
    text = "secret {% if secret.secret == 'secret' %}{{ secret | cut(7777) | default('secret') }}secret{% endif %}"
    Engine().template(text, Mode.MARKDOWN, "secret/secret#/secret")
    assert len(forms) == 1
    assert not any(word in forms[0] for word in ("secret", "7777", "cut", "default"))


def test_templates_of_one_form_share_their_code():
    """Two templates that differ in keys and texts alone are compiled once."""
    first, second = (
        Engine().template(text, Mode.PLAIN, "test/source#/x").render for text in ("{{ a.b }}!", "{{ c.d }}?")
    )
    assert (first({"a": {"b": "x"}}), second({"c": {"d": "y"}})) == ("x!", "y?")
    assert first.__code__ is second.__code__


def test_path_is_followed_once():
    """What was found on the way to one value is not looked up again for the next, but in a branch that is not taken."""
    made = Source()
    with made.block("if False"):
        made.path(("a", "b"))
    names = [made.path(("a", "b")), made.path(("a", "c")), made.path(("a", "b"))]
    assert names[0] == names[2]
    assert made.function(f"({', '.join(names)})")({"a": {"b": 1, "c": 2}}) == (1, 2, 1)


def test_longest_templates_can_be_compiled():
    """Chains, nests, paths and conditions of any length that templates may have: compiled, or left to the engine."""
    branches = "{% if a %}1{% elif b %}2" + "{% elif c %}x" * ((LONGEST - 100) // 13) + "{% endif %}"
    nest = "{% if a %}" * 100 + "x" + "{% endif %}" * 100
    sides = "{% if " + "a or " * 1500 + "b %}x{% endif %}"
    negations = "{% if " + "not " * 100 + "b %}x{% endif %}"
    brackets = "{% if " + "(" * 60 + "b" + ")" * 60 + " %}x{% endif %}"
    path = "{{ a" + ".a" * 2000 + " }}{{ b }}"
    calls = "{{ b" + " | cut" * 1300 + " }}"
    seen = {"a": None, "b": "x", "c": None}
    made = {
        name: Engine().template(text, Mode.RAW, "test/source#/x").render
        for name, text in {"branches": branches, "nest": nest, "sides": sides, "path": path, "calls": calls}.items()
    }
    assert made["branches"](dict(seen)) == "2"
    assert made["nest"]({"a": 1}) == "x"
    assert made["sides"](dict(seen)) == "x"
    assert made["path"](dict(seen)) is None
    assert made["calls"](dict(seen)) == "x"
    for text in (negations, brackets):
        assert Engine().template(text, Mode.RAW, "test/source#/x").render(dict(seen)) == "x"
