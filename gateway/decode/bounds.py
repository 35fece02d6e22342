"""Bounds on what is read of one request, counted while it is read: a small body must not become a large value.

Real senders stay far below them. What lies beyond is well-formed, so its sender is not refused: it is shown as text.
"""

from typing import Final

DEPTH: Final = 64
"""The default limit of nested arrays and objects; real senders stay below 20."""

NODES: Final = 500_000
"""The most nodes of one request: values of JSON; see the weights for others.

Of real senders a node takes 20 bytes and more, with short keys and numbers, too: 10 MB.
"""

UNPROVEN_NODES: Final = 200_000
"""The most nodes that are read before the sender is proven."""

_FREE_NODES: Final = 40_000
_NODES_A_BYTE: Final = 5
"""Nodes for each byte on the wire: at 20 bytes a node, what compresses 100:1. So a few bytes never buy much memory."""

ELEMENT_NODES, ATTRIBUTE_NODES = 10, 5
"""The weight of a part of an XML document, of which there may be 50,000: a feed of a thousand entries has 20,000."""

FIELDS: Final = 1000
"""The most fields or parts that one form may have."""

EVENTS: Final = 200
"""How many events one request may split into; the rest is counted in a last message."""


class BoundError(ValueError):
    """The text is well-formed, but exceeds a bound; the decoder shows such a body as text."""


class TooDeepError(BoundError):
    """It is nested deeper than allowed."""


class TooManyError(BoundError):
    """It has more parts than allowed."""


class Allowance:
    """The nodes that may still be read of one request, whatever it is made of: nested texts take from the same."""

    __slots__ = ("left",)

    def __init__(self, wire: int | None = None, most: int = NODES) -> None:
        """The allowance of a request of `wire` bytes as sent; without a number, the `most` that there is."""
        self.left = most if wire is None else min(most, _FREE_NODES + _NODES_A_BYTE * wire)

    def take(self, nodes: int) -> None:
        """Spend nodes. Raises TooManyError when there are not so many left."""
        if nodes > self.left:
            raise TooManyError(f"too many values for its size, or more than {NODES:,}")
        self.left -= nodes
