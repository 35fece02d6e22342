"""The sender for an incoming webhook of Mattermost, and the meaning of the server's answers.

`classify` is a pure table over contract 1.8. The URL of a hook is its whole credential and the server repeats the
hook's id in the `message` of nearly every error: no reason ever holds either.

Most answers do not tell whether the message is at fault or the hook; those that do say so by `Never` and `Blame`.
"""

from collections.abc import Callable, Mapping
from time import time

from msgspec.structs import replace
from multidict import CIMultiDict
from yarl import URL

from gateway.mattermost.answers import Revealing, delay_blame, failure_blame, refusal_blame, shown_id, wait
from gateway.mattermost.for_hook import for_hook
from gateway.mattermost.health import answers
from gateway.mattermost.payload import channel_of
from gateway.model import Blame, Delivered, Delivery, Later, Never, Result
from gateway.outbound.exchange import Unsent, exchange
from gateway.outbound.retry_after import retry_after
from gateway.outbound.sessions import HttpSession
from gateway.outbound.unanswered import PROXY_CREDENTIALS

_HEADERS = CIMultiDict({"Content-Type": "application/json"})

_NOT_OK = (
    "without Mattermost's `ok`: a proxy or login page answers in its place; "
    "check the URL of the hook and what stands before Mattermost"
)
_REFUSALS = {
    400: "unknown incoming webhook, or payload refused{id}: recreate the hook in Mattermost (Integrations, Incoming "
    "Webhooks) and update the destination if it is gone; otherwise look at the payload",
    403: "the hook may not post there{id}: it is locked to another channel, or its owner cannot write to the channel; "
    "unlock the hook, invite its owner, or leave out the channel",
    404: "not found{id}: with an id, the channel does not exist in the hook's team; without one, the URL is not "
    "that of a hook, so check its path",
    405: "the URL does not take POST: check that it ends in /hooks/ and the hook's id",
    413: "too large{id}: raise MaximumPayloadSizeBytes in Mattermost, or the body limit of the proxy before it",
    414: "the URL is too long: check the URL of the hook, or raise MaximumURLLength in Mattermost",
    501: "incoming webhooks are disabled{id}: turn on EnableIncomingWebhooks in Mattermost",
}
_DECODE_REFUSAL = (
    "the payload could not be read{id}: larger than MaximumPayloadSizeBytes of Mattermost, or a value of a wrong type"
)
_DELAYS = {
    401: "a proxy before Mattermost asks for a login: exempt /hooks/ from it",
    407: PROXY_CREDENTIALS,
    408: "the server waited too long for the request",
    425: "the server is not ready to take early data",
}


def classify(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Result:
    """The result that an answer means (contract 1.8). `headers` ignores the case of names; `now` is epoch seconds."""
    if status == 200 and body.strip() == b"ok":
        return Delivered(status=200)
    return replace(_failure(status, headers, body, now), status=status)


def _failure(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Later | Never:
    if 200 <= status < 300:
        return Later(f"{status} {_NOT_OK}", None, "2xx", blame=Blame.DESTINATION)
    if status == 429:
        return Later("429: rate limit exceeded", wait(headers, now), "429")
    if 300 <= status < 400:
        return Later(f"{status}: {_redirect(headers)}", None, "3xx", blame=Blame.DESTINATION)
    shown = shown_id(body)
    code = f"{status // 100}xx"
    if status == 400 and "decode" in shown:
        return Never(f"400: {_DECODE_REFUSAL.format(id=shown)}", code)
    if status in _REFUSALS:
        text = f"{status}: {_REFUSALS[status].format(id=shown)}"
        if status == 413:
            return Never(text, code)
        blame = Blame.DESTINATION if status == 501 else refusal_blame(status, shown)
        return Later(text, None, code, blame=blame)
    if status in _DELAYS:
        text = f"{status}: {_DELAYS[status]}"
        return Later(text, retry_after(headers, now), code, blame=delay_blame(status))
    if 400 <= status < 500:
        text = f"{status}: refused{shown}: check the URL of the hook and what stands before Mattermost"
        return Later(text, None, code, blame=Blame.UNKNOWN)
    after = retry_after(headers, now) if status == 503 else None
    text = f"the server or a proxy before it failed{shown}"
    if shown.startswith(" (web.incoming_webhook."):
        text = f"Mattermost could not store the message{shown}: see its log; this may be permanent for this message"
    return Later(f"{status}: {text}", after, "5xx", blame=failure_blame(status, shown))


def _redirect(headers: Mapping[str, str]) -> str:
    if headers.get("Location", "").lower().startswith("https:"):
        return "the server redirects: write the hook's URL with https:// and the host of Mattermost's SiteURL"
    return "the server redirects: write the hook's URL with the scheme, host and path of Mattermost's SiteURL"


class HookSender:
    """Sends payloads to one incoming webhook. `timeout` is seconds for one attempt, including the connection."""

    warning = ""

    def __init__(self, url: Revealing, session: HttpSession, timeout: float = 10.0) -> None:
        self._url = URL(url.reveal())
        self._session = session
        self._timeout = timeout

    async def send(self, delivery: Delivery) -> Result:
        """POST one message of JSON. Never raises for what the network or the server does; see `classify`."""
        try:
            payload = for_hook(delivery.payload)
            reply = await exchange(self._session, "POST", self._url, payload, _HEADERS, self._timeout)
        except Unsent as unsent:
            return unsent.result
        return classify(*reply, time())

    async def answers(self) -> bool:
        """Whether the server of the hook answers; see `health.answers`."""
        return await answers(self._session, str(self._url).rpartition("/hooks/")[0], self._timeout)

    def target(self, delivery: Delivery) -> str:
        """The channel that the message names."""
        return channel_of(delivery.payload)


class PassthroughSender:
    """Sends each delivery to the incoming webhook of `server` whose id is its address; `url_of` makes its URL."""

    warning = ""

    def __init__(
        self,
        server: str,
        url_of: Callable[[str], Revealing],
        session: HttpSession,
        timeout: float = 10.0,
    ) -> None:
        self._server = server
        self._url_of = url_of
        self._session = session
        self._timeout = timeout

    async def send(self, delivery: Delivery) -> Result:
        """POST one message of JSON. Never raises for what the network or the server does; see `classify`."""
        return await HookSender(self._url_of(delivery.address), self._session, self._timeout).send(delivery)

    async def answers(self) -> bool:
        """Whether the server answers; see `health.answers`."""
        return await answers(self._session, self._server, self._timeout)

    def target(self, delivery: Delivery) -> str:
        """The hook, with the channel that the message names."""
        return f"{delivery.address} {channel_of(delivery.payload)}"
