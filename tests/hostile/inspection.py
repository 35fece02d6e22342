"""What a run of hostile inputs must show, looked at while it goes on and at its end."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from msgspec import Struct

from tests.bench.report import Row, below, told
from tests.hostile.attacker import Attack, Failure
from tests.hostile.inputs import Input
from tests.hostile.measured import Callback, Report
from tests.hostile.subject import SECRETS, Subject

CALLBACK: Final = 0.05
"""Seconds of processor time that one callback of the loop may take."""

LINE: Final = 2_000
"""Bytes that one line of the log may have."""

MEMORY: Final = 500_000_000
"""Bytes that the gateway may take at most: half a gigabyte, which operators are told to give it."""

DRAINING: Final = 600.0
"""Seconds within which all that was accepted has to be delivered or dead: what is refused is tried again."""

_EVERY: Final = 1.0


class Slow(Struct):
    """A callback that took long, and the inputs that may have caused it."""

    callback: Callback
    inputs: list[Input]


class Inspection:
    """Watches one attack on one gateway."""

    def __init__(self, subject: Subject, attack: Attack) -> None:
        self.subject = subject
        self.attack = attack
        self.slow: list[Slow] = []
        self.memory: list[int] = []
        self._began = time.monotonic()
        self._before: Report | None = None
        self._last: Report | None = None

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the longest callbacks again and again within the block, while it is known who sent what."""
        self._before = await self.subject.report(reset=True)
        over = asyncio.Event()
        looking = asyncio.create_task(self._look_until(over))
        try:
            yield
        finally:
            over.set()
            await looking

    async def _look_until(self, over: asyncio.Event) -> None:
        """Look until it is over, and then once more. A look is never cut off: its answer would be the next one's."""
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _EVERY)
            await self._look()

    async def _look(self) -> None:
        """Look at what was measured since the last look."""
        self._last = report = await self.subject.report()
        self.memory.append(report.resident)
        for callback in report.longest:
            inputs = self.attack.under_way(callback.port, callback.ended)
            self.slow.append(Slow(callback, inputs if callback.port else inputs[:40]))
        self.slow.sort(key=lambda slow: -slow.callback.took)
        del self.slow[200:]
        self.attack.forget(time.monotonic() - 3 * _EVERY)

    async def rows(self, slow: Sequence[Slow]) -> list[Row]:
        """The figures; `slow` are the callbacks that took too long again, alone."""
        attack, seconds = self.attack, time.monotonic() - self._began
        assert self._before is not None
        assert self._last is not None
        drained = await self.subject.drained(DRAINING)
        states, unknown, log = self.subject.deliveries(), self.subject.unknown(attack.accepted), LogFacts(self.subject)
        refused = self.subject.dead()
        bad = Counter(failure.why for failure in attack.failures)
        longest = self.slow[0].callback.took if self.slow else 0.0
        answers = ", ".join(f"{count:,} x {status or 'none'}" for status, count in sorted(attack.answers.items()))
        loop = (self._last.loop - self._before.loop) / max(1, attack.sent) * 1e6
        waiting = 0 if drained else states.get("pending", 0)
        return [
            told("hostile inputs", attack.sent, "",
                 f"{attack.sent / seconds:,.0f} a second; {loop:.0f} us of the loop each"),
            below("answers above 499 but 503", sum(count for why, count in bad.items() if why.startswith("answered")),
                  1, "", answers),
            below("whole requests without an answer", bad["no answer"], 1, ""),
            below("503 without Retry-After", bad["503 without Retry-After"], 1, ""),
            below("answers with a secret", bad["a secret in the answer"], 1, ""),
            below("callbacks above 50 ms, confirmed", len(slow), 1, "", f"longest in the crowd {longest * 1e3:.0f} ms"),
            below("lines of the log above 2 kB", log.long, 1, "",
                  f"longest {log.longest:,} bytes of {log.lines:,} lines"),
            below("stack traces in the log", log.traces, 1, "", log.example),
            below("lines of the log with a secret", log.secrets, 1, ""),
            below("memory at most", self.subject.memory("VmHWM") / 1e6, MEMORY / 1e6, "MB",
                  f"{self.memory[-1] / 1e6:.0f} MB at the end"),
            below("accepted events that the journal lacks", len(unknown), 1, "",
                  f"of {len(attack.accepted):,} accepted"),
            below("neither delivered nor dead", waiting, 1, "",
                  ", ".join(f"{count:,} {state}" for state, count in states.items())),
            below("dead without a reason", states.get("dead without a reason", 0), 1, ""),
            below("messages that Mattermost refused", len(refused), 1, "",
                  "; ".join(f"{key}: {why}" for key, why, _ in refused)[:300]),
        ]  # fmt: skip

    def failures(self, slow: Sequence[Slow]) -> list[Failure]:
        """Every input that failed, those of slow callbacks too."""
        return [
            *self.attack.failures,
            *(
                Failure(f"{one.callback.what} took {one.callback.took * 1e3:.0f} ms", each)
                for one in slow
                for each in one.inputs
            ),
        ]


class LogFacts:
    """What is wrong with the lines of a log. Only the newline of the log itself ends a line."""

    def __init__(self, subject: Subject) -> None:
        self.lines = self.long = self.longest = self.traces = self.secrets = 0
        self.events: Counter[str] = Counter()
        self.example = ""
        secrets = [secret.encode() for secret in SECRETS]
        with subject.log.open("rb") as log:
            for line in log:
                self.lines += 1
                self.longest = max(self.longest, len(line))
                self.long += len(line) > LINE
                self.secrets += any(secret in line for secret in secrets)
                # In a line of JSON only its own key counts: a text of the sender may quote a traceback.
                if b'"exception":' in line or (b"Traceback (most" in line and not line.startswith(b"{")):
                    self.traces += 1
                    self.example = self.example or line[-300:].decode("utf-8", "replace")
                if line.startswith(b"{"):
                    self.events[str(json.loads(line).get("event"))[:80]] += 1


async def confirmed(gateway: Subject, slow: Sequence[Slow]) -> list[Slow]:
    """The callbacks that take too long again when their input comes alone, twice."""
    found = []
    for one in slow:
        if one.callback.took > CALLBACK:
            guilty = [each for each in one.inputs if await _longest(gateway, each, times=2) > CALLBACK]
            if guilty:
                found.append(Slow(one.callback, guilty))
    return found


async def _longest(gateway: Subject, one: Input, times: int) -> float:
    """The longest callback of an input that is sent alone; the shortest of several times."""
    found = []
    for _ in range(times):
        await gateway.drained(10)
        await gateway.report()
        await Attack(gateway.port, iter([one]), ()).run()
        await gateway.drained(10)
        report = await gateway.report()
        found.append(report.longest[0].took if report.longest else 0.0)
    return min(found)
