"""What the stand-in keeps, as REST shows it: nothing that is secret, and every key that clients read."""

import pytest

from gateway.standin.records import Channel, File, Hook, Post, Team, User


def post(**more) -> Post:
    """A post."""
    usual = {"id": "p", "channel": "ops", "channel_id": "c", "user": "ann", "user_id": "u", "message": "x"}
    return Post(**{**usual, "props": {}, "create_at": 1, "update_at": 2, **more})


def test_a_user_is_shown_without_what_is_secret():
    """No password and no count of failures; a bot says that it is one."""
    user = User(id="u", username="ann", email="a@x", password="secret", create_at=1, failures=3)
    assert user.shown() == {
        "id": "u", "create_at": 1, "delete_at": 0, "username": "ann", "email": "a@x", "roles": "system_user",
        "nickname": "", "locale": "en",
    }  # fmt: skip
    user.bot = True
    assert user.shown()["is_bot"] is True


@pytest.mark.parametrize(
    ("roles", "asked", "has"),
    [("system_user", ("system_admin",), False), ("system_admin system_user", ("system_admin",), True),
     ("system_user system_post_all", ("a", "system_post_all"), True),
     ("system_post_all_public", ("system_post_all",), False),
     ("", ("",), False)],
)  # fmt: skip
def test_roles_are_whole_words(roles, asked, has):
    """One of those that are asked for is enough."""
    assert User(id="u", username="a", email="", create_at=1, roles=roles).has(*asked) is has


@pytest.mark.parametrize(
    ("name", "extension"), [("a.txt", "txt"), ("a.tar.gz", "gz"), ("noextension", ""), (".env", "env"), ("", "")]
)
def test_a_file_has_the_extension_of_its_name(name, extension):
    """What stands behind the last dot."""
    file = File(id="f", user="u", channel="c", name=name, size=7, create_at=1)
    assert (file.shown()["extension"], file.shown()["size"]) == (extension, 7)
    assert "post" not in file.shown()


def test_who_and_what_is_shown_beside_a_post():
    """The name and icon that a hook gave, else those of the author."""
    assert (post().username, post().icon, post().attachments) == ("ann", "", [])
    dressed = post(props={"override_username": "CI", "override_icon_url": "https://i", "attachments": None})
    assert (dressed.username, dressed.icon, dressed.attachments) == ("CI", "https://i", [])
    assert post(props={"override_icon_emoji": "tada", "override_icon_url": "https://i"}).icon == "tada"


def test_a_post_is_shown_whole():
    """Priority and attachments stand in the metadata; a pending id is told by its answer alone."""
    shown = post(
        props={"attachments": [{"text": "a"}]}, priority={"priority": "urgent"}, pending_post_id="p", root_id="r",
        file_ids=["f"], is_pinned=True,
    ).shown(3)  # fmt: skip
    assert shown["metadata"] == {"embeds": [{"type": "message_attachment"}], "priority": {"priority": "urgent"}}
    assert (shown["reply_count"], shown["root_id"], shown["file_ids"], shown["is_pinned"]) == (3, "r", ["f"], True)
    assert (shown["pending_post_id"], shown["channel_id"], shown["user_id"]) == ("", "c", "u")
    assert post().shown()["metadata"] == {}


def test_places_are_shown_with_their_ids():
    """A channel with its kind and team, a hook with its lock."""
    channel = Channel(id="c", name="ops", display_name="Ops", team="t", kind="P", members={"u"}, create_at=1)
    assert (channel.shown()["type"], channel.shown()["team_id"], "members" in channel.shown()) == ("P", "t", False)
    hook = Hook(id="h", channel="c", user="u", locked=True, username="CI").shown()
    assert (hook["channel_id"], hook["user_id"], hook["channel_locked"], hook["username"]) == ("c", "u", True, "CI")
    team = Team("t", "home", "Home", {"u"}, 1).shown()
    assert (team["name"], team["type"], "members" in team) == ("home", "O", False)
