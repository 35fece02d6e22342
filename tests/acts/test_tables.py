"""Tables as they are alive: the callbacks that they name, with their settings and secrets."""

from gateway.acts.tables import alive
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.build import build
from gateway.catalog.kinds import Text
from gateway.language.template import Engine
from gateway.secret import Secret
from gateway.settings.callbacks import CallbackSettings
from tests.acts.conftest import DOCUMENTS


def test_a_table_has_the_callbacks_that_it_names():
    """All without a name; by occasion; with the address of the service among the settings."""
    texts = {name.removesuffix(".yaml"): text for name, text in DOCUMENTS.items()}
    service, _ = build("pager", {name: Text(f"pager/{name}", text, name) for name, text in texts.items()}, Engine())
    key = {"key": Secret("k")}
    some = alive(
        CallbackSettings(name="x", service="pager", only=("ack", "status"), url="https://u", secrets=key), service
    )
    assert set(some.callbacks) == {"ack", "status"}
    assert set(some.answering(Occasion.ACTION)) == {"ack"}
    given = some.giving(5.0)
    assert (given.settings["url"], given.secrets, given.now) == ("https://u", key, 5.0)
    every = alive(CallbackSettings(name="x", service="pager"), service)
    assert {"ack", "mute", "note", "kinds", "ask", "status", "hello"} <= set(every.callbacks)
    assert "url" not in every.giving(0.0).settings
