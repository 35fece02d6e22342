"""Posts over REST: creation, its refusals, files, threads, and the id that makes a repeat harmless."""

import asyncio

import pytest

KEYS = set(
    "id create_at update_at edit_at delete_at is_pinned user_id channel_id root_id original_id message type props "
    "hashtags file_ids pending_post_id remote_id reply_count last_reply_at participants metadata".split()
)
PERMISSIONS = (403, "api.context.permissions")
ROOT = (400, "api.post.create_post.root_id")


async def test_a_post_is_created(stage, place):
    """201 with the whole post; a bot's says so."""
    answer = await place.post("hello", props={"card": "c"})
    assert answer.status == 201
    post = answer.json
    assert set(post) == KEYS
    assert (post["message"], post["user_id"], post["channel_id"]) == ("hello", stage.bot, place.id)
    assert (post["type"], post["root_id"], post["edit_at"], post["delete_at"]) == ("", "", 0, 0)
    assert post["props"] == {"card": "c", "from_bot": "true"}
    assert len(post["id"]) == 26
    assert (await place.get(post["id"], stage.bot_token)).json["message"] == "hello"


async def test_nothing_is_converted(place):
    """Slack's forms are text here, in attachments too; values keep their JSON type."""
    attachment = {"title": "<!all>", "text": "<a|b>", "fields": [{"title": "n", "value": 1000000, "short": True}]}
    answer = await place.post("<!channel> <a|b>", props={"attachments": [attachment]})
    assert answer.json["message"] == "<!channel> <a|b>"
    (stored,) = answer.json["props"]["attachments"]
    assert (stored["title"], stored["text"], stored["fields"][0]["value"]) == ("<!all>", "<a|b>", 1000000)


async def test_attachments_of_a_wrong_type_vanish(place):
    """One that does not decode is dropped without a word; null becomes an empty one."""
    one = await place.post("x", props={"attachments": [{"text": "a"}, {"title": 5}]})
    assert [each["text"] for each in one.json["props"]["attachments"]] == ["a"]
    none = await place.post("x", props={"attachments": [{"title": 5}]})
    assert (none.status, none.json["props"]["attachments"]) == (201, None)
    null = await place.post("x", props={"attachments": [None]})
    assert len(null.json["props"]["attachments"]) == 1


async def test_names_and_icons_are_stored_whatever_the_settings(place):
    """Over REST they are props like any other."""
    props = {"override_username": "CI", "override_icon_url": "http://x.example/i", "from_webhook": "true"}
    async with place.server.settings(
        ServiceSettings={"EnablePostUsernameOverride": False, "EnablePostIconOverride": False}
    ):
        answer = await place.post("x", props=props)
    assert answer.json["props"] == {**props, "from_bot": "true"}


@pytest.mark.parametrize("message", ["", " ", "\n"])
async def test_an_empty_post_is_a_post(place, message):
    """The server does not ask for a message."""
    assert (await place.post(message)).status == 201


async def test_unknown_keys_and_foreign_ones_are_ignored(stage, place):
    """Neither the author nor the time can be chosen."""
    answer = await place.post("x", user_id=stage.ann["id"], create_at=1, priority={"priority": "urgent"}, unknown=1)
    assert (answer.status, answer.json["user_id"]) == (201, stage.bot)
    assert answer.json["create_at"] > 1
    assert "priority" not in answer.json["metadata"]


