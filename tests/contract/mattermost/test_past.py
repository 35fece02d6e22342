"""What a listener reads of the past: the channels it is in, pages before and after a post, threads."""

import asyncio


async def posts(stage, place, query):
    """The texts that a channel lists to the bot, in the order of the listing, without notices."""
    answer = await stage.server.api("GET", f"/channels/{place.id}/posts?{query}", token=stage.bot_token)
    assert answer.status == 200, answer.text
    listed = [answer.json["posts"][one] for one in answer.json["order"]]
    return [post["message"] for post in listed if not post["type"].startswith("system_")]


async def numbered(place, count):
    """The ids of posts that say their numbers, each a millisecond of its own."""
    made = []
    for number in range(count):
        made.append(await place.made(str(number)))
        await asyncio.sleep(0.002)
    return made


async def test_the_channels_of_an_account(stage, place):
    """Those it is in, of all teams and of none, with the time of the last post; not those it could join."""
    other = await stage.place(hook=False)
    direct = (await stage.server.api("POST", "/channels/direct", [stage.ben["id"], stage.bot], stage.bot_token)).json
    made = (await place.post("hello")).json
    answer = await stage.server.api("GET", "/users/me/channels", token=stage.bot_token)
    channels = {channel["id"]: channel for channel in answer.json}
    assert place.id in channels
    assert other.id not in channels
    assert (channels[direct["id"]]["type"], channels[direct["id"]]["team_id"]) == ("D", "")
    assert channels[place.id]["last_post_at"] == made["create_at"]


async def test_pages_around_a_post(stage, place):
    """The nearest ones, newest first; neither tells the post itself, and pages count away from it."""
    made = await numbered(place, 7)
    assert await posts(stage, place, f"after={made[1]}&per_page=2") == ["3", "2"]
    assert await posts(stage, place, f"after={made[1]}&per_page=2&page=1") == ["5", "4"]
    assert await posts(stage, place, f"after={made[1]}&per_page=2&page=2") == ["6"]
    assert await posts(stage, place, f"before={made[5]}&per_page=2") == ["4", "3"]
    assert await posts(stage, place, f"before={made[5]}&per_page=2&page=1") == ["2", "1"]
    assert await posts(stage, place, f"after={made[6]}") == []
    assert await posts(stage, place, f"after={'y' * 26}") == []
    await stage.server.done("DELETE", f"/posts/{made[1]}")
    await stage.server.done("DELETE", f"/posts/{made[3]}")
    assert await posts(stage, place, f"after={made[1]}&per_page=3") == ["5", "4", "2"]


async def test_a_thread_in_pages(stage, place):
    """The root counts on the first page, and stands on all."""
    root = await place.made("root")
    for number in range(4):
        await place.made(str(number), root_id=root)
        await asyncio.sleep(0.002)
    pages, more = [], ""
    while True:
        path = f"/posts/{root}/thread?perPage=2&direction=down{more}"
        found = (await stage.server.api("GET", path, token=stage.bot_token)).json
        pages.append([found["posts"][one]["message"] for one in found["order"]])
        if not found["has_next"]:
            break
        last = found["posts"][found["order"][-1]]
        more = f"&fromPost={last['id']}&fromCreateAt={last['create_at']}"
    assert pages == [["root", "0"], ["root", "1", "2"], ["root", "3"]]
    assert (await stage.server.api("GET", f"/posts/{'y' * 26}/thread", token=stage.bot_token)).status == 404
