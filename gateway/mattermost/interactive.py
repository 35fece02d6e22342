"""What is shown to one person at one moment: dialogs, later answers to a command, whispers, typing, a changed post.

    open_dialog   within seconds of a command or click; the trigger id is all the proof that Mattermost asks for
    respond       a later answer to a command: 30 minutes long, five of them, no proof but the URL
    the others    as the account of a session

Nothing here raises for what the network or the server does: what came of it is said in words.
"""

import asyncio
import re
from collections.abc import Awaitable, Mapping
from time import time
from typing import Any, Final

import msgspec
from msgspec import Struct
from yarl import URL

from gateway.mattermost.answers import error_id, shown_id
from gateway.mattermost.clean import cut
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.rest_answers import Answer, failed, not_mattermost
from gateway.mattermost.session import Session, decoded
from gateway.model import JSON, Never
from gateway.outbound.exchange import Reply, Unsent, exchange
from gateway.outbound.sessions import HttpSession

TIMEOUT: Final = 10.0
"""Default limit in seconds, logins and second tries included."""

DIALOG_TIMEOUT: Final = 3.0
"""The same for dialogs: by default the server refuses the trigger id later."""

_HEADERS: Final = {"Content-Type": "application/json"}
_ID: Final = re.compile(r"[A-Za-z0-9]{26}")
_LATER: Final = re.compile(r"/hooks/commands/([A-Za-z0-9]{26})")
_KEPT: Final = tuple("from_webhook override_username override_icon_url override_icon_emoji from_bot mattergate".split())
"""Properties that outlast an update: how the post looks, and the marks of a bot and of the gateway."""

Refusals = Mapping[int, str]
"""What a status means when Mattermost itself answers it."""

_NO_DIALOG: Final = "Mattermost does not know this command or click, or cannot read the dialog"
_LATE: Final = "the time for a dialog is over: Mattermost opens it only within seconds of the command or the click"
_NO_LATER_ANSWER: Final = {
    400: "Mattermost takes no further answer to this command: five were given, or the command is gone",
    404: "the time for answers to this command is over: Mattermost takes them for 30 minutes",
}
_NO_WHISPER: Final = {
    403: "the account may not show something to one person alone: Mattermost leaves that to the role system_admin"
}
_NO_DIRECT: Final = {400: "there is no such user", 403: "the account may not write to this user"}
_NO_TYPING: Final = {403: "the account may not write in this channel"}
_NO_UPDATE: Final = {
    403: "the account may not change this post: it must be its own, in a channel of which it is a member",
    404: "the post is gone",
}


class Told(Struct, frozen=True):
    """What became of it: `problem` is "" when it is done, and `id` then names the channel or post, if one was made.

    `unsure` says that the server may have done it although there is a problem: only its answer is missing. `lasting`
    says that another try would meet the same problem.
    """

    problem: str = ""
    id: str = ""
    unsure: bool = False
    lasting: bool = False


class _Done(Struct):
    """Any answer of Mattermost's that says it is done."""

    id: str = ""
    status: str = ""


class _Post(Struct):
    props: dict[str, Any] | None = None


async def open_dialog(
    http: HttpSession,
    server: str,
    trigger_id: str,
    url: str,
    dialog: Mapping[str, JSON],
    *,
    timeout: float = DIALOG_TIMEOUT,  # noqa: ASYNC109 - one timer around the whole exchange
) -> Told:
    """Show a dialog to the person of a trigger id; it will be submitted to `url`.

    A dialog that breaks a limit of Mattermost's is done, too: the server only logs it.
    """

    async def ask() -> str:
        body = msgspec.json.encode({"trigger_id": trigger_id, "url": url, "dialog": dialog})
        to = URL(f"{server.rstrip('/')}/api/v4/actions/dialogs/open", encoded=True)
        reply = await exchange(http, "POST", to, body, _HEADERS, timeout)
        if reply.status == 400:  # the ids of some of these errors hold digits, so that they are not shown
            late = error_id(reply.body).endswith("trigger_id.expired")
            raise Unsent(Never(f"400: {_LATE if late else _NO_DIALOG}", status=400))
        return _done(reply, {})

    return await _told(ask(), timeout)


async def respond(
    http: HttpSession,
    server: str,
    response_url: str,
    body: bytes,
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - one timer around the whole exchange
) -> Told:
    """Answer a command later; `body` is the JSON object that an answer at once would be.

    Only `server` is ever asked, whatever the URL says. Texts are cut where Mattermost would refuse them, since that
    costs one of the five answers, and null is left out of arrays.
    """
    to = _later(server, response_url)
    if to is None:
        why = "not answered: the response_url is not of the server in the settings: write its SiteURL there"
        return Told(why, lasting=True)

    async def ask() -> str:
        reply = await exchange(http, "POST", to, _sound(body), _HEADERS, timeout)
        if reply.status == 200 and reply.body.strip() != b"ok":
            raise Unsent(not_mattermost(200))
        return "" if reply.status == 200 else _done(reply, _NO_LATER_ANSWER)

    return await _told(ask(), timeout)


