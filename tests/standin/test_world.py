"""What there is in the stand-in, and who may do what there; no HTTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin.records import Hook, Post, now
from gateway.standin.refusal import RefusedError, new_id
from gateway.standin.world import World


def post_in(channel, root_id="") -> Post:
    """A post that nobody has stored yet."""
    return Post(
        id=new_id(), channel=channel.name, channel_id=channel.id, user="owner", user_id="u", message="x", props={},
        create_at=now(), update_at=now(), root_id=root_id,
    )  # fmt: skip


def refusal(call, *given) -> tuple[int, str]:
    """Status and error of a refusal."""
    with pytest.raises(RefusedError) as caught:
        call(*given)
    return caught.value.status, caught.value.error_id


@pytest.fixture
def square(world):
    """Give the town square."""
    return world.channel_named(world.home.id, "town-square")


def test_names_are_taken_once(world):
    """Of users, teams, and channels of a team; also that of an archived channel, until it is renamed."""
    assert refusal(world.new_user, "owner") == (400, "app.user.save.username_exists.app_error")
    assert refusal(world.new_team, "home") == (400, "app.team.save.existing.app_error")
    ops = world.new_channel(world.home, "ops")
    world.archive(ops)
    assert refusal(world.new_channel, world.home, "ops") == (400, "store.sql_channel.save_channel.exists.app_error")
    away = world.new_team("away")
    assert world.new_channel(away, "ops").team == away.id
    assert refusal(world.rename, ops, "town-square") == (400, "store.sql_channel.update.exists.app_error")
    world.rename(ops, "old")
    assert world.channel_named(world.home.id, "old") is ops
    assert world.new_channel(world.home, "ops") is not ops


@given(st.integers(1, 10), st.lists(st.integers(0, 20), max_size=40))
def test_only_so_many_posts_are_kept(keep, roots):
    """The newest, by their ids, with the replies of those that are kept; all that came is counted."""
    world = World(keep)
    channel = world.channel_named(world.home.id, "town-square")
    made: list[Post] = []
    for root in roots:
        kept = [post for post in made[-keep:] if not post.root_id]
        made.append(post_in(channel, kept[root % len(kept)].id if kept and root > 10 else ""))
        world.keep(made[-1])
    assert list(world.posts) == made[-keep:]
    assert [world.post(post.id) is post for post in made] == [post in made[-keep:] for post in made]
    assert world.stats["posts"] == len(made)
    assert world.replies.keys() <= {post.id for post in made[-keep:]}


def test_a_thread_is_deleted_with_its_root(world, square):
    """Replies go with it and are no longer counted; a reply goes alone."""
    root = post_in(square)
    first, second = post_in(square, root.id), post_in(square, root.id)
    for post in (root, first, second):
        world.keep(post)
    assert world.thread(root) == world.thread(first) == 2
    world.delete(first)
    assert (world.post(first.id), world.thread(second)) == (None, 1)
    world.delete(root)
    assert [world.post(post.id) for post in (root, second)] == [None, None]
    assert all(post.delete_at == post.update_at > 0 for post in world.posts)


def test_a_channel_goes_with_its_hooks_and_posts(world, square):
    """Archiving ends its hooks and keeps the posts; removing leaves nothing, not even the name."""
    ops = world.new_channel(world.home, "ops")
    world.hooks = {
        hook.id: hook for hook in (Hook(id="a", channel=ops.id, user="u"), Hook(id="b", channel=square.id, user="u"))
    }
    there, here = post_in(ops), post_in(square)
    for post in (there, here, post_in(ops, there.id)):
        world.keep(post)
    world.archive(ops)
    assert (list(world.hooks), world.post(there.id)) == (["b"], there)
    world.remove(ops)
    assert (list(world.posts), world.post(there.id), world.channel_named(world.home.id, "ops")) == ([here], None, None)
    assert not world.replies
    assert refusal(world.channel, ops.id) == (404, "app.channel.get.existing.app_error")


def test_a_direct_channel_is_one_for_both(world):
    """Whoever begins, and of no team; one may write to oneself."""
    ann, ben = world.new_user("ann"), world.new_user("ben")
    channel = world.direct(ann, ben)
    assert world.direct(ben, ann) is channel
    assert (channel.team, channel.kind, channel.members) == ("", "D", {ann.id, ben.id})
    assert world.direct(ann, ann).members == {ann.id}


@pytest.mark.parametrize(
    ("kind", "member", "role", "may"),
    [
        ("O", False, "system_user", (False, True)),
        ("O", True, "system_user", (True, True)),
        ("P", False, "system_user", (False, False)),
        ("P", True, "system_user", (True, True)),
        ("O", False, "system_user system_post_all_public", (True, True)),
        ("P", False, "system_user system_post_all_public", (False, False)),
        ("P", False, "system_user system_post_all", (True, False)),
        ("P", False, "system_admin", (True, True)),
    ],
)
def test_who_may_post_and_read(world, kind, member, role, may):
    """Members; roles that post anywhere; the team reads what is public; an administrator counts as a member."""
    user = world.new_user("gate", team=world.home)
    user.roles = role
    channel = world.new_channel(world.home, "ops", kind)
    if member:
        channel.members.add(user.id)
    assert (world.may_post(user, channel), world.may_read(user, channel)) == may


def test_a_team_is_seen_from_inside(world):
    """Others are refused, and so is a team that is not there; administrators see all."""
    away = world.new_team("away")
    assert refusal(world.check_team, world.owner, away.id) == (403, "api.context.permissions.app_error")
    assert refusal(world.check_team, world.owner, "none")[0] == 403
    world.check_team(world.owner, world.home.id)
    world.owner.roles = "system_admin"
    world.check_team(world.owner, away.id)


def test_tokens_end_by_what_they_are(world):
    """Sessions end together, access tokens go on."""
    session, access = (world.new_token(world.owner, access=access) for access in (False, True))
    world.end_tokens(lambda token: not token.access)
    assert (list(world.tokens.values()), world.stats["logins"]) == ([access], 1)
    assert session.token not in world.tokens
