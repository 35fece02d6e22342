"""The engine as something that comes and goes with its catalog."""

import gc
import weakref

from gateway.language.output import Mode
from gateway.language.template import Engine


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
