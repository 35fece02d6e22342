"""The addresses inside a destination that have taken a message at least once: the hooks of pass-through URLs.

Anybody can invent an address. What it sends counts as a stranger's until the destination has taken one message there;
a refusal before that makes the journal drop what it sent (`gateway.journal.Queue.settle`).
"""

from collections.abc import Callable, Iterable

Listener = Callable[[str, bool], None]


class Addresses:
    """The addresses that have delivered, `known` among them from the start; they only grow while a gateway runs."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = set(known)
        self._listeners: list[Listener] = []

    def __contains__(self, address: object) -> bool:
        """Whether the destination has taken a message at this address."""
        return address in self._known

    def delivered(self, address: str) -> None:
        """Note that the destination took a message there, and tell the listeners."""
        self._known.add(address)
        self._tell(address, delivered=True)

    def refused(self, address: str) -> None:
        """Tell the listeners that a message was given up there. An address that has delivered before stays known."""
        self._tell(address, delivered=False)

    def listen(self, callback: Listener) -> None:
        """Call `callback(address, delivered)` for every message that is delivered or given up from now on."""
        self._listeners.append(callback)

    def _tell(self, address: str, *, delivered: bool) -> None:
        for listener in self._listeners:
            listener(address, delivered)
