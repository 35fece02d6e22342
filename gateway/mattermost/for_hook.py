"""Messages as an incoming webhook needs them: only there does the server rewrite texts in Slack's notation.

Before anything else it makes `@here` of `<!here>` and `@name` of `<@id>`, and a link of `<target|label>`, in code as
well and with any invisible character inside (contract 1.6). Over REST the same texts are shown as they are. So messages
are neutral in the journal, and `for_hook` is applied by whoever sends one to a hook.
"""

import re

from msgspec.structs import replace

from gateway.mattermost.code import CodeRanges
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.mentions import BLANK
from gateway.mattermost.payload import Attachment, Field, decode, encode

_ANNOUNCED = re.compile(r"<(?=!(?:channel|here|all)>|@[a-zA-Z0-9]+>)")
_ENTITY = "&lt;"
_LOOK_ALIKE = "\u2039"
"""In code no entity is decoded; and it is no longer than what it replaces."""


def for_hook(payload: bytes) -> bytes:
    """The JSON of a message, of which the server rewrites nothing; the usual one comes back as it is.

    What only destinations over REST understand is left out.
    """
    rewritten = b"<" in payload and (b"|" in payload or b"<!" in payload or b"<@" in payload)
    if not rewritten and b'"channel_id":' not in payload and b'"root_id":' not in payload:
        return payload
    message = decode(payload)
    message.channel_id = message.root_id = None
    message.text = _message_text(message.text)
    message.attachments = [_attachment(one) for one in message.attachments]
    return encode(message)


def _attachment(one: Attachment) -> Attachment:
    fields = [Field(field.title, _markdown(field.value) or "", field.short) for field in one.fields]
    title = one.title and _ANNOUNCED.sub(f"<{BLANK}", one.title)
    return replace(one, pretext=_markdown(one.pretext), title=title, text=_markdown(one.text), fields=fields)


def _message_text(text: str | None) -> str | None:
    """A post's text, no longer than a post may be: the server would split it blindly (contract 1.5)."""
    inert = _markdown(text)
    if inert is None or len(inert) <= DEFAULT.message:
        return inert
    return _markdown(text, shortest=True)


def _markdown(text: str | None, *, shortest: bool = False) -> str | None:
    """Markdown with an entity, or a look-alike in code, for each `<` that would begin a link.

    One that would only begin a mention gets an invisible character behind it.
    """
    if text is None or "<" not in text:
        return text
    links = _link_starts(text) if "|" in text else []
    code = CodeRanges(text) if links and not shortest else None
    signs = {start: _LOOK_ALIKE if code is None or code.hold(start) else _ENTITY for start in links}
    for found in _ANNOUNCED.finditer(text):
        signs.setdefault(found.start(), _LOOK_ALIKE if shortest else f"<{BLANK}")
    parts: list[str] = []
    at = 0
    for start in sorted(signs):
        parts += text[at:start], signs[start]
        at = start + 1
    return "".join([*parts, text[at:]])


def _link_starts(text: str) -> list[int]:
    """The indices of each `<` of `<target|label>`, in one pass over the pipes.

    The looser pattern of attachments is assumed: a target without `<` and `|`, a label without `>`, neither empty. An
    earlier `<` before the same pipe belongs to them: it would match once the later one is gone.
    """
    starts: list[int] = []
    last, at = text.rfind(">"), 0
    for target in text.split("|")[:-1]:
        pipe = at + len(target)
        if pipe + 1 < last and text[pipe + 1] != ">":
            index = text.find("<", at, pipe - 1)
            while index >= 0:
                starts.append(index)
                index = text.find("<", index + 1, pipe - 1)
        at = pipe + 1
    return starts
