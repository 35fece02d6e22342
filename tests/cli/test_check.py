"""`mattergate check`: every fault of settings and catalog, and whether destinations will work."""

import asyncio

import pytest

from tests.conftest import ITEMS_SERVICE

FAULTY = """
[server]
grace = "never"
[catalog]
folders = ["catalog", "nowhere"]
[destinations.ops]
hook = "http://127.0.0.1:9/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaa"
[routes.items]
service = "items"
destinations = ["opz"]
[routes.code]
service = "githib"
destinations = ["ops"]
allow_unsigned = true
"""

SAMPLE = "request: {body: {kind: item, id: d1, box: a, number: 1}}\nexpect: {outcome: message}\n"


def test_settings_without_a_fault(desk):
    """One line says what there is, in the right number."""
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE)
    said = desk.run("check")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{desk.file}: 1 route, 2 destinations, no fault\n"


def test_every_fault_is_one_line_with_place_and_remedy(desk):
    """Settings, documents of several services, and what does not fit together: all of them at once."""
    desk.write("mattergate.toml", FAULTY)
    desk.write("catalog/items/item.yaml", "title: An item\nevents: [item]\nmessage: {text: '{{ a | nosuch }}'}\n")
    desk.write("catalog/other/service.yaml", ITEMS_SERVICE + "colour: red\n")
    said = desk.run("check")
    assert (said.code, said.err) == (1, "7 faults\n")
    places = [
        "mattergate.toml:3: server.grace:", "mattergate.toml:10: routes.items.destinations[0]:", "nowhere:",
        "item.yaml:3: ", "service.yaml:7: colour:", "mattergate.toml:12: routes.code.service:",
    ]  # fmt: skip
    assert len(said.out.splitlines()) == 7
    for place in places:
        assert place in said.out
    assert '(did you mean "ops"?)' in said.out
    assert '(did you mean "github"?)' in said.out
    assert "no service 'items'" not in said.out, "its documents are at fault, and are there"


def test_a_button_that_another_service_does_not_answer(desk):
    """The callback is looked for there, as its own are in its own."""
    text = "title: An item\nevents: [item]\nmessage: {text: item}\nactions:\n"
    text += "".join(f"- {{name: {one[:3]}, callback: {one}}}\n" for one in ("other/resolv", "nobody/do", "own"))
    desk.write("catalog/items/item.yaml", text)
    desk.write("catalog/other/service.yaml", ITEMS_SERVICE)
    callback = "title: Resolve it\nanswers: action\ninput: {context: {id: text}}\nreply: {message: {text: done}}\n"
    desk.write("catalog/other/callbacks/resolve.yaml", callback)
    said = desk.run("check")
    assert "item.yaml:7: actions/2/callback: the service has no callback 'own'" in said.out
    desk.write("catalog/items/item.yaml", text.replace("callback: own", "callback: other/resolve"))
    said = desk.run("check")
    assert "item.yaml:5: actions/0/callback: the service other has no callback 'resolv'; did you" in said.out
    assert "item.yaml:6: actions/1/callback: there is no service 'nobody'" in said.out
    assert "item.yaml:7: actions/2: the callback resolve needs context.id" in said.out


def test_faults_for_programs(desk):
    """Each has a level, a file, a line, a place, a problem and a remedy; without any, the list is empty."""
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE)
    assert desk.run("check", "-o", "json").out == "[]\n"
    desk.write("mattergate.toml", FAULTY)
    desk.file.chmod(0o644)
    said = desk.run("check", "--output", "jsonl")
    assert said.code == 1
    levels = {(row["level"], row["where"]) for row in said.lines}
    assert {("warning", "destinations.ops.hook"), ("fault", "server.grace")} <= levels
    assert set(said.lines[0]) == {"level", "file", "line", "where", "problem", "remedy"}


def test_a_warning_is_no_fault(desk):
    """A file that everybody may read is told on standard error, and the exit code is 0."""
    desk.file.chmod(0o644)
    said = desk.run("check")
    assert said.code == 0
    assert said.err.startswith("warning: ")


