"""The limits of one post."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """The limits that Mattermost sets (the first four) and those that keep a post readable (the others).

    `props` is runes of Go's JSON encoding, in which `<`, `>` and `&` are six each (contract 1.5). `body` is bytes of
    the request, `icon` bytes of a URL. `attachments`, `fields` and `messages` are counts. All others are code points.
    """

    message: int = 16_383
    props: int = 760_000
    body: int = 300_000
    footer: int = 300
    attachment: int = 10_000
    field: int = 10_000
    field_title: int = 300
    title: int = 1_000
    author: int = 250
    username: int = 64
    fallback: int = 200
    icon: int = 1_024
    card: int = 30_000
    attachments: int = 20
    fields: int = 40
    messages: int = 25

    @property
    def top_text(self) -> int:
        """Code points of a post's text: at four bytes each, half of the body is left for the rest."""
        return min(self.message, self.body // 8)

    @property
    def part(self) -> int:
        """Code points of one text of an attachment, chosen so that a full attachment fits an empty message."""
        return min(self.attachment, self.body // 30, self.props // 76)


DEFAULT = Limits()