async def test_the_longest_message(place):
    """16383 code points; one more is refused, not split."""
    assert (await place.post("☃" * 16_383)).status == 201
    assert (await place.post("☃" * 16_384)).outcome == (400, "model.post.is_valid.message_length")


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"props": {"card": "<" * 140_000}}, (400, "model.post.is_valid.props")),
        ({"type": "nonsense"}, (400, "model.post.is_valid.type")),
        ({"type": "system_x"}, (400, "api.context.invalid_param")),
        ({"type": "custom_x"}, (201, "")),
        ({"type": "slack_attachment"}, (201, "")),
        ({"id": "y" * 26}, (400, "app.post.save.existing")),
        ({"message": 5}, (400, "api.context.invalid_body_param")),
        ({"props": [1]}, (400, "api.context.invalid_body_param")),
        ({"message": "a\0b"}, (500, "app.post.save")),
        ({"props": {"a": "\0"}}, (500, "app.post.save")),
        ({"root_id": "y" * 26}, ROOT),
        ({"root_id": "short"}, ROOT),
        ({"message": "x" * 300_600}, (413, "api.context.request_body_too_large")),
        ({"file_ids": [f"{number:026}" for number in range(11)]}, (400, "model.post.is_valid.file_ids")),
        ({"file_ids": ["y" * 26]}, (201, "")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_a_post_may_hold(place, more, outcome):
    """Types, kinds and sizes are checked when it is stored."""
    assert (await place.post(**{"message": "x", **more})).outcome == outcome


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
async def test_bodies_that_are_no_post(stage, body):
    """400 for what is no object."""
    answer = await stage.server.api("POST", "/posts", body, stage.bot_token)
    assert answer.outcome == (400, "api.context.invalid_body_param")


async def test_channels_that_cannot_be_posted_to(stage, place):
    """An unknown, malformed or missing channel is 403 like one without membership; never 404."""
    public, secret = await stage.place(hook=False), await stage.place(private=True, hook=False)
    for channel in ("y" * 26, "short", "", place.name, public.id, secret.id):
        answer = await stage.server.api("POST", "/posts", {"channel_id": channel, "message": "x"}, stage.bot_token)
        assert answer.outcome == PERMISSIONS, channel
    assert (await stage.server.api("POST", "/posts", {"message": "x"}, stage.bot_token)).outcome == PERMISSIONS


async def test_archived_channels(stage, place):
    """A member is told that it is archived, for changes too; others lack the permission."""
    post = await place.made()
    await stage.server.done("DELETE", f"/channels/{place.id}")
    assert (await place.post()).outcome == (400, "api.post.create_post.can_not_post_to_deleted.error")
    assert (await place.post(token=await stage.session(stage.ben))).outcome == PERMISSIONS
    assert (await place.patch(post, message="y")).outcome == (
        400,
        "api.post.patch_post.can_not_update_post_in_deleted.error",
    )
    answer = await stage.server.api("DELETE", f"/posts/{post}", token=stage.bot_token)
    assert answer.outcome == (400, "api.post.delete_post.can_not_delete_post_in_deleted.error")
    assert (await place.get(post, stage.bot_token)).status == 200


@pytest.mark.parametrize(
    ("role", "public", "private", "upload"),
    [("", 403, 403, 403), ("system_post_all", 201, 201, 201), ("system_post_all_public", 201, 403, 403)],
)
async def test_roles_that_post_anywhere(stage, role, public, private, upload):
    """The role post:all needs no membership, post:channels none of public channels; a plain bot does."""
    bot, token = await stage.robot("anywhere")
    await stage.server.done("PUT", f"/users/{bot}/roles", {"roles": f"system_user {role}".strip()})
    rooms = [await stage.place(hook=False), await stage.place(private=True, hook=False)]
    answers = [await room.post("x", token) for room in rooms]
    assert [answer.status for answer in answers] == [public, private]
    sent = await stage.server.api("POST", f"/files?channel_id={rooms[0].id}&filename=a.txt", b"x", token)
    assert sent.status == upload


async def test_an_own_post_without_membership_cannot_be_changed(stage):
    """The role that posts anywhere changes nothing there."""
    bot, token = await stage.robot("anywhere")
    await stage.server.done("PUT", f"/users/{bot}/roles", {"roles": "system_user system_post_all"})
    room = await stage.place(hook=False)
    post = (await room.post("x", token)).json["id"]
    assert (await room.patch(post, token, message="y")).outcome == PERMISSIONS
    assert (await stage.server.api("DELETE", f"/posts/{post}", token=token)).outcome == PERMISSIONS


async def test_replies(place):
    """A reply names its root; the root counts them."""
    root = await place.made("root")
    reply = await place.post("reply", root_id=root)
    assert (reply.status, reply.json["root_id"]) == (201, root)
    assert (await place.get(root)).json["reply_count"] == 1


async def test_what_is_no_root(stage, place):
    """A reply, a deleted post and one of another channel."""
    root = await place.made("root")
    reply = await place.made("reply", root_id=root)
    assert (await place.post(root_id=reply)).outcome == ROOT
    other = await stage.place(stage.bot, hook=False)
    assert (await other.post(root_id=root)).outcome == (400, "api.post.create_post.channel_root_id")
    await stage.server.done("DELETE", f"/posts/{root}")
    assert (await place.post(root_id=root)).outcome == ROOT


async def test_a_repeat_within_half_a_minute_is_the_same_post(place):
    """The repeat is answered 201 with the first post, whatever it says; its pending id is gone."""
    first = await place.post("one", pending_post_id="mine " + place.id)
    again = await place.post("two", pending_post_id="mine " + place.id)
    assert (first.status, first.json["pending_post_id"]) == (201, "mine " + place.id)
    assert (again.status, again.json["id"], again.json["message"]) == (201, first.json["id"], "one")
    assert again.json["pending_post_id"] == ""
    assert "metadata" not in again.json or again.json["metadata"] is None
    assert len(await place.posts()) == 1


async def test_pending_ids_are_everybodys(stage, place):
    """Another poster and another channel get the same post, where they may read it."""
    first = await place.post("one", pending_post_id=place.id)
    other = await stage.place(stage.bot, hook=False)
    assert (await other.post("two", pending_post_id=place.id)).json["id"] == first.json["id"]
    assert (await place.post("two", stage.server.token, pending_post_id=place.id)).json["id"] == first.json["id"]


async def test_pending_ids_of_posts_that_cannot_be_read(stage):
    """Where the first may not be read a new one is made."""
    secret = await stage.place(stage.bot, private=True, hook=False)
    public = await stage.place(stage.bot, hook=False)
    await public.join(stage.ben["id"])
    first = await secret.post("one", pending_post_id=secret.id)
    again = await public.post("two", await stage.session(stage.ben), pending_post_id=secret.id)
    assert again.json["message"] == "two"
    assert again.json["id"] != first.json["id"]


async def test_a_failed_attempt_frees_its_pending_id(place):
    """After a refusal the same id makes a post."""
    assert (await place.post("x" * 16_384, pending_post_id=place.id)).status == 400
    assert (await place.post("x", pending_post_id=place.id)).status == 201


async def test_the_pending_id_of_a_deleted_post(stage, place):
    """For the rest of the half minute it is 500: the first cannot be got."""
    first = await place.post("one", pending_post_id=place.id)
    await stage.server.done("DELETE", f"/posts/{first.json['id']}")
    answer = await place.post("two", pending_post_id=place.id)
    assert answer.outcome == (500, "api.post.deduplicate_create_post.failed_to_get")


async def test_repeats_at_the_same_time(place):
    """One post comes of them; who comes too early is told 500 pending, and nobody anything else."""
    answers = await asyncio.gather(*(place.post("x", pending_post_id=place.id) for _ in range(6)))
    outcomes = {answer.outcome for answer in answers}
    assert (201, "") in outcomes
    assert outcomes <= {(201, ""), (500, "api.post.deduplicate_create_post.pending")}
    assert len(await place.posts()) == 1


@pytest.mark.parametrize("name", ["", "important", "urgent", "high"])
async def test_priorities(place, name):
    """Any name is stored and answered."""
    answer = await place.post("x", metadata={"priority": {"priority": name}})
    assert answer.json["metadata"]["priority"]["priority"] == name


@pytest.mark.parametrize(
    ("priority", "outcome"),
    [
        ({"priority": "urgent", "requested_ack": True}, (501, "license_error.feature_unavailable")),
        ({"priority": "urgent", "persistent_notifications": True}, (501, "license_error.feature_unavailable")),
        ({"priority": "urgent", "requested_ack": False, "persistent_notifications": False}, (201, "")),
        ({}, (500, "app.post.save")),
        ({"priority": None}, (500, "app.post.save")),
        ({"priority": "x" * 33}, (500, "app.post.save")),
        ({"priority": 1}, (400, "api.context.invalid_body_param")),
        ("urgent", (400, "api.context.invalid_body_param")),
        (None, (201, "")),
    ],
    ids=str,
)
async def test_what_priorities_need(place, priority, outcome):
    """Without a licence there is no acknowledgement and no nagging; the name must be there and fit its column."""
    if outcome[0] == 501 and await place.server.is_licensed():
        pytest.skip("with a licence the server takes it")
    assert (await place.post("x", metadata={"priority": priority})).outcome == outcome


async def test_replies_have_no_priority(place):
    """Not even an empty one."""
    root = await place.made()
    answer = await place.post("x", root_id=root, metadata={"priority": {"priority": ""}})
    assert answer.outcome == (400, "api.post.post_priority.priority_post_only_allowed_for_root_post.request_error")


async def test_priorities_that_are_off(place):
    """403 while the setting is off."""
    async with place.server.settings(ServiceSettings={"PostPriority": False}):
        answer = await place.post("x", metadata={"priority": {"priority": "urgent"}})
    assert answer.outcome == (403, "api.post.post_priority.priority_post_not_allowed_for_user.request_error")


async def test_a_pending_id_lasts_half_a_minute(place):
    """The time runs from the first attempt: a repeat does not prolong it."""
    if not place.server.real:
        pytest.skip("the stand-in's clock is not waited for; tests/standin moves it")
    first = await place.post("one", pending_post_id=place.id)
    await asyncio.sleep(25)
    assert (await place.post("two", pending_post_id=place.id)).json["id"] == first.json["id"]
    await asyncio.sleep(7)
    assert (await place.post("two", pending_post_id=place.id)).json["id"] != first.json["id"]
