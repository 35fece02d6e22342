"""Where an incoming webhook posts: the names of channels and persons, locks, privacy, archives, owners."""

import pytest

GENERAL = "web.incoming_webhook.general"


async def sent(place, channel, hook=""):
    """The outcome of a message to a channel."""
    return (await place.send({"text": "x", "channel": channel}, hook)).outcome


async def test_names_of_channels(stage, place):
    """The name in the address, with or without #; nothing else finds it."""
    other = await stage.place(hook=False)
    assert await sent(place, other.name) == (200, "")
    assert await sent(place, f"#{other.name}") == (200, "")
    assert await sent(place, "town-square") == (200, "")
    assert len(await other.posts()) == 2
    for name in (other.name.upper(), other.id, f"Room {other.name}", f" {other.name}", f"~{other.name}", "none", "#"):
        assert await sent(place, name) == (404, GENERAL), name


async def test_names_of_persons(stage, place):
    """@name in any case, the owner too; somebody unknown is 400, a name without @ is a channel's."""
    ben = stage.ben["username"]
    assert await sent(place, f"@{ben}") == (200, "")
    assert await sent(place, f"@{ben.upper()}") == (200, "")
    assert await sent(place, f"@{stage.ann['username']}") == (200, "")
    assert await sent(place, "@") == (400, GENERAL)
    assert await sent(place, "@nobody-of-that-name") == (400, GENERAL)
    assert await sent(place, ben) == (404, GENERAL)


async def test_a_direct_message_comes_from_the_owner(stage, place):
    """It is in the channel of the owner and the person."""
    await place.send({"text": "psst", "channel": f"@{stage.ben['username']}"})
    direct = await stage.server.done("POST", "/channels/direct", [stage.ann["id"], stage.ben["id"]])
    listed = await stage.server.api("GET", f"/channels/{direct['id']}/posts", token=await stage.session(stage.ben))
    newest = listed.json["posts"][listed.json["order"][0]]
    assert (newest["message"], newest["user_id"]) == ("psst", stage.ann["id"])


async def test_a_direct_channel_by_its_name(stage, place):
    """The slug of two ids works where the channel exists and the owner is in it."""
    direct = await stage.server.done("POST", "/channels/direct", [stage.ann["id"], stage.ben["id"]])
    assert await sent(place, direct["name"]) == (200, "")
    assert await sent(place, f"{'y' * 26}__{'z' * 26}") == (404, GENERAL)


async def test_locked_hooks(stage, place):
    """Their own channel by any name is fine; another is 403, an unknown one 404, an unknown person 400."""
    locked = await stage.hook(place.id, channel_locked=True)
    for own in ("", place.name, f"#{place.name}"):
        assert await sent(place, own, locked) == (200, "")
    assert await sent(place, "town-square", locked) == (403, GENERAL)
    assert await sent(place, f"@{stage.ben['username']}", locked) == (403, GENERAL)
    assert await sent(place, "none", locked) == (404, GENERAL)
    assert await sent(place, "@nobody-of-that-name", locked) == (400, GENERAL)


async def test_private_channels_need_the_owner(stage):
    """The owner must be a member; public channels need nobody."""
    secret = await stage.place(private=True)
    assert await sent(secret, "") == (403, GENERAL)
    await secret.join(stage.ann["id"])
    assert await sent(secret, "") == (200, "")
    await stage.server.done("DELETE", f"/channels/{secret.id}/members/{stage.ann['id']}")
    assert await sent(secret, "") == (403, GENERAL)


async def test_archived_channels(stage, place):
    """The name is gone, and so is the hook itself."""
    old = await stage.place()
    await stage.server.done("DELETE", f"/channels/{old.id}")
    assert await sent(place, old.name) == (404, GENERAL)
    assert await sent(old, "") == (400, GENERAL)


async def test_renamed_channels(stage, place):
    """The hook follows its channel; the old name finds nothing."""
    new = stage.name("renamed")
    await stage.server.done("PUT", f"/channels/{place.id}/patch", {"name": new})
    assert await sent(place, "") == (200, "")
    assert await sent(place, new) == (200, "")
    assert await sent(place, place.name) == (404, GENERAL)


async def test_deleted_hooks(stage, place):
    """A deleted hook is as unknown as any."""
    await stage.server.done("DELETE", f"/hooks/incoming/{place.hook}")
    assert await sent(place, "") == (400, GENERAL)


async def test_hooks_outlive_their_owner(stage, place):
    """The hook of a deactivated person still posts."""
    person = await stage.person("gone")
    hook = await stage.hook(place.id, person["id"])
    await stage.server.done("PUT", f"/users/{person['id']}/active", {"active": False})
    assert await sent(place, "", hook) == (200, "")


async def test_hooks_of_bots(stage, place):
    """A bot may own a hook; its posts say so."""
    hook = await stage.hook(place.id, stage.bot)
    assert await sent(place, "", hook) == (200, "")
    post = await place.only()
    assert (post["user_id"], post["props"]["from_bot"]) == (stage.bot, "true")


async def test_channels_of_another_team(stage, place):
    """Names are those of the hook's own team."""
    team = await stage.another_team()
    channel = {"team_id": team["id"], "name": stage.name("far"), "display_name": "Far", "type": "O"}
    far = await stage.server.done("POST", "/channels", channel)
    assert await sent(place, far["name"]) == (404, GENERAL)


@pytest.mark.parametrize("sigil", ["", "#"])
async def test_an_empty_name_is_the_own_channel(place, sigil):
    """No name is the hook's channel, a lone sigil a name that nobody has."""
    assert await sent(place, sigil) == ((200, "") if not sigil else (404, GENERAL))
