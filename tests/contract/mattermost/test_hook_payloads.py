"""What the payload of an incoming webhook may hold: types, conversions of values, kinds, props, priority."""

import pytest

GENERAL = "web.incoming_webhook.general"
DECODE = (400, "web.incoming_webhook.decode")


@pytest.mark.parametrize(
    "body",
    [
        {"text": 1},
        {"text": True},
        {"text": ["x"]},
        {"text": "x", "username": 1},
        {"text": "x", "icon_url": 1},
        {"text": "x", "channel": 1},
        {"text": "x", "type": 1},
        {"text": "x", "props": "p"},
        {"text": "x", "props": [1]},
        {"text": "x", "priority": "urgent"},
        {"text": "x", "priority": ["urgent"]},
        {"text": "x", "priority": {"priority": 1}},
        {"text": "x", "priority": {"priority": "urgent", "requested_ack": "yes"}},
        {"text": "x", "attachments": {}},
        {"text": "x", "attachments": "a"},
        {"text": "x", "attachments": [[]]},
        {"attachments": [{"title": 5}]},
        {"attachments": [{"text": 5}]},
        {"attachments": [{"color": 5}]},
        {"attachments": [{"footer": 5}]},
        {"attachments": [{"id": "x"}]},
        {"attachments": [{"id": 1.5}]},
        {"attachments": [{"fields": {}}]},
        {"attachments": [{"fields": [{"title": 5}]}]},
        {"attachments": [{"fields": [{"short": 1}]}]},
        {"attachments": [{"fields": [{"short": None}]}]},
        {"attachments": [{"fields": [{"short": "yes"}]}]},
        {"attachments": [{"fields": [{"short": ""}]}]},
        {"attachments": [{"actions": {}}]},
    ],
    ids=str,
)
async def test_one_wrong_type_refuses_the_whole(place, body):
    """Go's types are strict, everywhere."""
    assert (await place.send(body)).outcome == DECODE
    assert await place.posts() == []


async def test_null_is_absent(place):
    """Null does for every key."""
    names = ("username", "icon_url", "icon_emoji", "channel", "type", "props", "priority")
    attachment = dict.fromkeys(("title", "color", "id", "ts", "author_name", "footer"))
    body = {"text": "x", **dict.fromkeys(names), "attachments": [attachment]}
    assert (await place.send(body)).status == 200
    assert (await place.only())["props"]["attachments"][0]["title"] == ""


async def test_attachments_are_stored_with_every_key(place):
    """Empty keys are there, lists are null, actions only when given; the type says so."""
    assert (await place.send({"attachments": [{"text": "a", "unknown": 1}, None]})).status == 200
    post = await place.only()
    assert (post["message"], post["type"]) == ("", "slack_attachment")
    strings = "fallback color pretext author_name author_link author_icon title title_link image_url thumb_url footer"
    empty = dict.fromkeys([*strings.split(), "footer_icon"], "")
    assert post["props"]["attachments"] == [{**empty, "text": "a", "id": 0, "fields": None, "ts": None}]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1000000, "1e+06"),
        (999999, "999999"),
        (21000000, "2.1e+07"),
        (123456789, "1.23456789e+08"),
        (123456789012345678, "1.2345678901234568e+17"),
        (42, "42"),
        (-3, "-3"),
        (0, "0"),
        (0.1, "0.1"),
        (1234.5, "1234.5"),
        (0.0001, "0.0001"),
        (-0.00001, "-1e-05"),
        (True, "true"),
        (False, "false"),
        ({"b": 1, "a": [1, "x"]}, "map[a:[1 x] b:1]"),
        ({"a": None}, "map[a:<nil>]"),
        (["a", 2], "[a 2]"),
        ([], "[]"),
        ({}, "map[]"),
        ("", ""),
        ("text", "text"),
        (None, None),
    ],
)
async def test_field_values_become_go_text(place, value, shown):
    """Numbers are floats in their shortest form, objects are Go maps, null stays null."""
    assert (await place.send({"attachments": [{"fields": [{"title": "v", "value": value}]}]})).status == 200
    (field,) = (await place.only())["props"]["attachments"][0]["fields"]
    assert field == {"title": "v", "value": shown, "short": False}


@pytest.mark.parametrize(("short", "stored"), [("true", True), ("TRUE", True), ("False", False), (True, True)])
async def test_short_may_be_a_word(place, short, stored):
    """A truth value, or its word in any case."""
    await place.send({"attachments": [{"fields": [{"title": "a", "value": "b", "short": short}]}]})
    assert (await place.only())["props"]["attachments"][0]["fields"][0]["short"] is stored


@pytest.mark.parametrize("ts", [1.5, 1700000000, "noon"])
async def test_ts_is_stored_as_it_came(place, ts):
    """Whatever it is; it is never shown."""
    await place.send({"attachments": [{"ts": ts}]})
    assert (await place.only())["props"]["attachments"][0]["ts"] == ts


