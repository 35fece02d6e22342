"""Repair of a message's parts: empty ones are dropped, mentions are defused or kept, long ones are continued."""

import re
from collections.abc import Iterator

from gateway.mattermost import clean
from gateway.mattermost.limits import Limits
from gateway.mattermost.mentions import BLANK, announce, restore, silent, without_links
from gateway.mattermost.payload import Attachment, Field, Message, Priority, Props
from gateway.mattermost.plain import plain_line
from gateway.mattermost.split import excerpt, split

PRIORITIES = frozenset({"important", "urgent"})
_MENTION = re.compile(r"(?<![A-Za-z0-9_])@[A-Za-z0-9][A-Za-z0-9._-]*")


class Tidier:
    """Makes parts valid within `limits`; `mentions` says whether they may notify."""

    def __init__(self, limits: Limits, *, mentions: bool) -> None:
        self._limits = limits
        self._settle = _speaking if mentions else silent

    def markdown(self, value: str | None) -> str | None:
        """Return valid Markdown text of any length, its mentions defused or restored."""
        value = clean.text(value)
        return None if value is None else self._settle(value)

    def envelope(self, message: Message) -> Message:
        """Return a message without content: the settings that each of the messages repeats."""
        return Message(
            username=clean.line(message.username, self._limits.username),
            icon_url=clean.web_address(message.icon_url, self._limits.icon),
            icon_emoji=clean.emoji(message.icon_emoji),
            channel=clean.line(message.channel, self._limits.author),
            channel_id=message.channel_id,
            root_id=message.root_id,
            priority=_priority(message.priority),
            silent=message.silent,
        )

    def props(self, props: Props | None) -> Props | None:
        """Return properties with a card that leaves room for the rest of the message."""
        card = self.markdown(props.card) if props else None
        return Props(card=excerpt(card, min(self._limits.card, self._limits.body // 10))) if card else None

    def attachment(self, raw: Attachment) -> list[Attachment]:
        """Return the attachment and its continuations, in its colour; nothing when it has nothing to show.

        The parts shown above the text stay with the first one, those shown below it move to the last.
        """
        limits, part = self._limits, self._limits.part
        pretexts = self._pieces(raw.pretext, part)
        texts = self._pieces(raw.text, part)
        groups = list(self._field_groups(raw.fields, part))
        title_link = clean.web_address(raw.title_link)
        title = clean.line(raw.title if title_link or not raw.title else without_links(raw.title), limits.title)
        author = clean.line(raw.author_name, limits.author)
        footer = self._short(raw.footer, limits.footer)
        thumb, image = clean.web_address(raw.thumb_url), clean.web_address(raw.image_url)
        if not (pretexts or texts or groups or title or author or footer or thumb or image):
            texts = self._pieces(raw.fallback, part)
            if not texts:
                return []
        color = clean.color(raw.color)
        first = Attachment(color=color, pretext=_pop(pretexts), author_name=author, title=title, thumb_url=thumb)
        first.author_link = clean.web_address(raw.author_link) if author else None
        first.author_icon = clean.web_address(raw.author_icon)
        first.title_link = title_link if title else None
        first.text = texts[0] if texts else None
        chain = [Attachment(color=color, pretext=pretext) for pretext in pretexts]
        chain.append(first)
        chain += [Attachment(color=color, text=text) for text in texts[1:]]
        chain[-1].fields = groups[0] if groups else []
        chain += [Attachment(color=color, fields=group) for group in groups[1:]]
        chain[-1].image_url, chain[-1].footer = image, footer
        chain[-1].footer_icon = clean.web_address(raw.footer_icon) if footer else None
        first.fallback = clean.line(raw.fallback, limits.fallback)
        for one in chain:
            one.fallback = one.fallback or fallback(one, limits)
        return chain

    def _pieces(self, value: str | None, limit: int) -> list[str]:
        text = self.markdown(value)
        return split(text, limit) if text else []

    def _short(self, value: str | None, limit: int) -> str | None:
        text = self.markdown(value)
        return excerpt(text, limit) if text else None

    def _field_groups(self, fields: list[Field], limit: int) -> Iterator[list[Field]]:
        """Fields in groups of at most twice `limit` code points each."""
        group: list[Field] = []
        room = 2 * limit
        for field in self._fields(fields, limit):
            size = len(field.title) + len(field.value) + 20
            if group and (len(group) >= self._limits.fields or size > room):
                yield group
                group, room = [], 2 * limit
            group.append(field)
            room -= size
        if group:
            yield group

    def _fields(self, fields: list[Field], limit: int) -> Iterator[Field]:
        """Fields with a value, or with a title and a value that is empty on purpose; long ones go on."""
        for field in fields:
            title = clean.line(without_links(field.title), min(self._limits.field_title, limit)) or ""
            if field.value == "" and title:
                yield Field(title=title, value="", short=field.short)
            for index, value in enumerate(self._pieces(field.value, min(self._limits.field, limit))):
                yield Field(title="" if index else title, value=value, short=field.short)


def fallback(attachment: Attachment, limits: Limits) -> str | None:
    """Return the plain text that notifications show for the attachment: its title, else a line of its text."""
    if attachment.title is not None:
        return clean.cut(attachment.title.replace(BLANK, ""), limits.fallback)
    most = limits.fallback
    if text := attachment.text or attachment.pretext:
        return plain_line(text, most) or None
    if attachment.fields:
        first = attachment.fields[0]
        return clean.cut(f"{first.title} {plain_line(first.value, most)}".strip(), most) or None
    return clean.line(attachment.author_name, most) or plain_line(attachment.footer or "", most) or None


def mentioned(message: Message) -> int:
    """Count the different names that the message mentions where Mattermost looks for them (contract 1.6)."""
    texts = [message.text]
    for attachment in message.attachments:
        texts += attachment.pretext, attachment.text, *(field.value for field in attachment.fields)
    return len({name.lower() for text in texts if text for name in _MENTION.findall(text)})


def _speaking(markdown: str) -> str:
    """Markdown in which every mention notifies again."""
    return announce(restore(markdown))


def _pop(pretexts: list[str]) -> str | None:
    """Take the last piece, which is shown right above the attachment."""
    return pretexts.pop() if pretexts else None


def _priority(priority: Priority | None) -> Priority | None:
    """Return a priority that servers accept: they repeat notifications of urgent messages only (contract 6.3)."""
    if priority is None:
        return None
    level = priority.priority if priority.priority in PRIORITIES else ""
    if not level and not priority.requested_ack:
        return None
    return Priority(level, priority.requested_ack, priority.persistent_notifications and level == "urgent")
