"""A message as one text: a click is answered with text alone, which only the clicking person sees."""

from collections.abc import Iterable
from typing import Final

from gateway.language.functions.markdown import escape
from gateway.mattermost.clean import cut
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Attachment, Message

_BLANK: Final = "\n\n"


def as_text(messages: Iterable[Message]) -> str:
    """The Markdown of messages with their attachments, as much as one post holds; "" for none."""
    parts = [part for message in messages for part in (message.text, *map(_attachment, message.attachments))]
    return cut(_BLANK.join(filter(None, parts)), DEFAULT.message)


def _attachment(one: Attachment) -> str:
    title = _linked(one.title, one.title_link)
    facts = [": ".join(filter(None, (f"**{escape(field.title)}**", field.value))) for field in one.fields]
    parts = [one.pretext, _linked(one.author_name, one.author_link), title and f"**{title}**", one.text]
    return _BLANK.join(filter(None, [*parts, "\n".join(facts), one.image_url, one.footer]))


def _linked(label: str | None, target: str | None) -> str:
    """A plain text as Markdown, with its link."""
    if not label:
        return ""
    return f"[{escape(label)}]({target})" if target and not set(target) & set("() ") else str(escape(label))
