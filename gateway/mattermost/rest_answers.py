"""The meaning of answers of Mattermost's REST interface: pure tables over contract 6 and the behaviour of version 11.2.

An answer is a result, with a case when the sender can act on it before the result counts.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.mattermost.answers import delay_blame, error_id, failure_blame, refusal_blame, shown_id, wait
from gateway.model import Blame, Delivered, Later, Never, Result
from gateway.outbound.retry_after import retry_after
from gateway.outbound.unanswered import PROXY_CREDENTIALS

PENDING = "api.post.deduplicate_create_post.pending"
"""The error id of a repeat while the server still stores the message of an earlier attempt that timed out."""


class Case(StrEnum):
    """The action that an answer allows."""

    FINAL = "final"
    ROOT = "root"
    """The post to edit or to reply to is gone: post anew."""
    PLACE = "place"
    """The channel is gone or closed to this account: look it up again."""
    EXTRAS = "extras"
    """The server refuses an optional part of the message: leave out one of `extras`."""


class Extra(StrEnum):
    """An optional part of a message; the value completes "the server takes no ..."."""

    RECEIPTS = "requests for acknowledgement and persistent notifications: they need a licence"
    PRIORITY = "priority labels: turn on PostPriority in Mattermost"
    OVERRIDES = "another name or icon from a login in hardened mode: use the token of a bot"


class Answer(Struct, frozen=True):
    """A result, and the action that it allows. `lasting` says whether the next message would get the same answer."""

    result: Result
    case: Case = Case.FINAL
    extras: tuple[Extra, ...] = ()
    lasting: bool = True

    @property
    def unsure(self) -> bool:
        """Whether the server may have stored the post all the same: this is no answer of its own, or tells a failure.

        A database that fails may have committed; a proxy that gives up waiting for the server does not stop it.
        """
        status = self.result.status
        failed = status >= 500 and status != 501
        return isinstance(self.result, Later) and (failed or status == 408 or 200 <= status < 300)


class _Document(Struct):
    id: str


_document = msgspec.json.Decoder(_Document)

_ROOT_GONE = frozenset({"api.post.create_post.root_id.app_error", "api.post.create_post.channel_root_id.app_error"})
_ARCHIVED = "api.post.create_post.can_not_post_to_deleted.error"
_NO_LICENCE = "license_error."
_PRIORITY = "api.post.post_priority."
_BAD_BODY = "api.context.invalid_body_param.app_error"
_TOO_LONG = "model.post.is_valid.message_length.app_error"

_REFUSALS = {
    400: "the server refuses the message{id}: look at the payload",
    403: "the account may not post there{id}: invite it to the channel, or give it the permission to post",
    404: "this is not the REST interface of Mattermost{id}: check `server` and what stands before Mattermost",
    405: "this is not the REST interface of Mattermost{id}: check `server` and what stands before Mattermost",
    413: "too large{id}: raise MaximumPayloadSizeBytes in Mattermost, or the body limit of the proxy before it",
    414: "the URL is too long: check `server`, or raise MaximumURLLength in Mattermost",
    501: "the server has no such feature{id}: check its version and licence",
}
_DELAYS = {
    407: PROXY_CREDENTIALS,
    408: "the server waited too long for the request",
    425: "the server is not ready to take early data",
}


def posted(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Answer:
    """The meaning of an answer to POST /posts. `headers` ignores the case of names; `now` is epoch seconds."""
    if 200 <= status < 300:
        return Answer(_success(status, body))
    name = error_id(body)
    result = failed(status, headers, body, now)
    if name in _ROOT_GONE:
        return Answer(result, Case.ROOT)
    if name == _ARCHIVED:
        return Answer(result, Case.PLACE)
    if extras := _extras(status, name):
        return Answer(result, Case.EXTRAS, extras, lasting=status != 400 or name == _BAD_BODY)
    if name == PENDING:
        return Answer(Later("the server is still storing an earlier attempt at this message", None, "5xx", status))
    return Answer(result, Case.PLACE if status == 403 and name else Case.FINAL)


def patched(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Answer:
    """The meaning of an answer to PUT /posts/{id}/patch.

    A deleted post, an unknown one, another account's, and one of a channel that the account has left are all 403; a
    post that can no longer be edited (archived channel, time limit) is 400. All of these count as gone.
    """
    answer = posted(status, headers, body, now)
    if answer.case is Case.EXTRAS or (status == 400 and error_id(body) == _TOO_LONG):
        return answer
    if status in (400, 403, 404) and error_id(body):
        return Answer(answer.result, Case.ROOT)
    return answer


def failed(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Later | Never:
    """The result of an answer that is no success; the session explains 401 (`unauthorised`)."""
    return replace(_failure(status, headers, body, now), status=status)


def _failure(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Later | Never:
    if status == 429:
        return Later("429: rate limit exceeded", wait(headers, now), "429")
    if 300 <= status < 400:
        text = "the server redirects: write `server` with the scheme, host and path of Mattermost's SiteURL"
        return Later(f"{status}: {text}", None, "3xx", blame=Blame.DESTINATION)
    shown = shown_id(body)
    code = f"{status // 100}xx"
    if error_id(body) == _TOO_LONG:
        return Never(f"{status}: longer than the server takes{shown}: raise its limit, or shorten the message", code)
    if status == 403 and not shown:
        text = "403: a proxy before Mattermost refuses: exempt /api/v4/ from its rules"
        return Later(text, None, code, blame=Blame.DESTINATION)
    if status in _REFUSALS:
        text = f"{status}: {_REFUSALS[status].format(id=shown)}"
        return Never(text, code) if status == 413 else Later(text, None, code, blame=refusal_blame(status, shown))
    if status in _DELAYS:
        return Later(f"{status}: {_DELAYS[status]}", retry_after(headers, now), code, blame=delay_blame(status))
    if 400 <= status < 500:
        text = f"{status}: refused{shown}: check `server` and what stands before Mattermost"
        return Later(text, None, code, blame=Blame.UNKNOWN)
    after = retry_after(headers, now) if status == 503 else None
    text = "the server or a proxy before it failed"
    if shown:
        text = f"Mattermost could not store the message{shown}: see its log; this may be permanent for this message"
    return Later(f"{status}: {text}", after, "5xx", blame=failure_blame(status, shown))


def put_off(result: Later | Never, question: str) -> Later:
    """The result of a delivery whose `question` on the way got this result instead of an answer: it waits for one."""
    reason = f"{question}: {result.reason}"
    if isinstance(result, Later):
        return replace(result, reason=reason)
    return Later(reason, None, result.code, result.status)


def not_mattermost(status: int) -> Later:
    """The result of a 2xx answer whose body is not Mattermost's."""
    return Later(
        f"{status} without Mattermost's answer: a proxy or login page answers in its place; "
        "check `server` and what stands before Mattermost",
        None,
        "2xx",
        status,
        Blame.DESTINATION,
    )


