"""What is read of posts."""

import msgspec
import pytest

from gateway.sources.posts import Post, read, while_member

ME = "me"


def post(name, kind="", user="ann", **props):
    """A post of a type."""
    return Post(name, type=kind, user_id=user, props=props)


def test_a_post_is_a_text_in_its_event():
    """With null where there are no props; anything else is no post."""
    made = read({"post": '{"id":"a","create_at":5,"root_id":"b","props":null,"more":[1]}'})
    assert (made.id, made.create_at, made.thread, made.automated, made.said) == ("a", 5, "b", False, True)
    assert Post("a").thread == "a"
    for data in ({}, {"post": "no JSON"}, {"post": "[]"}, {"post": '{"id":5}'}):
        with pytest.raises(msgspec.DecodeError):
            read(data)


def test_what_nobody_said():
    """Notices of the server, what was before an edit, what is deleted; and what programs said is known."""
    unsaid = [Post("a", type="system_join_channel"), Post("a", original_id="b"), Post("a", delete_at=5)]
    assert not any(one.said for one in unsaid)
    assert Post("a", type="custom_plugin").said
    assert [post("a", **{name: "true"}).automated for name in ("from_bot", "from_webhook", "from_plugin", "card")] == [
        True, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("notices", "there"),
    [
        ([], "abc"),
        ([(1, post("", "system_add_to_channel", addedUserId=ME))], "bc"),
        ([(2, post("", "system_join_channel", ME))], "c"),
        ([(1, post("", "system_remove_from_channel", removedUserId=ME))], "a"),
        ([(1, post("", "system_leave_channel", ME)), (3, post("", "system_join_channel", ME))], "ac"),
        (
            [(1, post("", "system_join_channel", "ann")), (2, post("", "system_add_to_channel", addedUserId="ann"))],
            "abc",
        ),
    ],
)
def test_what_was_said_while_it_was_not_there_is_not_its(notices, there):
    """Notices of the channel tell of coming and going, its own and others'."""
    posts = [post(name) for name in "abc"]
    for place, notice in notices:
        posts.insert(place, notice)
    assert "".join(one.id for one in while_member(posts, ME)) == there
