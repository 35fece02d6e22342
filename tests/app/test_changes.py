"""What a reload says: every table and key by name, and never a value."""

from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import settings
from gateway.app import changes
from gateway.catalog import catalog
from gateway.secret import Secret
from gateway.settings import Settings, tables
from gateway.settings.keys import Address, Key, keys
from gateway.settings.lines import shown
from tests.settings.reading import complete

FIXED = {("server", key) for key in ("listen", "admin", "header_limit", "grace")} | {("journal", "url")}
NAMED = {"destinations": "dev.team", "routes": "github", "callbacks": "pager", "bots": "helper"}
KEYS = [(table, name) for table, struct in tables._TABLES.items() for name in keys(struct)]
SECRET = "correct-horse-battery-staple"


def other(key: Key, value: Any) -> Any:
    """Another value of a key; texts and secrets are SECRET."""
    if key.listed:
        return (*value, _item(get_args(key.type)[0]))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return Address("127.0.0.9", 7) if key.type is Address else _item(key.type)


def _item(kind: Any) -> Any:
    if kind is Secret:
        return Secret(SECRET)
    return {"header": SECRET} if get_origin(kind) is dict else SECRET


def changed(old: Settings, table: str, name: str) -> Settings:
    """The settings with another value of one key."""
    part = getattr(old, table)
    one = part[NAMED[table]] if table in NAMED else part
    key = keys(type(one))[name]
    fresh = msgspec.structs.replace(one, **{name: other(key, getattr(one, name))})
    whole = {**part, NAMED[table]: fresh} if table in NAMED else fresh
    return msgspec.structs.replace(old, **{table: whole})


@pytest.mark.parametrize(("table", "name"), KEYS)
def test_each_key_is_told_or_refused_by_its_name(table, name):
    """A changed key is named with its table, without its value; what the parts were built on is refused instead."""
    old = complete()
    new = changed(old, table, name)
    refused = [fault.where for fault in changes.refusals(old, new)]
    if table == "tracing":
        assert refused == ["tracing"]
        return
    assert refused == ([f"{table}.{name}"] if (table, name) in FIXED else [])
    place = shown((table, NAMED[table])) if table in NAMED else table
    assert changes.settings_changes(old, new) == (f"[{place}]: {name} changed",)


@pytest.mark.parametrize("table", list(NAMED))
def test_what_comes_and_goes_is_told(table):
    """A destination or a route that is new, or gone, has a line."""
    old = complete()
    name = NAMED[table]
    fewer = msgspec.structs.replace(old, **{table: {k: v for k, v in getattr(old, table).items() if k != name}})
    assert changes.settings_changes(old, fewer) == (f"[{shown((table, name))}]: gone",)
    assert changes.settings_changes(fewer, old) == (f"[{shown((table, name))}]: new",)


def test_a_table_that_turns_something_on_is_told():
    """[passthrough] comes and goes; [tracing] cannot."""
    old = complete()
    without = msgspec.structs.replace(old, passthrough=None)
    assert changes.settings_changes(old, without) == ("[passthrough]: gone",)
    assert changes.settings_changes(without, old) == ("[passthrough]: new",)
    assert [fault.where for fault in changes.refusals(old, msgspec.structs.replace(old, tracing=None))] == ["tracing"]


def test_several_keys_share_a_line():
    """One line for each table, with its keys in the order of the reference."""
    old = complete()
    new = changed(changed(changed(old, "log", "level"), "delivery", "timeout"), "delivery", "rate")
    assert changes.settings_changes(old, new) == ("[delivery]: rate, timeout changed", "[log]: level changed")


def test_a_refusal_names_the_line_and_what_to_do():
    """The fault has the place in the new file."""
    old = settings.parse("", "m.toml", {}, Path.read_text)
    new = settings.parse('\n[server]\nlisten = "127.0.0.1:1"\n', "m.toml", {}, Path.read_text)
    [fault] = changes.refusals(old, new)
    remedy = "restart it, or put back the old value"
    assert str(fault) == f"m.toml:3: server.listen: cannot change while the gateway runs ({remedy})"


@given(st.lists(st.sampled_from(KEYS), max_size=8))
def test_only_what_differs_is_told_and_never_a_value(steps):
    """Settings do not differ from themselves, a change tells its tables and no others, and no line holds a value."""
    old = new = complete()
    for table, name in steps:
        new = changed(new, table, name)
    assert changes.settings_changes(old, old) == changes.settings_changes(new, new) == ()
    assert changes.refusals(new, new) == []
    lines = changes.settings_changes(old, new)
    assert SECRET not in f"{lines} {changes.refusals(old, new)}"
    assert {line[1:].split("]")[0].split(".")[0] for line in lines} <= {table for table, _ in steps}


def test_documents_are_told_of_services_that_stay(tmp_path):
    """A translator that is new, changed or gone is told; those of a service that comes with its route are not."""

    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    service = (
        "name: A\ndocs: https://example.com\nsetup: Nothing to set up; it is for tests alone.\nevent: [{json: kind}]\n"
    )
    translator = "title: One\nevents: [%s]\nmessage: {text: one}\n"
    write("a/service.yaml", service)
    write("a/one.yaml", translator % "one")
    write("a/two.yaml", translator % "two")
    before = catalog.load([tmp_path])
    assert changes.document_changes(before, catalog.load([tmp_path])) == ()
    (tmp_path / "a/one.yaml").unlink()
    write("a/two.yaml", translator % "deux")
    write("a/three.yaml", translator % "three")
    write("a/service.yaml", service + "delivery_id: [{json: id}]\n")
    write("b/service.yaml", service)
    assert changes.document_changes(before, catalog.load([tmp_path])) == (
        "a/one.yaml: gone",
        "a/service.yaml: changed",
        "a/three.yaml: new",
        "a/two.yaml: changed",
    )
