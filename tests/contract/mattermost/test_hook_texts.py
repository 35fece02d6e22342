"""What becomes of the texts of an incoming webhook: conversions, the split, the budget of props, names and icons."""

import json

import pytest

from gateway.mattermost.for_hook import for_hook
from gateway.mattermost.payload import Attachment, Field, Message, encode

GENERAL = "web.incoming_webhook.general"
RUNES = 16_383


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("<!channel> <!here> <!all>", "@channel @here @all"),
        ("<!everyone> <!channel >", "<!everyone> <!channel >"),
        ("<@nobody> <@>", "<@nobody> <@>"),
        ("<https://x.example|a b>", "[a b](https://x.example)"),
        ("`<https://x.example|a>`", "`[a](https://x.example)`"),
        ("```\n<a|b>\n```", "```\n[b](a)\n```"),
        ("    <a|b>", "    [b](a)"),
        ("\\<a|b>", "\\[b](a)"),
        ("x <y y|z> w", "x [z](y y) w"),
        ("<a|>", "<a|>"),
        ("<a|b|c>", "<a|b|c>"),
        ("<a|b\nc>", "<a|b\nc>"),
        ("<a\nb|c>", "<a\nb|c>"),
        ("<a(1)|l]l>", "[l]l](a(1))"),
        ("<!channel|channel>", "[channel](!channel)"),
        ("<#C1|name>", "[name](#C1)"),
        ("<!date^1^{date}|x>", "[x](!date^1^{date})"),
        ("<https://x.example>", "<https://x.example>"),
        ("&lt;a|b&gt; &amp;", "&lt;a|b&gt; &amp;"),
        ("*bold* ~strike~ _it_", "*bold* ~strike~ _it_"),
        ("`<!channel>`", "`@channel`"),
    ],
)
async def test_slack_forms_in_the_text(place, text, stored):
    """Announcements and labelled links, in code as well; nothing else is translated."""
    await place.send({"text": text})
    assert (await place.only())["message"] == stored


async def test_user_ids_become_names(stage, place):
    """`<@id>` of somebody known, in text and title alike."""
    mention = f"<@{stage.ben['id']}>"
    await place.send({"text": mention, "attachments": [{"title": mention, "text": mention}]})
    post = await place.only()
    (attachment,) = post["props"]["attachments"]
    name = f"@{stage.ben['username']}"
    assert (post["message"], attachment["title"], attachment["text"]) == (name, name, name)


async def test_slack_forms_in_attachments(place):
    """Links in pretext, text and field values, announcements in the title too, nothing in the rest."""
    form = "<!all> <a\n|b>"
    names = ("pretext", "text", "title", "footer", "author_name", "fallback")
    fields = [{"title": form, "value": form}]
    await place.send({"attachments": [{**dict.fromkeys(names, form), "fields": fields}]})
    (kept,) = (await place.only())["props"]["attachments"]
    converted, announced = "@all [b](a\n)", "@all <a\n|b>"
    assert [kept[name] for name in names] == [converted, converted, announced, form, form, form]
    assert kept["fields"] == [{"title": form, "value": converted, "short": False}]


FORMS = "<!here> <!all> Promise<string|null> `Map<K|V>` <http://a.example|http://b.example> a < b\n| c | d |\n> e"


async def test_what_the_sender_of_hooks_makes_of_texts(stage, place):
    """Nothing of it is rewritten, in any text, and nobody is mentioned: what is stored is what was sent."""
    form = f"{FORMS} <@{stage.ben['id']}>"
    part = Attachment(form, None, form, form, title=form, text=form, fields=[Field(form, form)], footer=form)
    sent = json.loads(for_hook(encode(Message(text=form, attachments=[part]))))
    await place.send(sent)
    post = await place.only()
    (kept,) = post["props"]["attachments"]
    (own,) = sent["attachments"]
    names = ("pretext", "text", "title", "footer", "author_name", "fallback")
    assert post["message"] == sent["text"]
    assert [kept[name] for name in names] == [own[name] for name in names]
    assert kept["fields"][0]["value"] == own["fields"][0]["value"]
    assert f"@{stage.ben['username']}" not in json.dumps(post)


