"""Names into ids, direct channels, files, the client's configuration, and what is no route."""

import pytest

PERMISSIONS = (403, "api.context.permissions")
NO_ROUTE = (404, "api.context.404")


async def ask(stage, path, method="GET", body=None, token=None):
    """Ask as the bot."""
    return await stage.server.api(method, path, body, stage.bot_token if token is None else token)


async def test_users(stage):
    """By id, by name, and oneself."""
    ben = stage.ben
    assert (await ask(stage, f"/users/username/{ben['username']}")).json["id"] == ben["id"]
    assert (await ask(stage, f"/users/{ben['id']}")).json["username"] == ben["username"]
    mine = (await ask(stage, "/users/me")).json
    assert (mine["id"], mine["is_bot"], mine["roles"], mine["delete_at"]) == (stage.bot, True, "system_user", 0)


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/users/username/nobody-of-that-name", (404, "app.user.get_by_username")),
        ("/users/username/UPPER", (400, "api.context.invalid_body_param")),
        ("/users/username/@ben", NO_ROUTE),
        (f"/users/{'y' * 26}", (404, "app.user.missing_account.const")),
        ("/users/short", (400, "api.context.invalid_url_param")),
    ],
)
async def test_users_that_are_none(stage, path, outcome):
    """Unknown 404, malformed 400 or no route at all."""
    assert (await ask(stage, path)).outcome == outcome


async def test_teams(stage):
    """By name; one that is unknown is 404, one that is malformed 400."""
    assert (await ask(stage, f"/teams/name/{stage.team['name']}")).json["id"] == stage.team["id"]
    assert (await ask(stage, "/teams/name/no-team-of-that-name")).outcome == (404, "app.team.get_by_name.missing")
    assert (await ask(stage, "/teams/name/UPPER")).outcome == (404, "app.team.get_by_name.missing")


async def test_teams_of_others(stage):
    """A team that one is not in is 403."""
    team = await stage.another_team()
    room = {"team_id": team["id"], "name": stage.name("room"), "display_name": "Room", "type": "O"}
    channel = await stage.server.done("POST", "/channels", room)
    assert (await ask(stage, f"/teams/name/{team['name']}")).outcome == PERMISSIONS
    assert (await ask(stage, f"/teams/{team['id']}/channels/name/{channel['name']}")).outcome == PERMISSIONS
    assert (await ask(stage, f"/channels/{channel['id']}")).outcome == PERMISSIONS


async def test_channels_by_name(stage):
    """In a team named by id or by name; in any case; public ones without membership."""
    room = await stage.place(hook=False)
    by_id, by_name = f"/teams/{stage.team['id']}/channels/name/", f"/teams/name/{stage.team['name']}/channels/name/"
    for path in (by_id, by_name):
        for name in (room.name, room.name.upper()):
            answer = await ask(stage, path + name)
            assert (answer.status, answer.json["id"], answer.json["type"]) == (200, room.id, "O")
        for name in ("none", "x" * 64):
            assert (await ask(stage, path + name)).status == 404
        for name in ("%23room", "~room", "a%20b"):
            assert (await ask(stage, path + name)).outcome == NO_ROUTE
    assert (await ask(stage, by_id + "none")).outcome == (404, "app.channel.get_by_name.missing")
    assert (await ask(stage, f"/teams/{'y' * 26}/channels/name/{room.name}")).status == 404
    assert (await ask(stage, f"/teams/name/no-such-team/channels/name/{room.name}")).status == 404


async def test_private_channels_by_name(stage):
    """404 for who is not in it, as if there were none; by id it is 403."""
    secret = await stage.place(private=True, hook=False)
    path = f"/teams/{stage.team['id']}/channels/name/{secret.name}"
    assert (await ask(stage, path)).outcome == (404, "app.channel.get_by_name.missing")
    assert (await ask(stage, f"/channels/{secret.id}")).outcome == PERMISSIONS
    await secret.join(stage.bot)
    assert (await ask(stage, path)).json["type"] == "P"
    assert (await ask(stage, f"/channels/{secret.id}")).json["name"] == secret.name


