"""The condition of a destination: its state, the reason, since when, and what happens next. Pure."""

from typing import Final

from msgspec import Struct

from gateway.model import DestinationState, Pause

_NEXT: Final = {
    DestinationState.HEALTHY: "",
    DestinationState.THROTTLED: "deliveries go on when the time that it asked for is over",
    DestinationState.FAILING: (
        "one of the refused messages is tried at growing intervals up to a minute; all go when it passes"
    ),
    DestinationState.HELD: "the server is asked every second; deliveries go on as soon as it answers",
    DestinationState.PAUSED: "messages are accepted and wait until somebody resumes it",
}
GOES_ON: Final = "further messages are tried as they come; the first that passes ends this"
"""What happens next at a destination that is failing, and at which nothing waits: its messages are dead."""


class Cause(Struct, frozen=True):
    """Why a destination is in a state: the words of its last answer, and since when.

    `next_at` is when the next attempt or question is due, 0 when that has no time. Whoever gives times chooses the
    clock: those of a `Condition` are by the same. `next` replaces the usual words about what happens then.
    """

    why: str
    since: float
    next_at: float = 0.0
    next: str = ""


class Condition(Struct, frozen=True):
    """How a destination stands: `why` and `since` when (0: not known), what happens `next`, and when (0: no time).

    `why` of a healthy one is what its sender cannot do although messages arrive; usually it is empty.
    """

    state: DestinationState = DestinationState.HEALTHY
    why: str = ""
    since: float = 0.0
    next: str = ""
    next_at: float = 0.0


def condition(
    *,
    pause: Pause | None = None,
    held: Cause | None = None,
    failing: Cause | None = None,
    throttled: Cause | None = None,
    warning: str = "",
) -> Condition:
    """The condition that follows from everything that applies to a destination at once.

    The first of these that applies is the state, since nothing below it changes before it does:

    - paused: a person decided so; until they resume it nothing is tried, and nothing new is learned.
    - held: it does not answer. A question for its health or a probe failed, too; the next answer ends it.
    - failing: it refuses messages. It refused one in a way that would meet every message, or six in a row of one
      target (`evidence`): those wait. Or the last three messages that it settled are dead (`MOST_DEAD`): further ones
      are tried. The next message that passes ends it.
    - throttled: it asked for a pause, by 429 or Retry-After, which ends by itself.
    - healthy: none of these.
    """
    if pause is not None:
        return _of(DestinationState.PAUSED, Cause(_paused_words(pause), pause.at))
    for state, cause in (
        (DestinationState.HELD, held),
        (DestinationState.FAILING, failing),
        (DestinationState.THROTTLED, throttled),
    ):
        if cause is not None:
            return _of(state, cause)
    return Condition(why=warning)


def _of(state: DestinationState, cause: Cause) -> Condition:
    return Condition(state, cause.why, cause.since, cause.next or _NEXT[state], cause.next_at)


def _paused_words(pause: Pause) -> str:
    by = f"by {pause.by}" if pause.by else ""
    return ": ".join(part for part in (by, pause.reason) if part)
