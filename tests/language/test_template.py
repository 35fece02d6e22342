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


def test_a_template_has_a_longest_length():
    """What is longer is refused before it is scanned."""
    with pytest.raises(Unusable, match="8,000"):
        Engine().template("{{" * LONGEST, Mode.RAW, "x#/y")


def test_a_pulse_ends_what_takes_too_long():
    """The pulse is called for each template and function, simple ones included; what it raises ends the translation."""
    beats = []

    def pulse():
        beats.append(1)
        if len(beats) > 10:
            raise TranslationError("own/x", "", "too long")

    engine = Engine(pulse=pulse)
    simple = engine.template("{{ a | upper }}", Mode.MARKDOWN, "own/x#/a")
    whole = engine.template("{% for x in a %}{{ x | upper }}{% endfor %}", Mode.MARKDOWN, "own/x#/b")
    assert simple.render({"a": "x"}) == "X"
    with pytest.raises(TranslationError, match="too long"):
        whole.render({"a": ["x"] * 50})
    with pytest.raises(TranslationError, match="too long"):
        simple.render({"a": "x"})
