"""The judgement of a request: at once in the event loop, or beside it where that may take long; before it, the keys."""

import time
from collections.abc import Sequence

from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.ingress.budget import Budget
from gateway.ingress.clock import Clock
from gateway.ingress.workers import Workers
from gateway.language.functions.haste import TakesLong
from gateway.mattermost.fit import Limits
from gateway.model import Request
from gateway.outbound.keyring import Keyring
from gateway.pipeline.judge import Judgement, judge, light
from gateway.pipeline.route import Route
from gateway.verify import verify
from gateway.verify.keys import NO_KEYS, KeyRequest, Keys


class Judging:
    """Judges requests within `limits` of messages. Those that wait for `workers` or `keys` hold memory of `budget`.

    Without `keys`, those of other hosts cannot be had.
    """

    def __init__(self, budget: Budget, workers: Workers, clock: Clock, keys: Keyring | None, limits: Limits) -> None:
        self._budget = budget
        self._workers = workers
        self._clock = clock
        self._keys = keys
        self._limits = limits

    async def judge(
        self, route: Route, service: Service, request: Request, secrets: Sequence[str], peer: str
    ) -> Judgement:
        """Judge a request. Raises Refused.

        Whether that may take long shows in its body (`light`), or only when its texts are read: then it is begun again.
        """
        moments, clock, keys = self._clock.moments(), time.perf_counter, NO_KEYS
        content = light(request, route.body_limit, route.wishes.depth)
        if (route.fetches_keys or (service.fetches_keys and not route.own_schemes)) and not route.open:
            keys = await self._fetch_keys(route, service, request, content, secrets, peer)
            moments = self._clock.moments()
        if content is not None:
            try:
                return judge(route, service, content, secrets, moments, self._limits, clock, hasty=True, keys=keys)
            except TakesLong:
                content = None  # not kept while the request waits for its turn

        def work() -> Judgement:
            inflated = Content.of(request, route.body_limit, route.wishes.depth)
            return judge(route, service, inflated, secrets, moments, self._limits, clock, keys=keys)

        with self._budget.hold(peer) as held:
            held.charge(len(request.body))
            return await self._workers.run(route.name, work)

    async def _fetch_keys(
        self,
        route: Route,
        service: Service,
        request: Request,
        content: Content | None,
        secrets: Sequence[str],
        peer: str,
    ) -> Keys:
        """The public keys that the proof of a request needs, as far as they can be had soon. Raises Refused.

        Nobody has proven anything yet: the memory is held while it waits, and the keyring bounds what is fetched.
        """
        schemes, moments = route.schemes(service), self._clock.moments()

        def asked(of: Content) -> Sequence[KeyRequest]:
            return next(filter(None, (verify.wanted(schemes, secrets, of, now) for now in moments)), ())

        with self._budget.hold(peer) as held:
            held.charge(len(request.body))
            if content is not None:
                needed = asked(content)
            else:
                limit, depth = route.body_limit, route.wishes.depth
                needed = await self._workers.run(route.name, lambda: asked(Content.of(request, limit, depth)))
            return await self._keys.of(needed) if needed and self._keys is not None else NO_KEYS
