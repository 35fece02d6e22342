"""Who hears a post, and what of it."""

import pytest

from gateway.sources.hearing import Exchanges, Heard, Listener, Memory, listener_of, means_everybody, needs_thread
from gateway.sources.posts import Post

ME = ("me", "ask")
MENTIONED = {"channel_name": "ops", "channel_type": "O", "mentions": '["me"]'}
OPEN = {"channel_name": "ops", "channel_type": "O"}
DIRECT = {"channel_name": "ann__me", "channel_type": "D", "mentions": '["me"]'}
LISTENERS = [
    Listener("all", frozenset({"all"}), channels=frozenset({"noise"})),
    Listener("talk", frozenset({"direct", "mention", "thread"})),
    Listener("deploy", triggers=("!Deploy", "ship")),
    Listener("ops only", triggers=("ship",), channels=frozenset({"ops"})),
]


def heard(text, data, listeners=LISTENERS, *, takes_part=False, **more):
    """Who hears a text of ann's."""
    post = Post("p", message=text, **({"user_id": "ann", "channel_id": "c"} | more))
    return listener_of(listeners, data, post, ME, takes_part=takes_part)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("hello", OPEN, None),
        ("hello", OPEN | {"channel_name": "noise"}, Heard("all", "all", "hello")),
        ("hello", DIRECT, Heard("talk", "direct", "hello")),
        ("@ask: what's up?", OPEN, Heard("talk", "mention", "what's up?")),
        ("so @Ask what's up", MENTIONED, Heard("talk", "mention", "so what's up")),
        ("thanks @ask.", OPEN, Heard("talk", "mention", "thanks")),
        ("@channel lunch", MENTIONED, None),
        ("@channel lunch, @ask", MENTIONED, Heard("talk", "mention", "@channel lunch,")),
        ("look below", MENTIONED, Heard("talk", "mention", "look below")),
        ("`@ask` is code", OPEN, None),
        ("@ask.me @asking a@ask", OPEN, None),
        ("!deploy shop  now", OPEN, Heard("deploy", "trigger", "shop  now", "!deploy")),
        ("@ask !DEPLOY", DIRECT, Heard("deploy", "trigger", "", "!deploy")),
        ("!deployed", OPEN, None),
        ("ship it\nat once", OPEN, Heard("ops only", "trigger", "it\nat once", "ship")),
        ("ship it", OPEN | {"channel_name": "dev"}, Heard("deploy", "trigger", "it", "ship")),
        ("", DIRECT, Heard("talk", "direct", "")),
        ("hello", OPEN | {"mentions": "no JSON"}, None),
    ],
)
def test_a_post_has_one_listener(text, data, expected):
    """The first way that holds; of several listeners the one that names channels; the rest of the text is its input."""
    assert heard(text, data) == expected


def test_threads_that_it_takes_part_in():
    """Only replies, and only where it matters is anybody asked."""
    assert heard("hello", OPEN, takes_part=True, root_id="r") == Heard("talk", "thread", "hello")
    assert heard("hello", OPEN, takes_part=True) is None
    assert heard("hello", OPEN, root_id="r") is None
    assert needs_thread(LISTENERS, Post("p", root_id="r"))
    assert not needs_thread(LISTENERS, Post("p"))
    assert not needs_thread(LISTENERS[2:], Post("p", root_id="r"))


def test_who_is_never_heard():
    """Itself, notices of the server; programs only by who wants them."""
    assert heard("@ask", OPEN, user_id="me") is None
    assert heard("@ask", OPEN, type="system_add_to_channel") is None
    program = {"props": {"from_bot": "true"}}
    assert heard("@ask hi", OPEN, **program) is None
    bots = Listener("bots", frozenset({"mention"}), bots=True)
    assert heard("@ask hi", OPEN, [*LISTENERS, bots], **program) == Heard("bots", "mention", "hi")


def test_channels_alone_are_heard_whole():
    """By name or id; a direct message is in none of them."""
    listeners = [Listener("c", channels=frozenset({"c"}))]
    assert heard("hello", OPEN, listeners) == Heard("c", "all", "hello")
    assert heard("hello", OPEN, listeners, channel_id="d") is None
    assert heard("hello", DIRECT, listeners, channel_id="d") is None


def test_a_hostile_text_takes_no_time():
    """Expressions are linear."""
    for text in ("`" * 60_000, "@ask" * 15_000, "@ask " * 12_000, "```" + "`a" * 30_000, "@" * 60_000):
        heard(text, OPEN)
        means_everybody(text)


def test_two_programs_fall_silent():
    """For a while, in a thread as in a channel; a repeat of the same post counts once."""
    exchanges = Exchanges(2)
    one, two, three = (Post(name, channel_id="c") for name in "abc")
    assert [exchanges.allow(post, 0.0) for post in (one, one, two, three, one)] == [True, True, True, False, True]
    assert exchanges.allow(Post("d", channel_id="c", root_id="r"), 0.0)
    assert exchanges.allow(three, 61.0)


def test_a_memory_is_bounded():
    """What was used last stays."""
    memory = Memory(2)
    memory.put("a", 1)
    memory.put("b", 2)
    assert memory.get("a") == 1
    memory.put("c", 3)
    assert ("a" in memory, "b" in memory, memory.get("b"), memory.get("c")) == (True, False, None, 3)
