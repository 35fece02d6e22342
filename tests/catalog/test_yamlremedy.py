"""What to do about a line that is no YAML."""

import pytest

from gateway.catalog import yamlfile
from gateway.catalog.yamlremedy import CORRECT, remedy
from gateway.errors import CatalogError


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("title: {{ x }}", 'put the expression in quotes: title: "{{ x }}"'),
        ("title: {{ x }} is down", 'put the expression in quotes: title: "{{ x }} is down"'),
        ('title: {{ x | cut("a") }}', """put the expression in quotes: title: '{{ x | cut("a") }}'"""),
        ("text: {% if a %}b{% endif %}", 'put the expression in quotes: text: "{% if a %}b{% endif %}"'),
        ("- text: *{{ x }}*", 'put the expression in quotes: - text: "*{{ x }}*"'),
        ("title: 'a' if b else 'c'", """all of it: title: "{{ 'a' if b else 'c' }}\""""),
        ('title: "{{ x }}": again', 'all of it: title: "{{ x }}: again"'),
        ("- {title: {{ x }}, value: b}", 'put the expression in quotes: "{{ ... }}"'),
        ("text: > {{ x }}", 'begin the text on the next line, or put it in quotes: text: "{{ x }}"'),
        ("text: Order: new", 'put the text in quotes: text: "Order: new"'),
        ("text: *nope", '`*` repeats what `&` has named before; for a text, put the text in quotes: text: "*nope"'),
        ("text: *nope x", 'put the text in quotes: text: "*nope x"'),
        ("text: @all", 'put the text in quotes: text: "@all"'),
        ("@id: text", 'put the key in quotes: "@id": ...'),
        ("order: {sku: text, @id?: text}", 'put the key in quotes: "@id?": ...'),
        ("secret: 'a' b", 'put the expression in quotes, all of it: secret: "..."'),
        ("a: {b: c: d}", CORRECT),
        ("a:\n\tb: 1", "indent with spaces, not with tabs"),
    ],
)
def test_a_remedy_is_the_line_as_it_should_be(line, told):
    """A line that is repeated so can be loaded; one that may hold a secret is not repeated."""
    with pytest.raises(CatalogError) as caught:
        yamlfile.load(f"a1: b\n{line}\n", "x.yaml")
    [fault] = caught.value.faults
    assert fault.line == 2 + line.count("\n")
    assert fault.remedy.endswith(told)
    if '"{{ ' in told and "..." not in told:
        yamlfile.load(fault.remedy.partition("quotes")[2].partition(": ")[2], "x.yaml")


def test_a_place_that_is_unknown():
    """Of no line, and of one behind the end."""
    assert remedy("a: b", 0) == remedy("", 1) == remedy("a", 2) == CORRECT
