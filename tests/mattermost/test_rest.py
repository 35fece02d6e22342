"""Posting over REST: what a message becomes, cards and their threads, and what a server cannot do."""

from unittest.mock import ANY

import pytest
from aiohttp import web
from msgspec import to_builtins
from structlog.testing import capture_logs

from gateway.errors import JournalError
from gateway.mattermost.channel import Channels
from gateway.mattermost.editing import Editing
from gateway.mattermost.history import History
from gateway.mattermost.payload import Action, Attachment, Integration, Message, Priority, Props, encode
from gateway.mattermost.repeats import Repeats
from gateway.mattermost.rest import DOING_WITHOUT, Concessions, RestSender
from gateway.mattermost.rest_post import LATE
from gateway.model import Card, CardMode, Delivered, Later, Phase
from tests.mattermost.blaming import UNKNOWN, blamed
from tests.mattermost.conftest import Done, Remembered

POSTS = ("POST", "/posts")
CLOSE = Action(id="a1", name="Close", type="button", integration=Integration("https://gate.example/action/x", {}))


def response(status, name):
    """A function that answers with an error document whose message holds third-party text."""
    return lambda: web.json_response({"id": name, "message": "third-party text"}, status=status)


def remember(desk, subject, closed=None, *, newer=False):
    """Note the newest post as the one that shows a subject."""
    [*_, post_id] = desk.board.posts
    desk.cards[subject] = Remembered(post_id, closed, newer)
    return post_id


async def test_a_message_becomes_a_post(desk):
    """Text, attachments, side panel, name and icon arrive where the REST interface wants them."""
    message = Message(
        text="Hello",
        username="GitHub",
        icon_emoji="octocat",
        attachments=[Attachment(title="T", color="good")],
        props=Props(card="more"),
        priority=Priority("urgent"),
    )
    sender, delivery = desk.sender(), desk.delivery(message)
    result = await sender.send(delivery)
    [post] = desk.board.posts.values()
    assert result == Delivered(post["id"], status=201)
    assert (post["message"], post["channel_id"]) == ("Hello", desk.board.channels["alerts"])
    assert post["props"] == {
        "attachments": [{"title": "T", "color": "good"}],
        "card": "more",
        "override_username": "GitHub",
        "override_icon_emoji": "octocat",
        "from_webhook": "true",
        "mattergate": ANY,
    }
    assert post["metadata"] == {"priority": {"priority": "urgent"}}


async def test_a_plain_message_claims_nothing(desk):
    """Without another name or icon a post does not pretend to come from a webhook."""
    await desk.sender().send(desk.delivery("Hello"))
    [post] = desk.board.posts.values()
    assert post["props"] == {"mattergate": ANY}
    assert "metadata" not in post


async def test_further_messages_cost_one_request_each(desk):
    """Channel and token are known after the first message."""
    sender = desk.sender(desk.login())
    for number in range(3):
        await sender.send(desk.delivery(str(number)))
    assert desk.board.paths()[3:] == ["POST /posts", "POST /posts"]


async def test_a_repeated_attempt_makes_no_second_post(desk):
    """The same delivery sent again is recognised by the server; another one is not."""
    sender, delivery = desk.sender(), desk.delivery("Hello")
    assert await sender.send(delivery) == await sender.send(delivery)
    await sender.send(desk.delivery("Hello"))
    assert len(desk.board.posts) == 2


async def test_an_attempt_still_under_way_is_asked_for_again_soon(desk):
    """While the server stores an earlier attempt the delivery waits, and the destination does not pause."""
    desk.board.next_answer(*POSTS, response(500, "api.post.deduplicate_create_post.pending"))
    result = await desk.sender().send(desk.delivery("Hello"))
    assert isinstance(result, Later)
    assert result.after is None


async def test_the_channel_of_a_message_is_honoured(desk):
    """A message goes to the channel that it names, in the same team, looked up once."""
    sender = desk.sender()
    for _ in range(2):
        await sender.send(desk.delivery(Message(text="a", channel="other")))
    assert {post["channel_id"] for post in desk.board.posts.values()} == {desk.board.channels["other"]}
    assert len([path for path in desk.board.paths() if path.startswith("GET")]) == 1