async def test_long_texts_are_cut_blindly(place):
    """Pieces of exactly 16383 code points, each with the same props, the attachments with the last."""
    text = "ab☃😀" * 8_200
    body = {"text": text, "attachments": [{"text": "a"}], "props": {"card": "c"}, "priority": {"priority": "urgent"}}
    assert (await place.send(body)).status == 200
    pieces = await place.posts()
    assert [len(post["message"]) for post in pieces] == [RUNES, RUNES, len(text) - 2 * RUNES]
    assert "".join(post["message"] for post in pieces) == text
    assert [len(post["props"].get("attachments", [])) for post in pieces] == [0, 0, 1]
    assert {post["props"]["card"] for post in pieces} == {"c"}
    assert {post["type"] for post in pieces} == {"slack_attachment"}
    assert {post["root_id"] for post in pieces} == {""}
    assert [(await place.get(post["id"])).json["metadata"]["priority"]["priority"] for post in pieces] == ["urgent"] * 3


@pytest.mark.parametrize(("length", "count"), [(RUNES, 1), (RUNES + 1, 2)])
async def test_the_longest_text(place, length, count):
    """One code point more is another post."""
    await place.send({"text": "x" * length})
    assert len(await place.posts()) == count


async def test_a_failure_midway_leaves_the_earlier_pieces(place):
    """What cannot be stored in the second piece is 500, and the first is there."""
    answer = await place.send({"text": "x" * RUNES + "\0"})
    assert answer.outcome == (500, GENERAL)
    assert [len(post["message"]) for post in await place.posts()] == [RUNES]


async def test_attachments_that_do_not_fit_start_another_post(place):
    """Angle brackets cost six; the second post has no text."""
    await place.send({"text": "x", "attachments": [{"text": "<" * 70_000}, {"text": "<" * 70_000}]})
    pieces = await place.posts()
    assert [(post["message"], len(post["props"]["attachments"])) for post in pieces] == [("x", 1), ("", 1)]


async def test_an_attachment_too_large_is_cut_silently(place):
    """Its text loses as many characters as there are runes too many."""
    await place.send({"attachments": [{"text": "<" * 130_000}]})
    assert 0 < len((await place.only())["props"]["attachments"][0]["text"]) < 130_000


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x", "props": {"card": "<" * 130_000}},
        {"attachments": [{"fields": [{"title": "a", "value": "<" * 130_000}]}]},
    ],
    ids=["props", "field"],
)
async def test_props_over_their_budget(place, body):
    """What cannot be cut is 400."""
    assert (await place.send(body)).outcome == (400, GENERAL)
    assert await place.posts() == []


async def test_names_and_icons(place):
    """They are stored as they came, whatever they hold."""
    icon = "javascript:alert(1)"
    await place.send({"text": "x", "username": "C I\n" + "x" * 200, "icon_url": icon})
    props = (await place.only())["props"]
    assert (props["override_username"], props["override_icon_url"]) == ("C I\n" + "x" * 200, icon)


async def test_an_emoji_for_an_icon(place):
    """The name is kept; colons are optional."""
    await place.send({"text": "x", "icon_emoji": ":tada:", "icon_url": "http://x.example/i"})
    props = (await place.only())["props"]
    assert props["override_icon_emoji"] == ":tada:"


async def test_the_name_of_the_hook(stage, place):
    """The hook's own name and icon serve where the message has none or empty ones."""
    hook = await stage.hook(place.id, username="hookname", icon_url="http://x.example/hook")
    await place.send({"text": "x", "username": "", "icon_url": ""}, hook)
    await place.send({"text": "x", "username": "mine", "icon_url": "http://x.example/mine"}, hook)
    shown = [(post["props"]["override_username"], post["props"]["override_icon_url"]) for post in await place.posts()]
    assert shown == [("hookname", "http://x.example/hook"), ("mine", "http://x.example/mine")]


async def test_overrides_that_are_off_are_ignored(place):
    """No error, no name, no icon."""
    async with place.server.settings(
        ServiceSettings={"EnablePostUsernameOverride": False, "EnablePostIconOverride": False}
    ):
        body = {"text": "x", "username": "CI", "icon_url": "http://x.example", "icon_emoji": "tada"}
        assert (await place.send(body)).status == 200
    assert (await place.only())["props"] == {"from_webhook": "true", "webhook_display_name": "Contract"}
