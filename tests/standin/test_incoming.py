"""The body of an incoming webhook: what is read, split and refused, without a server."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin import incoming
from gateway.standin.attachments import runes
from gateway.standin.incoming import DECODE, MESSAGE_RUNES, PROPS_RUNES
from gateway.standin.refusal import RefusedError


def test_what_a_message_becomes_without_a_server():
    """`posts` tells the posts of a request, or why there are none."""
    drafts = incoming.posts(
        incoming.read(b'{"text": "<@u1> <a|b>", "attachments": [{"text": "<@u2>"}]}'), {"u1": "joe"}
    )
    assert [(draft.message, draft.attachments[0]["text"]) for draft in drafts] == [("@joe [b](a)", "<@u2>")]
    for body in (b"{}", b'{"text": "x", "type": "other"}', b'{"text": "\\u0000"}'):
        with pytest.raises(RefusedError):
            incoming.posts(incoming.read(body), {})


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "x", "props": {"a": 1e400}}',
        b'{"text": "x", "props": {"a": 1' + b"0" * 400 + b"}}",
        b'{"attachments": [{"fields": [{"value": -1' + b"0" * 400 + b"}]}]}",
        b'{"attachments": [{"fields": [{"value": {"a": [1' + b"0" * 400 + b"]}}]}]}",
        b'{"text": "x", "props": {"a": NaN}}',
        b"[" * 100_000,
        b'{"text": 1' + b"0" * 5000 + b"}",
    ],
    ids=lambda body: body[:50].decode(),
)
def test_what_go_cannot_decode_is_refused(body):
    """Numbers beyond its floats, constants that are no JSON, and what has no end."""
    with pytest.raises(RefusedError) as caught:
        incoming.posts(incoming.read(body), {})
    assert (caught.value.status, caught.value.error_id) == (400, DECODE)


def test_large_numbers_lose_digits():
    """Whole numbers beyond those of a float are those of the nearest one."""
    (draft,) = incoming.posts(incoming.read(b'{"text": "x", "props": {"a": [9007199254740993, 1e300]}}'), {})
    assert draft.props["a"] == [9007199254740992, 1e300]


@given(st.integers(0, 3 * MESSAGE_RUNES), st.integers(0, 5), st.integers(0, 500_000))
def test_nothing_is_lost_by_splitting(length, count, size):
    """Texts are cut blindly, attachments keep their order, and no post is larger than what can be stored."""
    body = {"text": "a" * length, "attachments": [{"title": str(n), "text": "b" * size} for n in range(count)]}
    if not length and not count:
        return
    drafts = incoming.posts(incoming.read(json.dumps(body).encode()), {})
    assert "".join(draft.message for draft in drafts) == "a" * length
    assert [one["title"] for draft in drafts for one in draft.attachments] == [str(n) for n in range(count)]
    for draft in drafts:
        assert len(draft.message) <= MESSAGE_RUNES
        assert runes(draft.props) <= PROPS_RUNES


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("text Text attachments fields value props priority type channel username title".split()),
            inner,
            max_size=4,
        )
    ),
)


@given(st.binary(max_size=60) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_posts_or_refused(body):
    """Nothing else is raised, whatever is sent."""
    try:
        drafts = incoming.posts(incoming.read(body), {})
    except RefusedError as error:
        drafts = []
        status = error.status
    else:
        status = 200
    assert bool(drafts) is (status == 200)


@pytest.mark.parametrize(
    ("text", "count", "stored"),
    [("@ann @ben", 2, True), ("nobody", 0, False), ("@ann" * 1, 1, True), ("a@ann", 0, False),
     (" ".join(f"@p{n}" for n in range(6)), 6, False), ("@ann. @ann", 1, True)],
)  # fmt: skip
def test_persistent_notifications_need_one_to_five_recipients(text, count, stored):
    """Mentions of members count once each; what is no mention does not count."""
    body = {"text": text, "priority": {"priority": "urgent", "persistent_notifications": True}}
    drafts = incoming.drafts(incoming.read(json.dumps(body).encode()), {}, {}.get)
    asked = []

    def is_member(name: str) -> bool:
        asked.append(name)
        return True

    try:
        incoming.check_storable(drafts[0], is_member)
        passed = True
    except RefusedError as error:
        passed = error.status != 500
    assert (len(asked), passed) == (count, stored)
