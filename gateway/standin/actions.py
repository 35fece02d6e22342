"""Clicks on buttons and choices of menus: who may, what the integration is told, and what its answer does."""

from typing import Any

import msgspec
from msgspec import Struct

from gateway.standin import gojson
from gateway.standin.attachments import link_text
from gateway.standin.call import Call, Handler, Reply
from gateway.standin.incoming import decode_whole
from gateway.standin.outside import JSON, Answer, NoAnswerError, Outside
from gateway.standin.posting import Posting, Update
from gateway.standin.records import Cookie, Post, User, now
from gateway.standin.refusal import RefusedError, new_id, permissions
from gateway.standin.world import World

UNBOUNDED = 1 << 40
FAILED = RefusedError(400, "api.post.do_action.action_integration.app_error")
KEPT = ("from_webhook", "override_username", "override_icon_url")
"""The props that an update neither sets nor clears."""


class Click(Struct):
    """What a client sends: the choice of a menu, and the cookie of an action whose post is not stored."""

    selected_option: str = ""
    cookie: str = ""


class ActionAnswer(Struct):
    """The answer of an integration, of the types that Go's decoder demands."""

    update: Update | None = None
    ephemeral_text: str | None = None
    skip_slack_parsing: bool | None = None


async def ask(outside: Outside, url: str, document: dict[str, Any], *, limit: int) -> Answer:
    """POST a document to an integration; raises RefusedError for every answer that has not the status 200."""
    try:
        answer = await outside.ask("POST", url, gojson.encode(document), {"Content-Type": JSON}, limit=limit)
    except NoAnswerError as error:
        raise FAILED from error
    if answer.status != 200:
        raise FAILED
    return answer


class Actions:
    """Takes clicks, and does what the answers say."""

    def __init__(self, world: World, posting: Posting, outside: Outside) -> None:
        self._world = world
        self._posting = posting
        self._outside = outside

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path below /api/v4 and handler of every call."""
        return [("POST", "/posts/{post:[A-Za-z0-9]+}/actions/{action:[A-Za-z0-9]+}", self._click)]

    async def _click(self, call: Call) -> Reply:
        try:
            click = msgspec.json.decode(call.body, type=Click)
        except (msgspec.DecodeError, RecursionError):
            click = Click()
        trigger = await self.click(call.caller, call.id("post"), call.path["action"], click)
        return Reply({"status": "OK", "trigger_id": trigger})

    async def click(self, user: User, post_id: str, action_id: str, click: Click) -> str:
        """Click as a user; gives what his client is told of the trigger id. Raises RefusedError."""
        cookie = self._cookie(user, click.cookie)
        if cookie is None:
            self._check_member(user, post_id)
        post, action = self._action(post_id, action_id, cookie)
        client, trigger = self._world.triggers.make(user.id)
        document = self._document(user, post, action, click, trigger)
        answer = await ask(self._outside, action["integration"].get("url", ""), document, limit=UNBOUNDED)
        try:
            said = decode_whole(answer.body, ActionAnswer) if answer.body else ActionAnswer()
        except (ValueError, RecursionError) as error:
            raise FAILED from error
        self._take(user, post, said)
        return client

    def _cookie(self, user: User, text: str) -> Cookie | None:
        """What stands behind a cookie: anybody may use it who may read the channel."""
        if not text:
            return None
        cookie = self._world.cookies.get(text)
        if cookie is None:
            raise FAILED
        if not self._world.may_read(user, self._world.channel(cookie.post.channel_id)):
            raise permissions("read_channel_content")
        return cookie

    def _check_member(self, user: User, post_id: str) -> None:
        channel = self._world.channel_of(post_id)
        if not (user.has("system_admin") if channel is None else self._world.is_member(user, channel)):
            raise permissions("read_channel_content")

    def _action(self, post_id: str, action_id: str, cookie: Cookie | None) -> tuple[Post, dict[str, Any]]:
        """The post and the action: of a stored post its own, whatever the cookie says."""
        post = self._world.post(post_id)
        if post is None:
            if cookie is None:
                raise RefusedError(404, "app.post.get.app_error")
            if cookie.post.id != post_id or "integration" not in cookie.action:
                raise FAILED
            return cookie.post, cookie.action
        actions = (action for attachment in post.attachments for action in attachment.get("actions", ()))
        action = next((action for action in actions if action["id"] == action_id), None)
        if action is None or "integration" not in action:
            raise RefusedError(404, "api.post.do_action.action_id.app_error")
        return post, action

    def _document(self, user: User, post: Post, action: dict[str, Any], click: Click, trigger: str) -> dict[str, Any]:
        """What the integration is told: neither the id of the action nor its name."""
        channel = self._world.channels[post.channel_id]
        chosen = click.selected_option if action.get("type") == "select" else ""
        context = action["integration"].get("context", {}) | ({"selected_option": chosen} if chosen else {})
        return {
            "user_id": user.id,
            "user_name": user.username,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "team_id": channel.team,
            "team_domain": self._world.teams[channel.team].name if channel.team else "",
            "post_id": post.id,
            "trigger_id": trigger,
            "type": action.get("type", ""),
            "data_source": action.get("data_source", "") if chosen else "",
        } | ({"context": gojson.floats(context)} if context else {})

    def _take(self, user: User, post: Post, said: ActionAnswer) -> None:
        """Change the post, then show the user a text; raises RefusedError, and shows nothing then."""
        kept = {name: post.props[name] for name in KEPT if name in post.props}
        if said.update is not None:
            if self._world.post(post.id) is None:
                raise RefusedError(404, "app.post.get.app_error")
            if said.update.props is not None:
                own = {name: value for name, value in said.update.props.items() if name not in KEPT}
                said.update.props = own | kept
            self._posting.replace(post, said.update)
        if said.ephemeral_text:
            text = said.ephemeral_text if said.skip_slack_parsing else link_text(said.ephemeral_text)
            self._world.whisper(
                user,
                Post(
                    id=new_id(),
                    channel=post.channel,
                    channel_id=post.channel_id,
                    user=user.username,
                    user_id=user.id,
                    message=text,
                    props=kept,
                    create_at=now(),
                    update_at=0,
                    root_id=post.root_id or post.id,
                ),
            )
