"""Folders of documents that tests write."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.catalog.catalog import load
from gateway.catalog.service import Service
from gateway.catalog.translator import Draft, context
from gateway.errors import CatalogError, Fault
from gateway.model import JSON, Request

SERVICE = "name: %s\ndocs: https://example.com\nsetup: Nothing to set up; it is for tests.\nevent: [{json: kind}]\n"
SHARED = """
shapes: {user: {login?: text, url?: url}}
author: {name: "{{ coalesce(name, login) }}", link: "{{ root }}{{ login }}"}
states: {order: {placed: opened, shipped: resolved, lost: [gone astray, change, warned], refused: [rejected, close]}}
let:
  host: "{{ home | default('https://shop.example/') }}"
  root: "{{ host }}users/"
  unused: "{{ 1 / 0 }}"
"""
ONE = """
title: One
events: [one]
input: {kind: text, by?: user, state?: text}
state: {order: state}
card: order
message:
  attachments:
    - {author: by, title: "order {{ state.word }}", title_link: "{{ root }}"}
"""
CARD = """
title: An order
state: {order: payload.state}
message: {attachments: [{author: by, title: "{{ state.word }}"}]}
"""

TRANSLATOR = "title: One\nevents: [%s]\nmessage: {text: '%s'}\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """A function that writes a file below the folder of the test."""

    def write(path: str, text: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write


@pytest.fixture
def two(write: Callable[[str, str], Path], tmp_path: Path) -> list[Path]:
    """The folders of a catalog with the services `a` and `b`, each with the translator `one`."""
    for key in ("a", "b"):
        write(f"base/{key}/service.yaml", SERVICE % key.upper())
        write(f"base/{key}/one.yaml", TRANSLATOR % ("one", "first"))
    return [tmp_path / "base"]


@pytest.fixture
def shop(two: list[Path], write: Callable[[str, str], Path]) -> list[Path]:
    """A catalog whose service `a` has shared.yaml, a translator and a card that use it."""
    write("base/a/shared.yaml", SHARED)
    write("base/a/one.yaml", ONE)
    write("base/a/cards/order.yaml", CARD)
    return two


@pytest.fixture
def draft() -> Callable[[Service, dict[str, JSON]], Draft]:
    """What the translator of a service makes of a payload."""

    def draft(service: Service, payload: dict[str, JSON]) -> Draft:
        seen = context({"kind": "one", **payload}, Request(), "one")
        return service.translators[0].draft(seen, service.cards)

    return draft


def fault_in(folders: list[Path], file: Path) -> Fault:
    """The one fault that a catalog has in a file."""
    with pytest.raises(CatalogError) as raised:
        load(folders)
    (fault,) = [fault for fault in raised.value.faults if fault.file == str(file)]
    return fault