@pytest.mark.parametrize(
    "attachment",
    [{}, {"color": "nonsense"}, {"title_link": "ftp://x"}, {"image_url": "no address"}, {"author_link": "http://x"}],
    ids=str,
)
async def test_bad_links_and_colours_are_taken(place, attachment):
    """The server logs a warning and shows what it can."""
    assert (await place.send({"attachments": [attachment]})).status == 200


@pytest.mark.parametrize("kind", ["", "custom_mine", "slack_attachment", "me", "reminder", "add_bot_teams_channels"])
async def test_kinds_that_are_taken(place, kind):
    """Custom ones and a few of the server's own."""
    assert (await place.send({"text": "x", "type": kind})).status == 200
    assert (await place.only())["type"] == kind


@pytest.mark.parametrize(
    ("kind", "status"), [("system_join_channel", 400), ("system_x", 400), ("nonsense", 500), (" ", 500)]
)
async def test_kinds_that_are_refused(place, kind, status):
    """System messages are 400, unknown kinds fail while they are stored."""
    assert (await place.send({"text": "x", "type": kind})).outcome == (status, GENERAL)
    assert await place.posts() == []


async def test_attachments_decide_the_kind(place):
    """With attachments every kind becomes slack_attachment, even one that is refused otherwise."""
    for kind in ("custom_mine", "nonsense", "system_x"):
        assert (await place.send({"attachments": [{"text": "a"}], "type": kind})).status == 200
    assert {post["type"] for post in await place.posts()} == {"slack_attachment"}


async def test_props_are_copied(place):
    """All but those that say who speaks and where it came from; big integers lose digits."""
    props = {
        "card": "# c",
        "mine": {"a": [1, None]},
        "big": 12345678901234567890,
        "from_webhook": "false",
        "override_username": "faked",
        "override_icon_url": "http://faked.example",
        "webhook_display_name": "faked",
        "attachments": [{"text": "faked"}],
    }
    await place.send({"text": "x", "username": "CI", "props": props})
    assert (await place.only())["props"] == {
        "card": "# c",
        "mine": {"a": [1, None]},
        "big": 12345678901234567000,
        "from_webhook": "true",
        "override_username": "CI",
        "webhook_display_name": "Contract",
    }


@pytest.mark.parametrize("name", ["", "important", "urgent", "high", "x" * 32])
async def test_priorities_are_not_validated(place, name):
    """Any name that the column holds, with or without a licence."""
    assert (await place.send({"text": "x", "priority": {"priority": name}})).status == 200
    post = (await place.get((await place.only())["id"])).json
    assert post["metadata"]["priority"]["priority"] == name


@pytest.mark.parametrize(
    ("priority", "status"),
    [
        ({}, 400),
        ({"priority": None}, 400),
        ({"requested_ack": True}, 400),
        ({"priority": "x" * 33}, 500),
        ({"priority": "urgent", "persistent_notifications": True}, 500),
    ],
    ids=str,
)
async def test_priorities_that_are_refused(place, priority, status):
    """The name is needed and bounded; nagging needs somebody to nag."""
    assert (await place.send({"text": "x", "priority": priority})).outcome == (status, GENERAL)


async def test_acknowledgements_need_no_licence_over_a_webhook(place):
    """They are stored, unlike over REST; persistent notifications need a mention."""
    wanted = {"priority": "urgent", "requested_ack": True, "persistent_notifications": True}
    await place.join(place.stage.ben["id"])
    text = f"x @{place.stage.ben['username']}"
    assert (await place.send({"text": text, "priority": wanted})).status == 200
    priority = (await place.get((await place.only())["id"])).json["metadata"]["priority"]
    assert {name: priority[name] for name in wanted} == wanted


async def test_priority_is_stored_even_when_it_is_off(place):
    """The setting is not asked over a webhook."""
    async with place.server.settings(ServiceSettings={"PostPriority": False}):
        assert (await place.send({"text": "x", "priority": {"priority": "urgent"}})).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a\0b"},
        {"attachments": [{"text": "a\0b"}]},
        {"text": "x", "username": "a\0b"},
        {"text": "x", "props": {"a": "\0"}},
        {"text": "x", "channel": "a\0b"},
    ],
    ids=str,
)
async def test_the_database_takes_no_nul(place, body):
    """U+0000 anywhere is 500, and nothing is stored."""
    assert (await place.send(body)).outcome == (500, GENERAL)
    assert await place.posts() == []


async def test_other_odd_characters_are_stored(place):
    """Controls, separators and direction marks stay as they are."""
    text = "a\x01\x1b\u2028\u202e\ufffe\rb "
    await place.send({"text": text})
    assert (await place.only())["message"] == text
