"""`mattergate services`: the catalog, and how a sender is connected."""

import json

from tests.callbacks.conftest import ASK

ORDERS = "name: Orders\ndocs: https://example.com/orders\nsetup: Enter the URL of the route.\nevent: [{json: kind}]\n"


def test_every_service_is_listed_with_its_routes(desk):
    """The built-in ones, those of the settings, and those of `--catalog`."""
    desk.write("more/orders/service.yaml", ORDERS)
    said = desk.run("services", "--catalog", "more")
    assert said.code == 0, said.text
    rows = {line.split()[0]: line for line in said.out.splitlines()}
    assert {"service", "github", "items", "orders"} <= set(rows)
    assert rows["items"].split()[2:5] == ["any", "1", "items"]
    keys = [row["key"] for row in desk.run("services", "-o", "jsonl").lines]
    assert keys == sorted(keys)
    assert "orders" not in keys


def test_no_settings_file_is_needed(desk):
    """Where there is none, and none was named, the built-in catalog is shown."""
    desk.file.unlink()
    said = desk.plain("services", "alertmanager")
    assert said.code == 0
    assert "alertmanager/alerts" in said.out


def test_one_service_with_the_url_of_each_route(desk):
    """The steps, the URL, the proofs and the events; JSON has the same."""
    said = desk.run("services", "items")
    assert said.code == 0
    for part in ("Items  https://example.com/items", "route items: http://127.0.0.1", "An item", "items/item"):
        assert part in said.out
    page = json.loads(desk.run("services", "items", "-o", "json").out)
    assert (page["key"], page["routes"][0]["route"]) == ("items", "items")


def test_a_service_tells_what_the_rules_of_a_route_can_ask_for(desk):
    """The paths with their types, the events, and the rules of each route as the settings write them."""
    text = desk.file.read_text()
    rules = 'when = "kind == \'opened\'"\nverbosity = "title"\nmute_until = 2026-12-01\n'
    desk.file.write_text(text.replace("[routes.items]\n", f"[routes.items]\n{rules}"))
    said = desk.run("services", "items")
    for part in ("  when = \"kind == 'opened'\"", '  verbosity = "title"', "  mute_until = 2026-12-01T00:00:00Z"):
        assert part in said.out
    alerts = desk.plain("services", "alertmanager")
    assert ["alerts[].labels", "map", "alerts"] in [line.split() for line in alerts.out.splitlines()]
    page = json.loads(desk.plain("services", "alertmanager", "-o", "json").out)
    assert {"path": "groupKey", "type": "text", "translators": ["alerts"], "more": 0} in page["paths"]


def test_a_service_tells_what_chat_can_do_there(desk):
    """Its callbacks, with what a table of the settings gives for them; the list counts them."""
    desk.write("catalog/items/callbacks/ask.yaml", ASK)
    said = desk.run("services", "items")
    (row,) = [line.split() for line in said.out.splitlines() if line.startswith("items/ask")]
    assert row == ["items/ask", "command", "Ask:", "/ask"]
    assert json.loads(desk.run("services", "items", "-o", "json").out)["callbacks"][0]["name"] == "ask"
    assert {row["key"]: row["callbacks"] for row in desk.run("services", "-o", "jsonl").lines}["items"] == 1


def test_an_unknown_service_is_told(desk):
    """The error says which may be meant."""
    said = desk.run("services", "githib")
    assert said.code == 2
    assert 'did you mean "github"?' in said.err


def test_a_faulty_service_is_told_and_the_others_are_listed(desk):
    """The exit code is 1; only the faulty one is left out."""
    desk.write("catalog/orders/service.yaml", ORDERS + "colour: red\n")
    said = desk.run("services")
    assert said.code == 1
    assert "catalog/orders/service.yaml:5: colour:" in said.err
    assert "github" in said.out
    assert "\norders" not in said.out
    assert desk.run("services", "orders").code == 1
    assert desk.run("services", "items").code == 0