async def test_archived_channels_by_name(stage, place):
    """404, unless asked for; by id it is there and says when it was archived."""
    await stage.server.done("DELETE", f"/channels/{place.id}")
    path = f"/teams/{stage.team['id']}/channels/name/{place.name}"
    assert (await ask(stage, path)).outcome == (404, "app.channel.get_by_name.missing")
    assert (await ask(stage, path + "?include_deleted=true")).json["delete_at"] > 0
    assert (await ask(stage, f"/channels/{place.id}")).json["delete_at"] > 0


async def test_renamed_channels_keep_their_id(stage, place):
    """The old name is 404."""
    new = stage.name("renamed")
    await stage.server.done("PUT", f"/channels/{place.id}/patch", {"name": new})
    path = f"/teams/{stage.team['id']}/channels/name/"
    assert (await ask(stage, path + place.name)).status == 404
    assert (await ask(stage, path + new)).json["id"] == place.id


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        (f"/channels/{'y' * 26}", (404, "app.channel.get.existing")),
        ("/channels/short", (400, "api.context.invalid_url_param")),
    ],
)
async def test_channels_that_are_none(stage, path, outcome):
    """Unknown 404, malformed 400."""
    assert (await ask(stage, path)).outcome == outcome


async def test_direct_channels(stage):
    """201 every time and in any order, with oneself too; the name is made of both ids."""
    first = await ask(stage, "/channels/direct", "POST", [stage.bot, stage.ben["id"]])
    again = await ask(stage, "/channels/direct", "POST", [stage.ben["id"], stage.bot])
    assert (first.status, again.status, again.json["id"]) == (201, 201, first.json["id"])
    assert first.json["name"] == "__".join(sorted([stage.bot, stage.ben["id"]]))
    assert (first.json["type"], first.json["team_id"]) == ("D", "")
    for self in ([stage.bot, stage.bot], [stage.bot]):
        assert (await ask(stage, "/channels/direct", "POST", self)).status == 201
    body = {"channel_id": first.json["id"], "message": "x"}
    assert (await ask(stage, "/posts", "POST", body)).status == 201


async def test_direct_channels_that_cannot_be(stage):
    """One of the two must be the caller; ids must be ids of somebody."""
    ann, ben = stage.ann["id"], stage.ben["id"]
    assert (await ask(stage, "/channels/direct", "POST", [ann, ben])).outcome == PERMISSIONS
    assert (await ask(stage, "/channels/direct", "POST", [stage.bot, "y" * 26])).status == 400
    for wrong in ([stage.bot, "short"], [], [ann], [stage.bot, ann, ben]):
        answer = await ask(stage, "/channels/direct", "POST", wrong)
        assert answer.outcome == (400, "api.context.invalid_body_param"), wrong
    assert (await ask(stage, "/channels/direct", "POST", {})).status == 400


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("PUT", "/posts"), ("GET", "/users/me/"), ("POST", "/")]
)
async def test_what_is_no_route(stage, method, path):
    """404 with a document, for wrong methods and trailing slashes too."""
    assert (await ask(stage, path, method)).outcome == NO_ROUTE


async def test_ping(stage):
    """200 with a status, no token needed."""
    answer = await stage.server.api("GET", "/system/ping", token="")
    assert (answer.status, answer.json["status"]) == (200, "OK")


@pytest.mark.parametrize("query", ["?format=old", ""])
async def test_the_configuration_of_clients(stage, query):
    """Strings all; what matters for posting is told only with a token, the version to everybody."""
    known = (await ask(stage, f"/config/client{query}")).json
    told = {"MaxPostSize": "16383", "EnablePostUsernameOverride": "true", "EnablePostIconOverride": "true"}
    assert known | told == known
    hidden = {"MaxPostSize", "MaxFileSize", "EnableIncomingWebhooks", "EnablePostUsernameOverride", "PostPriority"}
    assert hidden <= set(known)
    assert all(isinstance(value, str) for value in known.values())
    for token in ("", "wrong"):
        public = (await stage.server.api("GET", f"/config/client{query}", token=token)).json
        assert not hidden & set(public)
        assert public["Version"] == known["Version"]


async def test_the_licence(stage):
    """Everybody may ask whether there is one; the answer is a word."""
    answer = await stage.server.api("GET", "/license/client?format=old", token="")
    assert (answer.status, answer.json["IsLicensed"]) in {(200, "true"), (200, "false")}


