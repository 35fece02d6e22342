"""The generic translator: a useful message from any payload without a translator of its own.

What the payload says is read by `gist`; this module makes a message of it. Credentials are never shown.
"""

from typing import Final

from gateway.decode.envelopes import opened
from gateway.language.functions import escape
from gateway.language.functions.answers import TEXT, TITLE
from gateway.language.functions.coerce import text_of
from gateway.language.functions.credentials import hide
from gateway.language.functions.facts import as_json, without
from gateway.language.functions.gist import ELEMENTS, gist
from gateway.language.functions.markdown import code_block
from gateway.language.functions.text import shorten
from gateway.language.functions.tree import MOST, items_text
from gateway.language.functions.wording import in_words
from gateway.mattermost.payload import Attachment, Field, Message
from gateway.model import JSON

GENERIC: Final = "generic"
"""The name of this translator, and of the service that has no other."""

_SHORT: Final = 40
"""Characters of a value that shares a row of the table with another."""
_CODE: Final = 1000
"""Characters of a block of code."""


def generic(value: JSON, service: str, event: str = "", *, text_only: bool = False) -> Message:
    """A message about `value`, sent by `service` as an `event` of this name ("": it has none).

    With `text_only` the value is `{"text": ...}`: the body was text, or could not be parsed.
    """
    about = f"{service}: {event}" if event else service
    if text_only and isinstance(value, dict):
        return Message(attachments=[_from_text(text_of(value.get("text")), about)])
    elements = _elements(opened(value))
    most = MOST // min(len(elements), ELEMENTS)
    attachments = [_from_value(element, about, event, most) for element in elements[:ELEMENTS]]
    if len(elements) > ELEMENTS:
        attachments.append(Attachment(text=f"and {len(elements) - ELEMENTS} more"))
    return Message(attachments=attachments)


def _elements(value: JSON) -> list[JSON]:
    """The events of an array, or of an envelope that holds nothing but one; any other value is one event."""
    inner = next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value
    return inner if isinstance(inner, list) and any(isinstance(element, dict) for element in inner) else [value]


def _from_text(text: str, about: str) -> Attachment:
    lines = hide(text).strip().splitlines()
    title = lines[0].strip() if len(lines) > 1 else ""
    if not title:
        return Attachment(title=about, text=escape(shorten(lines[0].strip(), TEXT)) if lines else None)
    if len(title) > TITLE:
        return Attachment(title=about, text=_code("\n".join(lines)))
    return Attachment(author_name=about, title=title, text=_code("\n".join(lines[1:]).strip("\n")))


def _from_value(value: JSON, about: str, event: str, most: int) -> Attachment:
    if not isinstance(value, dict):
        return Attachment(title=about, text=_of_no_object(value) or None)
    found = gist(value, event, most=most)
    return Attachment(
        author_name=" · ".join(part for part in (about if found.title else "", found.actor) if part) or None,
        author_link=found.actor_link,
        color=found.color,
        title=shorten(found.title, 2 * TITLE) or (in_words(event) if event else about),
        title_link=found.link,
        text="\n\n".join(part for part in (found.text, found.lists) if part) or None,
        fields=[Field(fact["title"], str(fact["value"]), short=len(fact["value"]) <= _SHORT) for fact in found.facts],
        image_url=found.image,
        footer=str(found.more) if found.more else None,
    )


def _of_no_object(value: JSON) -> str:
    if not isinstance(value, list):
        return escape(shorten(hide(text_of(value)), TEXT))
    if not any(isinstance(item, dict | list) for item in value):
        return escape(shorten(hide(items_text(value)), TEXT))
    left = without(value, ())
    return _code(as_json(left), "json") if left is not None else ""


def _code(text: str, language: str = "") -> str:
    return code_block(shorten(text, _CODE), language)
