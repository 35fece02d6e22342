"""Being in a channel over REST: who may know it, who joins by himself, and what it changes."""

from email.utils import parsedate_to_datetime

PERMISSIONS = (403, "api.context.permissions")


async def is_in(stage, room, token):
    """Ask whether one is a member oneself."""
    return await stage.server.api("GET", f"/channels/{room.id}/members/me", token=token)


async def join(stage, room, user, token):
    """Ask to make a user a member."""
    return await stage.server.api("POST", f"/channels/{room.id}/members", {"user_id": user}, token)


async def test_only_members_know_who_is_in_a_channel(stage, place):
    """200 for a member; 403 for all others, and for a channel that is none."""
    room = await stage.place(hook=False)
    answer = await is_in(stage, place, stage.bot_token)
    assert (answer.status, answer.json["user_id"], answer.json["channel_id"]) == (200, stage.bot, place.id)
    assert (await is_in(stage, room, stage.bot_token)).outcome == PERMISSIONS
    unknown = await stage.server.api("GET", f"/channels/{'y' * 26}/members/me", token=stage.bot_token)
    assert unknown.outcome == PERMISSIONS


async def test_a_bot_joins_a_public_channel_by_itself(stage):
    """201, again too; then it changes what it posted before by the right to post anywhere."""
    bot, token = await stage.robot("joining")
    await stage.server.done("PUT", f"/users/{bot}/roles", {"roles": "system_user system_post_all"})
    room = await stage.place(hook=False)
    post = (await room.post("x", token)).json["id"]
    assert (await room.patch(post, token, message="y")).outcome == PERMISSIONS
    for _ in range(2):
        answer = await join(stage, room, bot, token)
        assert (answer.status, answer.json["user_id"], answer.json["channel_id"]) == (201, bot, room.id)
    assert (await is_in(stage, room, token)).status == 200
    assert (await room.patch(post, token, message="y")).status == 200


async def test_nobody_joins_what_is_private_or_of_another_team(stage):
    """403 without a member who invites, and without membership of the team; nor does one bring others in."""
    secret, room = await stage.place(private=True, hook=False), await stage.place(hook=False)
    assert (await join(stage, secret, stage.bot, stage.bot_token)).outcome == PERMISSIONS
    assert (await join(stage, room, stage.ben["id"], stage.bot_token)).outcome == PERMISSIONS
    bot = (await stage.server.done("POST", "/bots", {"username": stage.name("stranger")}))["user_id"]
    stage.users.append(bot)
    token = (await stage.server.done("POST", f"/users/{bot}/tokens", {"description": "contract"}))["token"]
    assert (await join(stage, room, bot, token)).outcome == PERMISSIONS


async def test_who_administers_a_channel(stage, place):
    """Who made it; others are plain members."""
    me = (await stage.server.done("GET", "/users/me"))["id"]
    path = f"/channels/{place.id}/members"
    maker, bot = [(await stage.server.api("GET", f"{path}/{one}", token=stage.bot_token)).json for one in (me, "me")]
    assert (maker["roles"], maker["scheme_admin"]) == ("channel_user channel_admin", True)
    assert (bot["roles"], bot["scheme_admin"]) == ("channel_user", False)


async def test_where_one_is(stage, place):
    """Teams and channels of one's own, direct ones too; those of others are for administrators."""
    direct = (await stage.server.api("POST", "/channels/direct", [stage.bot, stage.ann["id"]], stage.bot_token)).json
    channels = (await stage.server.api("GET", "/users/me/channels", token=stage.bot_token)).json
    assert {place.id, direct["id"]} <= {channel["id"] for channel in channels}
    teams = (await stage.server.api("GET", "/users/me/teams", token=stage.bot_token)).json
    assert [team["id"] for team in teams] == [stage.team["id"]]
    assert place.id in {one["id"] for one in await stage.server.done("GET", f"/users/{stage.bot}/channels")}
    for what in ("channels", "teams"):
        other = await stage.server.api("GET", f"/users/{stage.ann['id']}/{what}", token=stage.bot_token)
        assert other.outcome == PERMISSIONS


