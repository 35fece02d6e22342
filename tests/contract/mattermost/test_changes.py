"""Changes of posts over REST: patches, deletions, and who may make them."""

import asyncio

import pytest

PERMISSIONS = (403, "api.context.permissions")
GONE = (404, "app.post.get")
BODY = (400, "api.context.invalid_body_param")


async def test_a_patch_changes_what_it_names(place):
    """200 with the post; the text is marked as edited, absent keys stay."""
    post = await place.made("old", props={"attachments": [{"text": "a"}], "card": "c"})
    answer = await place.patch(post, message="new")
    assert (answer.status, answer.json["message"]) == (200, "new")
    assert answer.json["edit_at"] >= answer.json["create_at"]
    assert answer.json["props"]["card"] == "c"
    assert answer.json["props"]["attachments"][0]["text"] == "a"
    assert (await place.get(post)).json["message"] == "new"


async def test_props_replace_the_whole_map(place):
    """What a patch does not send again is gone, the names and marks included."""
    post = await place.made("x", props={"override_username": "CI", "card": "c", "attachments": [{"text": "a"}]})
    answer = await place.patch(post, props={"attachments": [{"text": "b"}]})
    assert set(answer.json["props"]) == {"attachments"}
    assert answer.json["props"]["attachments"][0]["text"] == "b"
    assert answer.json["message"] == "x"


@pytest.mark.parametrize(
    ("changes", "edited"),
    [
        ({"message": "y"}, True),
        ({"message": "x"}, False),
        ({"props": {"attachments": [{"text": "b"}]}}, True),
        ({"props": {"attachments": [{"text": "a"}], "card": "c"}}, False),
        ({"is_pinned": True}, False),
        ({}, False),
    ],
    ids=str,
)
async def test_what_counts_as_an_edit(place, changes, edited):
    """Another text or other attachments; the same again and the rest do not."""
    post = await place.made("x", props={"attachments": [{"text": "a"}]})
    answer = await place.patch(post, **changes)
    assert (answer.status, answer.json["edit_at"] > 0) == (200, edited)


async def test_what_a_patch_cannot_change(place):
    """Root, channel and author are ignored, and so is a priority."""
    post = await place.made("x")
    answer = await place.patch(
        post, root_id="y" * 26, channel_id="y" * 26, metadata={"priority": {"priority": "urgent"}}
    )
    assert (answer.status, answer.json["root_id"], answer.json["channel_id"]) == (200, "", place.id)
    assert "priority" not in (answer.json.get("metadata") or {})


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"message": ""}, (200, "")),
        ({"message": "x" * 16_383}, (200, "")),
        ({"message": "x" * 16_384}, (400, "model.post.is_valid.message_length")),
        ({"message": "\0"}, (500, "app.post.update")),
        ({"message": 1}, BODY),
        ({"props": [1]}, BODY),
        ({"props": {"card": "<" * 140_000}}, (400, "model.post.is_valid.props")),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_a_patch_may_hold(place, changes, outcome):
    """The same bounds as a new post."""
    assert (await place.patch(await place.made(), **changes)).outcome == outcome


async def test_a_patch_that_is_no_object(stage, place):
    """400 for bad JSON."""
    answer = await stage.server.api("PUT", f"/posts/{await place.made()}/patch", b"{", stage.bot_token)
    assert answer.outcome == BODY


async def test_posts_that_cannot_be_patched(stage, place):
    """Another's, a deleted one and an unknown one are all 403; a short id is 400, one that is none 404."""
    await place.send({"text": "by ann"})
    hooked = (await place.only())["id"]
    gone = await place.made()
    await stage.server.done("DELETE", f"/posts/{gone}")
    for post in (hooked, gone, "y" * 26):
        assert (await place.patch(post, message="y")).outcome == PERMISSIONS
    assert (await place.patch("short", message="y")).outcome == (400, "api.context.invalid_url_param")
    assert (await place.patch("a-b", message="y")).outcome == (404, "api.context.404")


async def test_the_owner_of_a_hook_changes_its_posts(stage, place):
    """They are the owner's own, if the owner is in the channel."""
    await place.send({"text": "old"})
    post = (await place.only())["id"]
    token = await stage.session(stage.ann)
    assert (await place.patch(post, token, message="new")).outcome == PERMISSIONS
    await place.join(stage.ann["id"])
    assert (await place.patch(post, token, message="new")).status == 200


async def test_posts_of_a_channel_one_left(stage, place):
    """An own post can no longer be changed, only read while the channel is public."""
    post = await place.made()
    await stage.server.done("DELETE", f"/channels/{place.id}/members/{stage.bot}")
    assert (await place.patch(post, message="y")).outcome == PERMISSIONS
    answer = await stage.server.api("DELETE", f"/posts/{post}", token=stage.bot_token)
    assert answer.outcome == PERMISSIONS
    assert (await place.get(post, stage.bot_token)).status == 200


async def test_the_time_limit_of_edits(place):
    """Past it the text is refused, props alone are not."""
    post = await place.made()
    await asyncio.sleep(0.01)
    async with place.server.settings(ServiceSettings={"PostEditTimeLimit": 0}):
        answer = await place.patch(post, message="y")
        assert answer.outcome == (400, "api.post.update_post.permissions_time_limit")
        assert (await place.patch(post, props={"card": "c"})).status == 200


async def test_a_deletion(stage, place):
    """200 with a status; then the post is gone for its author, and again is 404."""
    post = await place.made()
    answer = await stage.server.api("DELETE", f"/posts/{post}", token=stage.bot_token)
    assert (answer.status, answer.json) == (200, {"status": "OK"})
    assert (await place.get(post, stage.bot_token)).outcome == GONE
    assert (await stage.server.api("DELETE", f"/posts/{post}", token=stage.bot_token)).outcome == GONE
    assert await place.posts() == []


async def test_a_root_takes_its_replies_along(stage, place):
    """They are gone with it."""
    root = await place.made()
    reply = await place.made(root_id=root)
    await stage.server.done("DELETE", f"/posts/{root}")
    assert (await place.get(reply, stage.bot_token)).outcome == GONE


async def test_posts_that_cannot_be_deleted_or_read(stage, place):
    """An unknown post is 404, another's 403, one of a channel without membership 403 if it is private."""
    secret = await stage.place(private=True, hook=False)
    hidden = (await secret.post("x", stage.server.token)).json["id"]
    others = (await place.post("x", stage.server.token)).json["id"]
    for method in ("GET", "DELETE"):
        answers = [
            (await stage.server.api(method, f"/posts/{post}", token=stage.bot_token)).outcome
            for post in ("y" * 26, hidden, "short", "a-b")
        ]
        assert answers == [GONE, PERMISSIONS, (400, "api.context.invalid_url_param"), (404, "api.context.404")]
    assert (await place.get(others, stage.bot_token)).status == 200
    assert (await stage.server.api("DELETE", f"/posts/{others}", token=stage.bot_token)).outcome == PERMISSIONS