def test_the_reference_lists_every_setting(desk):
    """It is Markdown, and needs no settings file."""
    said = desk.plain("check", "--reference", "-c", "nowhere.toml")
    assert said.code == 0
    assert "| `[journal]` | `url` |" in said.out


@pytest.mark.parametrize(("option", "posts"), [("--live", 0), ("--post", 1)])
async def test_servers_are_asked(start, desk, option, posts):
    """`--live` posts nothing; `--post` sends one message; a hook that is gone is a fault, and no secret is shown."""
    gateway = await start()
    hook = gateway.hook.rpartition("/")[2]
    text = desk.file.read_text().replace("http://127.0.0.1:9/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaab", gateway.hook)
    text = text.replace("http://127.0.0.1:9/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaa", gateway.hook)
    desk.write("mattergate.toml", text)
    said = await asyncio.to_thread(desk.run, "check", option)
    assert said.code == 0, said.text
    assert "ops: ok: Mattermost" in said.out
    assert len(gateway.standin.posts) == posts * 2
    assert hook not in said.text
    gateway.standin.hooks.clear()
    gone = await asyncio.to_thread(desk.run, "check", "--post", "-o", "jsonl")
    assert (gone.code, gone.err) == (1, "2 faults\n")
    assert {(row["level"], row["where"]) for row in gone.lines} >= {("fault", "ops"), ("fault", "dev")}


def test_servers_are_not_asked_when_there_are_faults(desk):
    """Faulty settings are told, and nothing is sent."""
    desk.write("mattergate.toml", FAULTY)
    said = desk.run("check", "--live")
    assert said.code == 1
    assert "ops: " not in said.out


COSTLY = """title: An item
events: [item]
input:
  $defs:
    node:
      properties:
        child: {anyOf: [{$ref: "#/$defs/node"}, {type: array, items: {$ref: "#/$defs/node"}}, {$ref: "#/$defs/node"}]}
        name: {pattern: "^((a|b)+(?!c))+$"}
  $ref: "#/$defs/node"
message: {text: x}
"""


def test_schemas_whose_cost_has_no_bound_are_warned_of(desk):
    """Recursion that doubles and patterns that are tried: warnings with their line; nothing fails for them."""
    desk.write("catalog/items/item.yaml", COSTLY)
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE)
    said = desk.run("check")
    assert said.code == 0
    [doubles, tries] = sorted(said.err.splitlines())
    assert "item.yaml:7: input/$defs/node/properties/child: this leads back to itself twice" in doubles
    assert "item.yaml:8: input/$defs/node/properties/name: the pattern" in tries
    assert all(line.startswith("warning: ") and "keep the gateway busy" in line for line in (doubles, tries))


def test_events_that_no_sample_reaches_are_warned_of(desk):
    """Of the user's own documents: where the event is named, and what to write."""
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE)
    desk.write(
        "catalog/items/gone.yaml", "title: An item is gone\nevents: [item, gone]\nwhen: gone\nmessage: {text: gone}\n"
    )
    said = desk.run("check")
    assert said.code == 0
    assert [line.partition("gone.yaml")[2] for line in said.err.splitlines()] == [
        f":2: events/{at}: no sample shows what becomes of {event}: none comes to items/gone by such a name (write a "
        "request with it into items/samples/gone.NAME.yaml, then run `mattergate test --write`)"
        for at, event in enumerate(("item", "gone"))
    ]


def test_a_file_that_is_no_sample_is_a_fault(desk):
    """At its line, also of a service that is not there; whether a sample holds is for `test` to say."""
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE.replace("outcome: message", "outcome: ignored"))
    assert desk.run("check").code == 0
    desk.write("catalog/items/samples/item.odd.yaml", SAMPLE.replace("outcome: message", "outcme: message"))
    desk.write("catalog/gone/samples/item.odd.yaml", "request: [")
    said = desk.run("check")
    assert said.code == 1
    gone, odd = said.out.splitlines()
    assert "catalog/gone/samples/item.odd.yaml:2: " in gone
    assert "item.odd.yaml:2: expect/outcme: there is no key 'outcme'" in odd
    assert 'did you mean "outcome"?' in odd