async def test_pages_of_posts(stage, place):
    """Newest first, replies among them, props as they were given; what was deleted is not there."""
    root = await place.made("0", props={"mattergate": "m0"})
    posts = [root, *[await place.made(str(number), root_id=root) for number in range(1, 5)]]
    await stage.server.done("DELETE", f"/posts/{posts[2]}")
    order, props = [], {}
    for page in range(4):
        path = f"/channels/{place.id}/posts?page={page}&per_page=2&skipFetchThreads=true"
        listed = (await stage.server.api("GET", path, token=stage.bot_token)).json
        order += listed["order"]
        props |= {post: listed["posts"][post]["props"] for post in listed["order"]}
    assert [post for post in order if post in posts] == [posts[4], posts[3], posts[1], posts[0]]
    assert props[root]["mattergate"] == "m0"
    assert listed["order"] == []


async def test_who_may_read_the_posts_of_a_channel(stage, place):
    """Members, and everybody of the team if it is public; a right to post anywhere is none to read."""
    public, secret = await stage.place(hook=False), await stage.place(private=True, hook=False)
    bot, token = await stage.robot("anywhere")
    await stage.server.done("PUT", f"/users/{bot}/roles", {"roles": "system_user system_post_all"})
    asked = [
        await stage.server.api("GET", f"/channels/{room.id}/posts", token=token) for room in (place, public, secret)
    ]
    assert [answer.status for answer in asked] == [200, 200, 403]
    unknown = await stage.server.api("GET", f"/channels/{'y' * 26}/posts", token=token)
    assert unknown.outcome == (404, "app.channel.get.existing")


async def test_the_date_of_an_answer_is_the_clock_of_the_posts(place):
    """Every answer tells the server's time, to the second: that by which its posts are dated."""
    answer = await place.post()
    assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - answer.json["create_at"] / 1000) < 5


async def test_members_of_a_team(stage):
    """For those who are in it. Who has left is still told, roles and all, with the time."""
    path = f"/teams/{stage.team['id']}/members"
    person = await stage.person("zoe")
    zoe = person["id"]
    await stage.server.done("PUT", f"{path}/{zoe}/schemeRoles", {"scheme_admin": True, "scheme_user": True})
    shown = (await stage.server.api("GET", f"{path}/{zoe}", token=stage.bot_token)).json
    assert (shown["roles"], shown["scheme_admin"], shown["delete_at"]) == ("team_user team_admin", True, 0)
    assert (await stage.server.api("GET", f"{path}/me", token=stage.bot_token)).json["roles"] == "team_user"
    await stage.server.done("DELETE", f"{path}/{zoe}")
    left = (await stage.server.api("GET", f"{path}/{zoe}", token=stage.bot_token)).json
    assert (left["roles"], left["scheme_admin"], left["delete_at"] > 0) == ("team_user team_admin", True, True)
    assert (await stage.server.api("GET", f"{path}/me", token=await stage.session(person))).outcome == PERMISSIONS
    other = (await stage.another_team())["id"]
    assert (await stage.server.api("GET", f"/teams/{other}/members/me", token=stage.bot_token)).outcome == PERMISSIONS
    missing = await stage.server.api("GET", f"/teams/{other}/members/{zoe}")
    assert missing.outcome == (404, "app.team.get_member.missing")


async def test_a_role_in_a_channel(stage):
    """It is given by an administrator, and gone with the membership."""
    room = await stage.place(stage.ben["id"], stage.bot, hook=False)
    path = f"/channels/{room.id}/members/{stage.ben['id']}"
    await stage.server.done("PUT", f"{path}/schemeRoles", {"scheme_admin": True, "scheme_user": True})
    shown = (await stage.server.api("GET", path, token=stage.bot_token)).json
    assert (shown["roles"], shown["scheme_admin"]) == ("channel_user channel_admin", True)
    await stage.server.done("DELETE", path)
    gone = await stage.server.api("GET", path, token=stage.bot_token)
    assert gone.outcome == (404, "app.channel.get_member.missing")


async def test_groups_need_a_licence(stage):
    """501 for everybody."""
    if not await stage.server.is_licensed():
        for token in (stage.bot_token, stage.server.token):
            answer = await stage.server.api("GET", f"/users/{stage.ben['id']}/groups", token=token)
            assert answer.outcome == (501, "api.license_error")