async def ephemeral(
    session: Session,
    user_id: str,
    channel_id: str,
    text: str,
    root_id: str = "",
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - one timer around the whole exchange
) -> Told:
    """Show a text to one user in a channel; only an administrator's account may."""
    post = {"channel_id": channel_id, "message": cut(text, DEFAULT.message), "root_id": root_id}
    body = {"user_id": user_id, "post": post}
    return await _told(_call(session, "POST", "/posts/ephemeral", body, _NO_WHISPER), timeout)


async def direct(
    session: Session,
    user_id: str,
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - one timer around the whole exchange
) -> Told:
    """The id of the direct channel of the account and a user, made if there is none."""

    async def ask() -> str:
        me = await session.me()
        return await _call(session, "POST", "/channels/direct", [me.id, user_id], _NO_DIRECT)

    return await _told(ask(), timeout)


async def typing(
    session: Session,
    channel_id: str,
    root_id: str = "",
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - one timer around the whole exchange
) -> Told:
    """Show that the account writes, for the few seconds that clients show it."""
    body = {"channel_id": channel_id, "parent_id": root_id}
    return await _told(_call(session, "POST", "/users/me/typing", body, _NO_TYPING), timeout)


async def update(
    session: Session,
    post_id: str,
    message: str,
    props: Mapping[str, JSON],
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - one timer around the whole exchange
) -> Told:
    """Change a post of the account as the `update` of an answer to a click would; pin and files stay."""
    if not _ID.fullmatch(post_id):  # which is part of a path
        return Told("there is no such post")

    async def ask() -> str:
        reply = await session.call("GET", f"/posts/{post_id}")
        _check(reply, _NO_UPDATE)
        shown = decoded(reply, _Post).props or {}
        kept = {name: shown[name] for name in _KEPT if name in shown}
        body = {"message": cut(message, DEFAULT.message), "props": _whole({**props, **kept})}
        return await _call(session, "PUT", f"/posts/{post_id}/patch", body, _NO_UPDATE)

    return await _told(ask(), timeout)


async def _told(asking: Awaitable[str], seconds: float) -> Told:
    try:
        async with asyncio.timeout(seconds):
            return Told(id=await asking)
    except Unsent as unsent:
        unsure = unsent.unsure or Answer(unsent.result).unsure
        return Told(unsent.result.reason, unsure=unsure, lasting=isinstance(unsent.result, Never))
    except TimeoutError:
        return Told(f"Mattermost did not answer within {seconds:g} s", unsure=True)


async def _call(session: Session, method: str, path: str, body: object, refusals: Refusals) -> str:
    """The id in the answer to a request. Raises Unsent."""
    return _done(await session.call(method, path, msgspec.json.encode(body)), refusals)


def _done(reply: Reply, refusals: Refusals) -> str:
    """The id in an answer, "" for none. Raises Unsent for a refusal or a failure."""
    _check(reply, refusals)
    done = decoded(reply, _Done)
    if not (done.id or done.status):
        raise Unsent(not_mattermost(reply.status))
    return done.id


def _check(reply: Reply, refusals: Refusals) -> None:
    """Raise Unsent with the words for a refusal that Mattermost itself answered."""
    if reply.status in refusals and (shown := shown_id(reply.body)):
        result = failed(*reply, time())
        raise Unsent(msgspec.structs.replace(result, reason=f"{reply.status}: {refusals[reply.status]}{shown}"))


def _later(server: str, response_url: str) -> URL | None:
    """Where a command of this server is answered later; None for a URL of another one, and for any other URL."""
    try:
        own, asked = URL(f"{server.rstrip('/')}/"), URL(response_url)
        same = own.origin() == asked.origin()
    except ValueError:
        return None
    path = asked.raw_path
    base = own.raw_path.rstrip("/")
    found = _LATER.fullmatch(path[len(base) :]) if path.startswith(base) else None
    if found is None or not same or asked.raw_user is not None or asked.raw_query_string or asked.raw_fragment:
        return None
    return URL(f"{server.rstrip('/')}{found[0]}", encoded=True)


def _sound(body: bytes) -> bytes:
    """An answer to a command of which Mattermost takes every part."""
    document = msgspec.json.decode(body, type=dict[str, Any])
    answer: dict[str, Any] = _whole(document)
    for one in (answer, *answer.get("extra_responses", ())):
        if isinstance(one.get("text"), str):
            one["text"] = cut(one["text"], DEFAULT.message)
    return msgspec.json.encode(answer)


def _whole(value: Any) -> Any:
    """A value without null in its arrays: one among attachments or further answers breaks the server."""
    if isinstance(value, Mapping):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value if inner is not None]
    return value