def form(*parts):
    """A multipart body: a pair is a value, a triple a file with its name."""
    lines = []
    for name, *more in parts:
        filename = f'; filename="{more[0]}"' if len(more) > 1 else ""
        lines.append(f'--B\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n{more[-1]}\r\n')
    return ("".join(lines) + "--B--\r\n").encode()


async def upload(stage, body, query="", kind="multipart/form-data; boundary=B"):
    """Upload as the bot."""
    headers = {"Authorization": f"Bearer {stage.bot_token}", "Content-Type": kind}
    return await stage.server.raw("POST", f"/api/v4/files{query}", body, headers)


async def test_files(stage, place):
    """201 with their ids, which a post then takes."""
    answer = await upload(stage, form(("channel_id", place.id), ("client_ids", "c1"), ("files", "a.txt", "one")))
    assert (answer.status, answer.json["client_ids"]) == (201, ["c1"])
    (info,) = answer.json["file_infos"]
    assert (info["name"], info["extension"], info["size"], info["user_id"]) == ("a.txt", "txt", 3, stage.bot)
    post = await place.post("x", file_ids=[info["id"]])
    assert post.json["file_ids"] == [info["id"]]
    again = await place.post("x", file_ids=[info["id"]])
    assert not again.json["file_ids"]


async def test_files_of_another_channel(stage, place):
    """A post takes an own file wherever it was uploaded."""
    other = await stage.place(stage.bot, hook=False)
    answer = await upload(stage, form(("channel_id", other.id), ("files", "a.txt", "one")))
    (info,) = answer.json["file_infos"]
    assert (await place.post("x", file_ids=[info["id"]])).json["file_ids"] == [info["id"]]


async def test_files_of_another(stage, place):
    """They are not attached, without a word."""
    answer = await upload(stage, form(("channel_id", place.id), ("files", "a.txt", "one")))
    post = await place.post("x", stage.server.token, file_ids=[answer.json["file_infos"][0]["id"]])
    assert (post.status, post.json["file_ids"] or []) == (201, [])


async def test_a_file_as_the_body(stage, place):
    """Channel and name are in the address."""
    answer = await upload(stage, b"one", f"?channel_id={place.id}&filename=a.txt", "text/plain")
    assert (answer.status, answer.json["file_infos"][0]["size"]) == (201, 3)


async def test_odd_uploads(stage, place):
    """Order does not matter, other values do; paths are cut to names."""
    room = ("channel_id", place.id)
    unread = (400, "api.file.upload_file.read_request")
    body = (400, "api.context.invalid_body_param")
    assert (await upload(stage, form(("files", "a.txt", "x"), room))).status == 201
    assert (await upload(stage, form(room))).json["file_infos"] == []
    assert (await upload(stage, form(room, ("other", "x")))).outcome == body
    assert (await upload(stage, form(room, ("files", "../../x.txt", "x")))).json["file_infos"][0]["name"] == "x.txt"
    assert (await upload(stage, form(room, ("files", "e.txt", "")))).json["file_infos"][0]["size"] == 0
    assert (await upload(stage, form(("files", "a.txt", "x")))).status == 400
    assert (await upload(stage, b"", f"?channel_id={place.id}&filename=a.txt", "text/plain")).outcome == unread
    assert (await upload(stage, b"x", f"?channel_id={place.id}", "text/plain")).outcome == (
        400,
        "api.context.invalid_url_param",
    )
    assert (await upload(stage, b"x", kind="multipart/form-data")).outcome == unread


async def test_uploads_that_are_refused(stage, place):
    """Without membership 403, as for an unknown channel; too large 413; switched off 403."""
    other = await stage.place(hook=False)
    for channel in (other.id, "y" * 26):
        assert (await upload(stage, form(("channel_id", channel), ("files", "a.txt", "x")))).outcome == PERMISSIONS
    async with stage.server.settings(FileSettings={"MaxFileSize": 1000}):
        big = "x" * 1001
        for answer in (
            await upload(stage, form(("channel_id", place.id), ("files", "a.txt", big))),
            await upload(stage, big.encode(), f"?channel_id={place.id}&filename=a.txt", "text/plain"),
        ):
            assert answer.outcome == (413, "api.file.upload_file.too_large_detailed")
    async with stage.server.settings(FileSettings={"EnableFileAttachments": False}):
        answer = await upload(stage, form(("channel_id", place.id), ("files", "a.txt", "x")))
        assert answer.outcome == (403, "api.file.attachments.disabled")
