"""Callbacks that tests write."""

from collections.abc import Mapping

from gateway.callbacks.document import CallbackShape, callbacks
from gateway.catalog import reading
from gateway.catalog.build import build
from gateway.catalog.kinds import Text
from gateway.errors import Fault
from gateway.language.template import Engine

SERVICE = "name: Acme\ndocs: https://acme.example\nsetup: Nothing to set up.\n"
ASK = """
title: Ask
answers: command
command: {trigger: ask}
request: {url: "https://api.example.com/ask", json: {text: "{{ text }}"}}
reply: {message: {text: "{{ answer.json.text }}"}}
"""


def texts(documents: Mapping[str, str]) -> dict[str, Text]:
    """A service of these callbacks, by their names, and of its shared.yaml."""
    every = {"service": SERVICE}
    every |= {name if name == "shared" else f"callbacks/{name}": text for name, text in documents.items()}
    return {name: Text(f"acme/{name}", text, f"acme/{name}.yaml") for name, text in every.items()}


def compiled(text: str, **others: str) -> CallbackShape:
    """The callback of a document without faults."""
    service, faults = build("acme", texts({"it": text, **others}), Engine())
    assert faults == []
    return callbacks(service)["it"]


def problems(text: str, **others: str) -> list[str]:
    """What `check` says of a document, each with its place: "9 request/url: the host..."."""
    sources = texts({"it": text, **others})
    service, faults = build("acme", sources, Engine())
    found: list[Fault] = faults or reading.faults(service, sources)
    return [f"{one.line} {one.where}: {one.problem}" for one in found]