def unauthorised(body: bytes, *, token: bool) -> Later:
    """The result of a 401 that a new token does not cure; `token` says whether the settings gave the token."""
    if not error_id(body):
        text = "a proxy before Mattermost asks for a login: exempt /api/v4/ from it"
    elif token:
        text = (
            "the token is not valid: it was revoked, its bot or user is disabled, or personal access tokens are off; "
            "make a new one in Mattermost, set it, and reload the settings"
        )
    else:
        text = "the server refuses a session that it just opened: check the clock and session settings of Mattermost"
    return Later(f"401: {text}", None, "4xx", 401, Blame.DESTINATION)


def _success(status: int, body: bytes) -> Result:
    try:
        post = _document.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return not_mattermost(status)
    return Delivered(post.id, status=status) if post.id else not_mattermost(status)


def _extras(status: int, name: str) -> tuple[Extra, ...]:
    """The extras to leave out, the likelier cause first."""
    if status == 501 and name.startswith(_NO_LICENCE):
        return Extra.RECEIPTS, Extra.PRIORITY
    if name.startswith(_PRIORITY):
        return (Extra.PRIORITY,) if status == 403 else (Extra.RECEIPTS, Extra.PRIORITY)
    return (Extra.OVERRIDES,) if name == _BAD_BODY else ()
