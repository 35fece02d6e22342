"""Hints for requests that are not authentic; looked for after the answer, see `gateway.verify.hints`."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.catalog.catalog import Catalog
from gateway.catalog.outline import own_headers
from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.model import Cause
from gateway.verify.hints import find_hint
from gateway.verify.schemes import Scheme

LARGEST: Final = 48_000
"""Bytes of a body that hints are looked for in: to try them on it takes some milliseconds."""

_SHARED: Final = 3
"""A header that more services send than these says little about the sender."""


class Clues:
    """Finds hints. What each service's requests carry is read from the catalog once for each version of it."""

    def __init__(self) -> None:
        self._catalog: Catalog | None = None
        self._senders: Mapping[str, str] = {}
        self._reading = asyncio.Lock()

    async def of(
        self,
        cause: str,
        service: Service,
        schemes: Sequence[Scheme],
        secrets: Sequence[str],
        content: Content,
        now: float,
        catalog: Catalog,
    ) -> str:
        """The hint for a request that none of the schemes proves at `now`."""
        senders, own = await self._senders_in(catalog), own_headers(service)
        others = {name: whose for name, whose in senders.items() if name not in own}
        if hint := find_hint(schemes, secrets, content, now, others):
            return hint
        where = f"`mattergate services {service.key}` says where"
        if cause == Cause.UNSIGNED:
            return f"set the secret of this route at the sender: {where}"
        return f"set the same secret at the sender and at this route: {where}" if cause == Cause.WRONG_SECRET else ""

    async def _senders_in(self, catalog: Catalog) -> Mapping[str, str]:
        async with self._reading:
            if self._catalog is not catalog:
                self._senders = await asyncio.to_thread(_senders, catalog)
                self._catalog = catalog
            return self._senders


def _senders(catalog: Catalog) -> Mapping[str, str]:
    """The names of the services that send a header, by the header."""
    found: dict[str, list[str]] = defaultdict(list)
    for _, service in sorted(catalog.descriptions().items()):
        for header in own_headers(service):
            found[header].append(service.name)
    return {header: " or ".join(names) for header, names in found.items() if len(names) <= _SHARED}
