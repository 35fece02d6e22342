"""Text that is ready stays a plain string, whatever else is installed."""

import markupsafe

from gateway.translate.functions.markup import Markup
from gateway.translate.template import Engine
from gateway.translate.writing import Mode


def test_ready_text_is_never_escaped_as_html():
    """With MarkupSafe installed, what a function marks as ready comes out of a template as it went in."""
    assert not issubclass(Markup, markupsafe.Markup)
    source = "{% set x %}{{ a | code }}{% endset %}{{ x }} {{ a | code | quote }} {{ [a | code] | join(', ') }}"
    shown = Engine().template(source, Mode.MARKDOWN, "a/b").render({"a": "<&>"})
    assert type(shown) is str
    assert "&" in shown
    assert "&amp;" not in shown
    assert "&lt;" not in shown
