"""The REST API of bots and persons: what of it is the stand-in's own."""

import json

import pytest

from gateway.standin.refusal import new_id


@pytest.fixture
def bot(standin):
    """Give the token of a bot in the town square."""
    token = standin.add_bot("gate")
    standin.join("gate", "town-square")
    return token


async def newest(client, token, channel, query="") -> list[str]:
    """The messages that a channel lists."""
    status, text, _ = await client.ask("GET", f"/api/v4/channels/{channel}/posts{query}", token=token)
    assert status == 200, text
    found = json.loads(text)
    assert found["posts"].keys() == set(found["order"])
    return [found["posts"][one]["message"] for one in found["order"]]


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 60), ("?per_page=2", 2), ("?per_page=0", 0), ("?per_page=-1", 60), ("?per_page=many", 60),
     ("?per_page=9999999999", 70), ("?per_page=", 60), ("?per_page=%C2%B2", 60)],
)  # fmt: skip
async def test_the_newest_posts_of_a_channel(standin, client, bot, query, count):
    """As many as are asked for; what is no number asks for the usual page."""
    channel, other = standin.add_channel("town-square"), standin.add_channel("ops")
    standin.join("gate", "ops")
    for number in range(70):
        await client.post(bot, channel, str(number))
    await client.post(bot, other, "elsewhere")
    assert await newest(client, bot, channel, query) == [str(number) for number in range(69, -1, -1)][:count]


async def test_pages_of_the_posts_of_a_channel(standin, client, bot):
    """Pages count from 0, newest first; behind the last one there is nothing."""
    channel = standin.add_channel("town-square")
    for number in range(5):
        await client.post(bot, channel, str(number))
    pages = [await newest(client, bot, channel, f"?per_page=2&page={page}") for page in ("0", "1", "2", "3", "x")]
    assert pages == [["4", "3"], ["2", "1"], ["0"], [], ["4", "3"]]


async def test_a_thread_comes_in_pages(standin, client, bot):
    """The root counts on the first page, and stands on all; who may not read the channel sees none."""
    root = standin.say("owner", "town-square", "root")
    for number in range(4):
        standin.say("owner", "town-square", str(number), root=root.id)

    async def page(query):
        path = f"/api/v4/posts/{root.id}/thread?perPage=2&direction=down{query}"
        found = json.loads((await client.ask("GET", path, token=bot))[1])
        return [found["posts"][one]["message"] for one in found["order"]], found["has_next"], found["order"][-1]

    texts, more, last = await page("")
    assert (texts, more) == (["root", "0"], True)
    texts, more, last = await page(f"&fromPost={last}&fromCreateAt=0")
    assert (texts, more) == (["root", "1", "2"], True)
    texts, more, last = await page(f"&fromPost={last}&fromCreateAt=0")
    assert (texts, more) == (["root", "3"], False)
    assert (await client.ask("GET", f"/api/v4/posts/{new_id()}/thread", token=bot))[0] == 404


async def test_a_direct_channel_is_joined_by_nobody(standin, client, bot):
    """Not even an administrator brings somebody in."""
    ada, status, text = standin.add_user("ada"), *(await client.ask("GET", "/api/v4/users/me", token=bot))[:2]
    me = json.loads(text)["id"]
    direct = json.loads((await client.ask("POST", "/api/v4/channels/direct", [me, ada], bot))[1])["id"]
    status, document = await client.boss("POST", f"/channels/{direct}/members", {"user_id": ada})
    assert (status, document["id"]) == (400, "api.channel.add_user_to_channel.type.app_error")


async def test_deleted_posts_are_not_listed(standin, client, bot):
    """They are known no more, to anybody."""
    channel = standin.add_channel("town-square")
    _, first = await client.post(bot, channel, "first")
    await client.post(bot, channel, "second")
    assert (await client.ask("DELETE", f"/api/v4/posts/{first['id']}", token=bot))[0] == 200
    assert await newest(client, bot, channel) == ["second"]
    assert (await client.ask("GET", f"/api/v4/posts/{first['id']}", token=bot))[0] == 404


@pytest.mark.parametrize(
    "path", ["posts/{}", "channels/{}", "channels/{}/posts", "users/{}", "teams/{}/channels/name/a"]
)
@pytest.mark.parametrize("name", ["short", "x" * 27])
async def test_what_is_no_id_is_told(client, bot, path, name):
    """Before anything is looked up."""
    status, text, _ = await client.ask("GET", f"/api/v4/{path.format(name)}", token=bot)
    assert (status, json.loads(text)["id"]) == (400, "api.context.invalid_url_param.app_error")


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"\xff", b"", b"7", b'{"props": []}'], ids=lambda body: repr(body[:9])
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "posts"), ("PUT", "posts/{}/patch"), ("POST", "channels/direct")]
)
async def test_a_body_of_the_wrong_shape_is_told(standin, client, bot, method, path, body):
    """Whatever it is, 400, and nothing is made."""
    status, text, _ = await client.ask(method, f"/api/v4/{path.format(new_id())}", body, bot)
    assert (status, json.loads(text)["id"]) == (400, "api.context.invalid_body_param.app_error")
    assert not standin.posts
