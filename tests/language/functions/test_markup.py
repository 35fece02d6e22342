"""Text that is ready stays a plain string, whatever else is installed."""

import markupsafe

from gateway.language.functions.markup import Markup
from gateway.language.output import Mode
from gateway.language.template import Engine


def test_ready_text_is_never_escaped_as_html():
    """With MarkupSafe installed, what a function marks as ready comes out of a template as it went in."""
    assert not issubclass(Markup, markupsafe.Markup)
    source = "{% set x %}{{ a | code }}{% endset %}{{ x }} {{ a | code | quote }} {{ [a | code] | join(', ') }}"
    shown = Engine().template(source, Mode.MARKDOWN, "a/b").render({"a": "<&>"})
    assert type(shown) is str
    assert "&" in shown
    assert "&amp;" not in shown
    assert "&lt;" not in shown