class TestCards:
    """A card is posted once, then edited or replied to."""

    @staticmethod
    def card(mode, phase=Phase.CHANGE, text=""):
        """A card of the subject s."""
        return Card("s", mode, phase, encode(Message(text=text)).decode() if text else "")

    @pytest.mark.parametrize("mode", CardMode)
    @pytest.mark.parametrize(("text", "shown"), [("the card", "the card"), ("", "news")])
    async def test_the_first_delivery_posts_the_card(self, desk, mode, text, shown):
        """Without a post of the subject, the card, or else the message, becomes it."""
        result = await desk.sender().send(desk.delivery("news", self.card(mode, text=text)))
        [post] = desk.board.posts.values()
        assert result == Delivered(post["id"], status=201)
        assert post["message"] == shown

    async def test_update_edits_the_post(self, desk):
        """The post shows the state after the event, and stays that of a bot."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(CardMode.UPDATE)))
        root = remember(desk, "s")
        result = await sender.send(desk.delivery("changed", self.card(CardMode.UPDATE, text="now")))
        assert result == Delivered(root, status=200)
        assert len(desk.board.posts) == 1
        assert desk.board.posts[root]["message"] == "now"
        assert desk.board.posts[root]["props"] == {"from_bot": "true"}

    async def test_an_edited_post_says_what_was_done_there(self, desk):
        """A button is gone that was clicked after the event; an event that came after the click offers it anew."""
        sender, shown = desk.sender(), Message(attachments=[Attachment(title="T", actions=[CLOSE])])
        button = {"id": "a1", "name": "Close", "type": "button", "integration": to_builtins(CLOSE.integration)}
        await sender.send(desk.delivery("opened", self.card(CardMode.UPDATE)))
        root = remember(desk, "s")
        for late, kept in ((60.0, []), (-60.0, [button])):
            delivery = desk.delivery("x", Card("s", CardMode.UPDATE, payload=encode(shown).decode()))
            desk.cards["s"].acts = [Done(delivery.received + late, "Close", "Closed", "ann")]
            await sender.send(delivery)
            first, acts = desk.board.posts[root]["props"]["attachments"]
            assert first.get("actions", []) == kept
            assert acts["text"].startswith("Closed by @ann, 20")

    async def test_thread_replies(self, desk):
        """The message becomes a reply, without a priority, which only roots have."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(CardMode.THREAD)))
        root = remember(desk, "s")
        message = Message(text="changed", priority=Priority("urgent", requested_ack=True))
        result = await sender.send(desk.delivery(message, self.card(CardMode.THREAD, text="now")))
        assert result == Delivered(root, status=201)
        [first, reply] = desk.board.posts.values()
        assert (first["message"], reply["message"], reply["root_id"]) == ("opened", "changed", root)
        assert "metadata" not in reply

    async def test_both_edits_and_replies(self, desk):
        """The post shows the state, the thread the history."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(CardMode.BOTH)))
        root = remember(desk, "s")
        await sender.send(desk.delivery("changed", self.card(CardMode.BOTH, text="now")))
        [first, reply] = desk.board.posts.values()
        assert (first["message"], reply["message"], reply["root_id"]) == ("now", "changed", root)

    async def test_a_retry_after_half_of_both_doubles_nothing(self, desk):
        """Edited but not replied, and replied but not answered, both end with one reply."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(CardMode.BOTH)))
        remember(desk, "s")
        delivery = desk.delivery("changed", self.card(CardMode.BOTH))
        desk.board.next_answer(*POSTS, lambda: web.Response(status=502))
        assert isinstance(await sender.send(delivery), Later)
        for _ in range(2):
            assert isinstance(await sender.send(delivery), Delivered)
        assert len(desk.board.posts) == 2

    @pytest.mark.parametrize("mode", CardMode)
    @pytest.mark.parametrize("elsewhere", [False, True])
    async def test_a_post_that_is_gone_is_replaced(self, desk, mode, elsewhere):
        """When a person deleted the post or moved it, a new card is posted and remembered."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(mode)))
        root = remember(desk, "s")
        if elsewhere:
            desk.board.posts[root]["channel_id"] = desk.board.channels["other"]
            if mode is CardMode.UPDATE:
                del desk.board.posts[root]
        else:
            del desk.board.posts[root]
        result = await sender.send(desk.delivery("changed", self.card(mode, text="now")))
        fresh = [post for post in desk.board.posts.values() if post["id"] == result.post_id]
        assert [post["message"] for post in fresh] == ["now"]
        assert result.post_id != root

    @pytest.mark.parametrize(
        ("status", "name"),
        [
            (400, "api.post.update_post.permissions_time_limit.app_error"),
            (400, "api.post.patch_post.can_not_update_post_in_deleted.error"),
            (404, "app.post.get.app_error"),
        ],
    )
    async def test_what_cannot_be_edited_any_more_is_replaced(self, desk, status, name):
        """A time limit on edits, an archived channel and a lost post all lead to a new card."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(CardMode.UPDATE)))
        root = remember(desk, "s")
        desk.board.next_answer("PUT", f"/posts/{root}/patch", response(status, name))
        result = await sender.send(desk.delivery("changed", self.card(CardMode.UPDATE)))
        assert isinstance(result, Delivered)
        assert result.post_id != root

    @pytest.mark.parametrize(
        ("closed", "phase", "posts"), [(True, Phase.OPEN, 2), (True, Phase.CHANGE, 1), (None, Phase.OPEN, 1)]
    )
    async def test_what_opens_after_a_close_gets_a_card_of_its_own(self, desk, closed, phase, posts):
        """Only an opening after the end of the subject makes a new post."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(CardMode.UPDATE)))
        remember(desk, "s", closed)
        await sender.send(desk.delivery("again", self.card(CardMode.UPDATE, phase)))
        assert len(desk.board.posts) == posts

    async def test_what_only_replies_is_never_the_card(self, desk):
        """Its parts stand in one thread: that of the card, or where there is none, of the first part."""
        sender, card = desk.sender(), Card("s", CardMode.THREAD, alone="e 1")
        result = await sender.send(desk.delivery("one", card))
        first = remember(desk, "e 1")
        assert result == Delivered(first, status=201, alone=True)
        assert await sender.send(desk.delivery("two", card)) == Delivered(first, status=201, alone=True)
        await sender.send(desk.delivery("opened", self.card(CardMode.UPDATE)))
        root = remember(desk, "s")
        assert await sender.send(desk.delivery("three", card)) == Delivered(root, status=201)
        assert [post["root_id"] for post in desk.board.posts.values()] == ["", first, "", root]

    async def test_a_server_in_trouble_does_not_make_a_new_card(self, desk):
        """An edit that fails for a passing reason is tried again, not replaced."""
        sender = desk.sender()
        await sender.send(desk.delivery("opened", self.card(CardMode.UPDATE)))
        root = remember(desk, "s")
        desk.board.next_answer("PUT", f"/posts/{root}/patch", lambda: web.Response(status=503))
        assert isinstance(await sender.send(desk.delivery("changed", self.card(CardMode.UPDATE))), Later)
        assert len(desk.board.posts) == 1

    @pytest.mark.parametrize("mode", CardMode)
    @pytest.mark.parametrize("gone", [False, True])
    async def test_what_is_late_changes_no_card(self, desk, mode, gone):
        """It says so in the thread, also when the subject ended; where the post is gone, in a post of its own."""
        sender = desk.sender()
        await sender.send(desk.delivery("closed", self.card(mode, Phase.CLOSE)))
        root = remember(desk, "s", closed=True, newer=True)
        if gone:
            del desk.board.posts[root]
        late = await sender.send(desk.delivery("opened", self.card(mode, Phase.OPEN, text="red")))
        if not gone:
            assert desk.board.posts[root]["message"] == "closed"
        [*_, post] = desk.board.posts.values()
        assert post["message"] == f"{LATE}\n\nopened"
        assert (post["root_id"], late.post_id) == (("", post["id"]) if gone else (root, root))
        assert (late.late, late.alone) == (True, gone)

    async def test_a_journal_in_trouble_is_waited_for(self, desk):
        """When nobody knows which post shows the subject, nothing is posted."""

        async def cards(subject, seq):
            raise JournalError("the disk is full")

        session = desk.session()
        channels, concessions = Channels(session, "acme", "alerts"), Concessions("ops")
        repeats, editing = Repeats(History(session, "ops"), "ops"), Editing(session, "ops")
        sender = RestSender(session, channels, cards, concessions, repeats, editing)
        result = await sender.send(desk.delivery("x", self.card(CardMode.UPDATE)))
        assert isinstance(result, Later)
        assert not desk.board.posts


class TestDoingWithout:
    """What a server does not take is left out, with one warning."""

    async def warnings(self, desk, sender, message, times=2):
        """Send a message some times; the warnings told."""
        with capture_logs() as told:
            for _ in range(times):
                assert isinstance(await sender.send(desk.delivery(message)), Delivered)
        return [line for line in told if line["log_level"] == "warning"]

    async def test_a_server_without_a_licence_takes_no_receipts(self, desk):
        """Acknowledgement is dropped, the label stays, and the next message does not ask again."""
        desk.board.next_answer(*POSTS, response(501, "license_error.feature_unavailable"))
        message = Message(text="a", priority=Priority("urgent", True, True))
        [warning] = await self.warnings(desk, desk.sender(), message)
        assert "licence" in warning["why"]
        assert warning["destination"] == "ops"
        assert [post["metadata"] for post in desk.board.posts.values()] == [{"priority": {"priority": "urgent"}}] * 2
        assert desk.board.paths().count("POST /posts") == 3

    async def test_a_server_without_labels_takes_no_priority(self, desk):
        """With priority turned off the message goes without any of it."""
        name = "api.post.post_priority.priority_post_not_allowed_for_user.request_error"
        desk.board.next_answer(*POSTS, response(403, name))
        await self.warnings(desk, desk.sender(), Message(text="a", priority=Priority("urgent", True)))
        assert all("metadata" not in post for post in desk.board.posts.values())

    async def test_hardened_mode_takes_no_other_name_from_a_login(self, desk):
        """Name and icon are dropped when the server refuses them."""
        desk.board.next_answer(*POSTS, response(400, "api.context.invalid_body_param.app_error"))
        [warning] = await self.warnings(desk, desk.sender(desk.login()), Message(text="a", username="GitHub"))
        assert "hardened" in warning["why"]
        assert all(post["props"].keys() == {"mattergate"} for post in desk.board.posts.values())

    async def test_it_is_tried_again_after_some_hours_without_another_warning(self, desk):
        """A licence may come; that there is still none is no news."""
        sender, message = desk.sender(), Message(text="a", priority=Priority("urgent", True))
        desk.board.next_answer(*POSTS, response(501, "license_error.feature_unavailable"))
        await self.warnings(desk, sender, message, 1)
        desk.now += DOING_WITHOUT + 1
        desk.board.next_answer(*POSTS, response(501, "license_error.feature_unavailable"))
        assert not await self.warnings(desk, sender, message, 1)
        desk.now += DOING_WITHOUT + 1
        await sender.send(desk.delivery(message))
        [*_, last] = desk.board.posts.values()
        assert last["metadata"]["priority"]["requested_ack"] is True

    async def test_a_fault_of_one_message_is_not_remembered(self, desk):
        """Too many people to notify is the matter of this message alone."""
        name = "api.post.post_priority.max_recipients_persistent_notification_post.request_error"
        desk.board.next_answer(*POSTS, response(400, name))
        message = Message(text="a", priority=Priority("urgent", False, True))
        assert not await self.warnings(desk, desk.sender(), message)
        [first, second] = desk.board.posts.values()
        assert "persistent_notifications" not in first["metadata"]["priority"]
        assert second["metadata"]["priority"]["persistent_notifications"] is True

    async def test_a_message_with_nothing_to_leave_out_is_refused(self, desk):
        """The same answer to a plain message is the result."""
        desk.board.next_answer(*POSTS, response(400, "api.context.invalid_body_param.app_error"))
        assert blamed(await desk.sender().send(desk.delivery("a"))) is UNKNOWN


async def test_no_answer_in_time(desk):
    """A server that does not answer in time is tried again."""
    desk.board.delay = 0.3
    result = await desk.sender(timeout=0.05).send(desk.delivery("a"))
    assert (type(result), result.code) == (Later, "timeout")


async def test_a_message_that_names_its_thread(desk):
    """It goes to the channel with that id, not to the destination's own, and replies there, without a priority."""
    sender, there = desk.sender(), desk.board.channels["other"]
    await sender.send(desk.delivery(Message(text="question", channel_id=there)))
    [root] = desk.board.posts
    answer = Message(text="answer", channel="alerts", channel_id=there, root_id=root, priority=Priority("urgent"))
    delivery = desk.delivery(answer)
    result = await sender.send(delivery)
    post = desk.board.posts[result.post_id]
    assert (post["channel_id"], post["root_id"], "metadata" in post) == (there, root, False)
    assert sender.target(delivery) == there
    assert desk.board.paths() == ["POST /posts"] * 2


async def test_a_thread_that_is_gone(desk):
    """What would have been said there is a post of its own in that channel; a repeat makes no second one."""
    there = desk.board.channels["other"]
    sender, delivery = desk.sender(), desk.delivery(Message(text="answer", channel_id=there, root_id="gone"))
    first, second = [await sender.send(delivery) for _ in range(2)]
    [post] = desk.board.posts.values()
    assert first == second == Delivered(post["id"], status=201)
    assert (post["channel_id"], post["root_id"]) == (there, "")
    desk.board.next_answer(*POSTS, response(400, "api.post.create_post.root_id.app_error"))
    desk.board.next_answer(*POSTS, response(500, "app.post.save.app_error"))
    assert isinstance(await sender.send(delivery), Later)


async def test_a_channel_by_its_id_that_is_closed(desk):
    """The refusal is told, and concerns that channel alone."""
    there = desk.board.channels["other"]
    desk.board.closed.add(there)
    sender, delivery = desk.sender(), desk.delivery(Message(text="a", channel_id=there))
    result = await sender.send(delivery)
    assert result.reason.startswith("403: the account is not a member of the channel that the route or the message")
    assert (result.blame, sender.target(delivery)) == (UNKNOWN, there)
