"""Why the engine does not read a template, in words."""

import pytest

from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import Engine


@pytest.mark.parametrize(
    ("template", "told", "at"),
    [
        ("{% if total %}a", "`{% endif %}` is missing: `{% if %}` has no end", 3),
        ("{% for x in l %}\n{{ x }}", "`{% endfor %}` is missing: `{% for %}` has no end", 3),
        ("{% for x in l %}{% if x %}{% endfor %}", "before `{% endfor %}`, `{% endif %}` is missing", 29),
        ("a{% endif %}", "`{% endif %}` ends nothing", 4),
        ("{% else %}", "`{% else %}` stands in no `{% if %}`", 3),
        ("{% set a = 1 %}{% set b %}x", "`{% endset %}` is missing: `{% set %}` has no end", 18),
        ("{{ total | }}", "behind `|`, a function is missing", 9),
        ("{{ total is }}", "behind `is`, a test is missing", 9),
        ("{{ order. }}", "behind `.`, a key is missing", 8),
        ("{{ a + }}", "behind `+`, a value is missing", 5),
        ("{{ a if b else }}", "behind `else`, a value is missing", 10),
        ("{{ }}", "nothing stands between `{{` and `}}`", 0),
        ("{{ a b }}", "between `a` and `b` an operator is missing", 5),
        ("{{ a = b }}", "`=` gives an argument its value; what compares is `==`", 0),
        ("{{ a && b }}", "`&` is no operator; `and` is the word for it", 5),
        ("{{ !a }}", "`!` is no operator; `not` is the word for it", 3),
        ("{{ 'a }}", "the text that ' begins has no end", 3),
        ("{{ a $ }}", "`$` has no meaning here", 5),
        ("{{ order.lines.@id }}", "a key that begins with `@` stands in brackets: write order.lines['@id']", 15),
        ("{{ not @id }}", "a key that begins with `@` stands in brackets: write payload['@id']", 7),
        ("b {{ a", "`{{` has no end: `}}` is missing", 2),
        ("{# a", "unexpected end of comment", 0),
    ],
)
def test_what_is_wrong_is_told_with_its_place(template, told, at):
    """What is missing, or what to write instead."""
    with pytest.raises(Unusable) as caught:
        Engine().template(template, Mode.MARKDOWN, "a/b#/text")
    assert (str(caught.value), caught.value.at) == (told, at)


@pytest.mark.parametrize("template", ["{{ a['@id'] }}", "{{ a != b }}", "{% for x in l %}{% else %}n{% endfor %}"])
def test_what_is_right_is_read(template):
    """An attribute of XML among it."""
    Engine().template(template, Mode.MARKDOWN, "a/b#/text")
