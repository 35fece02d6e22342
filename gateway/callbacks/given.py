"""What is given to a callback besides what was said: values of the settings, the time, secrets, and where to answer.

Only its request sees secrets, the URL at which the service may answer later, and the name of the conversation: who has
one of these may answer.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

from msgspec import Struct

from gateway.callbacks.answer import OutsideAnswer
from gateway.language import lint
from gateway.language.lint import Token, Unusable
from gateway.language.template import Context
from gateway.model import JSON
from gateway.secret import MASK, Secret

SECRETS: Final = "secrets"
SETTINGS: Final = "settings"
NOW: Final = "now"
REPLY_URL: Final = "reply_url"
CONVERSATION: Final = "conversation"
HIDDEN: Final = frozenset({SECRETS, REPLY_URL, CONVERSATION})
"""What only the request sees, and nobody is shown."""

_EXPRESSIONS: Final = frozenset("when each blank silent requested_ack persistent_notifications author".split())
_END: Final = Token("end", "", 0)
_LEAST: Final = 8
"""Characters from which on a secret is masked in what a service answers: shorter ones are parts of other words."""

Steps = tuple[str | int, ...]


class Given(Struct, frozen=True):
    """The values of a callback in the settings; `settings.url` is the address of the service.

    `now` is the time in epoch seconds (0: unknown), `conversation` the name of who says it where, see
    `gateway.callbacks.conversation`, and `reply_url` takes answers that come later (None: none).
    """

    settings: Mapping[str, JSON] = {}
    secrets: Mapping[str, Secret] = {}
    now: float = 0.0
    conversation: str = ""
    reply_url: Secret | None = None

    def about(self) -> Context:
        """What all templates see of it."""
        return {SETTINGS: dict(self.settings), **({NOW: self.now} if self.now else {})}

    def seen(self, context: Context, *, masked: bool) -> Context:
        """The context of a request, in which each secret is itself, or its mask."""
        secrets = {name: MASK if masked else secret.reveal() for name, secret in self.secrets.items()}
        seen = {**context, **self.about(), SECRETS: secrets}
        if self.reply_url is not None:
            seen[REPLY_URL] = MASK if masked else self.reply_url.reveal()
        if self.conversation:
            seen[CONVERSATION] = MASK if masked else self.conversation
        return seen

    def masked(self, answer: bytes, sent: Iterable[str] = ()) -> bytes:
        """What a service answered, without the secrets in it: some repeat what they were sent, or a URL that has it.

        `sent` are texts that were made of secrets.
        """
        ways = ["" if self.reply_url is None else self.reply_url.reveal(), self.conversation]
        known = {*(secret.reveal() for secret in self.secrets.values()), *ways, *sent}
        spelt = {spelling for text in known if len(text) >= _LEAST for spelling in _spellings(text)}
        for spelling in sorted(spelt, key=len, reverse=True):
            answer = answer.replace(spelling.encode("utf-8", "replace"), MASK.encode())
        return answer

    def shown(self, answer: OutsideAnswer, sent: Sequence[str] = ()) -> OutsideAnswer:
        """An answer without the secrets in its headers and its body."""
        headers = {
            name: self.masked(one.encode("utf-8", "replace"), sent).decode() for name, one in answer.headers.items()
        }
        return OutsideAnswer(answer.status, headers, self.masked(answer.body, sent))


def _spellings(text: str) -> set[str]:
    """A text as it is, in JSON, and in a form or URL."""
    whole = text.encode("utf-8", "replace").decode()
    in_json = {json.dumps(whole, ensure_ascii=plain)[1:-1] for plain in (True, False)}
    in_url = {quote(whole), quote(whole, safe=""), quote_plus(whole)}
    return {whole, *in_url, *in_json, *(one.replace("/", "\\/") for one in in_json)}


def named(raw: JSON, name: str, key: str = "") -> Iterator[tuple[Steps, str]]:
    """Where a part of a document writes `secrets.KEY` or `settings.KEY` (`name` says which), and each KEY.

    KEY is "" where all of them are taken at once. `key` is that under which the part stands.
    """
    if isinstance(raw, str):
        yield from (((), found) for found in _in_code(raw, name, key))
    elif isinstance(raw, Mapping | list):
        for step, inner in raw.items() if isinstance(raw, Mapping) else enumerate(raw):
            yield from (((step, *steps), found) for steps, found in named(inner, name, str(step)))


def _in_code(text: str, name: str, key: str) -> Iterator[str]:
    """The keys that the code in a text takes; under some keys all of a text is code."""
    code = text if "{" in text else "{{ " + text + " }}" if key in _EXPRESSIONS else ""
    try:
        found = [*lint.tokens(code), _END, _END]
    except Unusable:
        return  # which compiling it says
    for before, token, dot, last in zip(found, found[1:], found[2:], found[3:], strict=False):
        if (token.kind, token.text) == ("name", name) and before.text not in (".", "|"):
            yield last.text if dot.text == "." and last.kind == "name" else ""
