"""Posts over REST: what is remembered of them, and whose files they take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin import posting
from gateway.standin.posting import NewPost, Patch, Posting
from gateway.standin.records import File, now
from gateway.standin.refusal import RefusedError, new_id
from gateway.standin.world import World


@pytest.fixture
def desk(world):
    """Give the posting of a world, with a bot in its town square."""
    bot = world.new_user("gate", team=world.home)
    bot.bot = True
    channel = world.channel_named(world.home.id, "town-square")
    channel.members.add(bot.id)
    return Posting(world, lambda _: None), bot, channel


async def test_pending_ids_are_forgotten_after_half_a_minute(standin, client, monkeypatch):
    """A repeat does not prolong the time."""
    token, channel = standin.add_bot("gate"), standin.add_channel("town-square")
    standin.join("gate", "town-square")
    made = []
    for moment in (1000.0, 1025.0, 1031.0):
        monkeypatch.setattr(posting, "clock", lambda moment=moment: moment)
        made.append((await client.post(token, channel, pending_post_id="p"))[1]["id"])
    assert made[0] == made[1] != made[2]


def test_pending_ids_that_have_passed_are_forgotten(desk, monkeypatch):
    """However many there were, what is remembered is of the last half minute."""
    posts, bot, channel = desk
    for moment in range(100):
        monkeypatch.setattr(posting, "clock", lambda moment=moment: float(moment))
        posts.create(bot, NewPost(channel.id, "x", pending_post_id=f"p{moment}"))
    assert list(posts._pending) == [f"p{moment}" for moment in range(70, 100)]


def test_a_post_takes_free_files_of_its_author(world, desk):
    """Each file belongs to one post; those of others, of nobody and of another post are left out."""
    posts, bot, channel = desk
    mine, hers = (
        File(id=new_id(), user=user, channel=channel.id, name="a.txt", size=1, create_at=now())
        for user in (bot.id, world.owner.id)
    )
    world.files = {mine.id: mine, hers.id: hers}
    first = posts.create(bot, NewPost(channel.id, "x", file_ids=[mine.id, mine.id, hers.id, new_id()]))
    second = posts.create(bot, NewPost(channel.id, "y", file_ids=[mine.id]))
    assert (first["file_ids"], second["file_ids"], mine.post) == ([mine.id], [], first["id"])


def test_what_cannot_be_stored_takes_no_files(world, desk):
    """A refused post leaves the files free."""
    posts, bot, channel = desk
    file = File(id=new_id(), user=bot.id, channel=channel.id, name="a", size=1, create_at=now())
    world.files = {file.id: file}
    with pytest.raises(RefusedError):
        posts.create(bot, NewPost(channel.id, "\0", file_ids=[file.id]))
    assert (file.post, list(world.posts)) == ("", [])


def test_a_patch_without_changes_is_no_edit(desk):
    """Pinning and the same text again leave `edit_at`; another text sets it."""
    posts, bot, channel = desk
    post = posts.create(bot, NewPost(channel.id, "x"))
    assert posts.patch(bot, post["id"], Patch(message="x", is_pinned=True))["edit_at"] == 0
    edited = posts.patch(bot, post["id"], Patch(message="y"))
    assert (edited["edit_at"] > 0, edited["is_pinned"]) == (True, True)


@given(st.lists(st.sampled_from(["a", "b", "c"])))
def test_a_pending_id_makes_one_post(wanted):
    """However often and in whatever order they are repeated, each makes one, and its id is told each time."""
    world = World(100)
    world.owner.roles = "system_admin"
    channel = world.channel_named(world.home.id, "town-square")
    posts, told = Posting(world, lambda _: None), {}
    for pending in wanted:
        made = posts.create(world.owner, NewPost(channel.id, pending, pending_post_id=pending))
        assert told.setdefault(pending, made["id"]) == made["id"]
    assert [post.message for post in world.posts] == list(dict.fromkeys(wanted))
