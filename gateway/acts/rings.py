"""The ring of keys that signs buttons and dialogs: read at the start, and rotated as it ages."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from gateway.callbacks.buttons import path_secrets
from gateway.callbacks.ticket import LIFE, RING
from gateway.errors import JournalError
from gateway.journal.keyrings import Keys, RingKey
from gateway.observe import logs
from gateway.secret import Secret

SIGNS_FOR: Final = 30 * 86_400.0
"""Seconds for which a key signs; what it signed is taken for LIFE more, and a day for clocks."""

LOOK: Final = 3600.0
"""Seconds between two looks at the ring, which others may have rotated."""

_log = logs.get("acts")


class Ring:
    """The valid `keys`, newest first. `on_change` is called with them when they are others.

    There are none before the first `look`, which makes one: a gateway without callbacks needs none.
    """

    def __init__(self, journal: Keys, on_change: Callable[[Sequence[RingKey]], None]) -> None:
        self.keys: Sequence[RingKey] = ()
        self._paths: list[Secret] = []
        self._journal = journal
        self._on_change = on_change
        self._following = asyncio.create_task(self._follow(), name="ring of keys")

    async def close(self) -> None:
        """Look no more."""
        self._following.cancel()
        await asyncio.wait({self._following})

    async def look(self, now: float) -> None:
        """Take up what the ring is now, with a new key when the one that signs is old. Raises JournalError."""
        keys = await self._journal.ring(RING)
        if now - keys[0].made >= SIGNS_FOR:
            keys = await self._journal.rotate(RING, LIFE + 86_400.0)
            _log.info("buttons are signed with a new key", key=keys[0].id)
        if [key.id for key in keys] != [key.id for key in self.keys]:
            self.keys, self._paths = keys, _paths(keys)
            self._on_change(keys)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            try:
                if self.keys:
                    await self.look(time.time())
            except JournalError as error:
                _log.warning("the keys of buttons are not read", why=str(error))


def _paths(keys: Sequence[RingKey]) -> list[Secret]:
    """What stands in the URLs of buttons: held as secrets, it is masked wherever messages are shown to people."""
    return [Secret(text) for text in path_secrets(keys)]
