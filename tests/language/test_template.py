"""The engine: what bounds its templates, and that it comes and goes with its catalog."""

import gc
import weakref

import pytest

from gateway.errors import TranslationError
from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import LONGEST, Engine


def test_an_engine_goes_with_its_templates():
    """When a catalog is exchanged, nothing keeps the old one: environments do not hold what holds them."""
    engine = Engine()
    template = engine.template("{{ a | upper }} {% if a is mapping %}x{% endif %}", Mode.MARKDOWN, "test/engine#/x")
    value = engine.value("{{ a | length }}", "test/engine#/y")
    assert template.render({"a": "x"}) == "X"
    gone = weakref.ref(engine)
    del engine, template, value
    gc.collect()
    assert gone() is None


def test_an_expression_that_fails_is_quoted():
    """The author finds it in a text of many lines."""
    template = Engine().template("one\nü {{ (a + b) | upper }}", Mode.MARKDOWN, "test/x#/message/text")
    with pytest.raises(TranslationError, match="a number and a text, in `a \\+ b`"):
        template.render({"a": 1, "b": "x"})


def test_a_template_has_a_longest_length():
    """What is longer is refused before it is scanned."""
    with pytest.raises(Unusable, match="8,000"):
        Engine().template("{{" * LONGEST, Mode.RAW, "x#/y")