def test_a_step_of_unwrap_that_did_nothing_in_any_sample_is_warned_of(desk):
    """With its line and why; one that did something in a sample may be optional."""
    service = ITEMS_SERVICE + "unwrap:\n  - {json: boxes}\n  - {json: Mesage}\n"
    desk.write("catalog/items/service.yaml", service)
    for name, more in (("usual", ""), ("boxed", ", boxes: '[1]'")):
        desk.write(f"catalog/items/samples/item.{name}.yaml", SAMPLE.replace("number: 1", f"number: 1{more}"))
    said = desk.run("check")
    assert said.code == 0
    [line] = said.err.splitlines()
    at = len(service.splitlines())
    assert f"catalog/items/service.yaml:{at}: unwrap/1: `json: $.Mesage` did nothing in any sample: nothing" in line


def test_selectors_of_names_that_no_sample_has_are_warned_of(desk):
    """A path that is mistyped leaves every event without a name."""
    desk.write("catalog/items/service.yaml", ITEMS_SERVICE.replace("json: kind", "json: knd"))
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE)
    assert "event: no sample has the name of an event" in desk.run("check").err


def test_a_delivery_id_that_events_share_is_warned_of(desk):
    """What comes second would be lost; samples that show the same may be a repeat."""
    sample = "request: {body: {kind: item, box: a, number: %d, id: %d}}\nexpect: {outcome: message}\n"
    for name, values in {"one": (1, 7), "again": (1, 7), "other": (2, 8)}.items():
        desk.write(f"catalog/items/samples/item.{name}.yaml", sample % values)
    assert "delivery id" not in desk.run("check").err
    desk.write("catalog/items/samples/item.other.yaml", sample % (2, 7))
    said = desk.run("check")
    assert said.code == 0
    assert "items/service.yaml:6: delivery_id: item.again.yaml and item.other.yaml have one delivery id" in said.err


def test_a_delivery_id_that_no_sample_has_is_warned_of(desk):
    """Else nobody would see that the path leads nowhere."""
    desk.write("catalog/items/service.yaml", ITEMS_SERVICE.replace("json: id", "json: nope"))
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE)
    said = desk.run("check")
    assert said.code == 0
    assert "delivery_id: no sample has a delivery id" in said.err
    desk.write("catalog/items/service.yaml", ITEMS_SERVICE)
    assert "delivery id" not in desk.run("check").err


def test_a_callback_without_a_sample_is_warned_of(desk):
    """And a file that is no sample of a callback is a fault; nothing is asked of the service."""
    desk.write("catalog/items/samples/item.usual.yaml", SAMPLE)
    desk.write("catalog/items/callbacks/ask.yaml", "title: Ask\nanswers: action\nreply: {message: {text: asked}}\n")
    said = desk.run("check")
    assert (said.code, len(said.err.splitlines())) == (0, 1)
    assert "callbacks/ask.yaml:1: title: no sample shows what becomes of this callback (write" in said.err
    sample = "callback: ask\nsent: {json: {}}\nexpect: {answer: {}}\n"
    file = desk.write("catalog/items/callbacks/samples/ask.usual.yaml", sample)
    assert desk.run("check").err == ""
    file.write_text(sample.replace("callback", "calback"))
    file.with_suffix(".yml").write_text(sample)
    said = desk.run("check")
    assert (said.code, said.out.count("samples/ask.usual.")) == (1, 2)


def test_an_ignore_that_swallows_is_found(desk):
    """With its file, line and key, and what to write in its place."""
    desk.write(
        "catalog/acme/service.yaml",
        "name: Acme\ndocs: https://acme.example\nsetup: Nothing to set up, this is for tests.\n",
    )
    document = "title: All\nevents: ['*']\nlet: {body: '{{ text }}'}\nignore: not body\nmessage: {text: '{{ body }}'}\n"
    desk.write("catalog/acme/all.yaml", document)
    said = desk.run("check")
    assert said.code == 1
    assert "catalog/acme/all.yaml:4: ignore: this ignores a payload of which nothing is recognised ({})" in said.out
    assert "say what is not worth a message" in said.out
    desk.write("catalog/acme/all.yaml", document.replace("not body", "body == ''"))
    assert desk.run("check").code == 0
