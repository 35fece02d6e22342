"""Who did what from Mattermost, when, and how it ended: the lines of the audit."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

AUDIT_AGE: Final = 400 * 86_400.0
"""Seconds for which a line is kept at most."""

AUDIT_LIMIT: Final = 200_000
"""How many lines are kept of what was taken, the newest ones; a few more between two prunings."""

AUDIT_REFUSED_LIMIT: Final = 5_000
"""How many lines are kept of what was not taken, the newest ones: whoever forges or repeats pushes out no others."""

WORD_LIMIT: Final = 300
SAID_LIMIT: Final = 1_000
"""Characters of a line's names, and of its text, that are kept."""


ACTS_LIMIT: Final = 20
"""How many lines of what was done at a post are shown on it, the newest ones."""


class AuditOutcome(StrEnum):
    """How an act ended.

    done: the service did it, or there was nothing to ask it; failed: it refused, or did not answer; unknown: the
    gateway ended between request and answer; cancelled: the person thought better of it; denied: the person may not;
    repeated: it was done before, with the same button or the same click; expired: the button or dialog is too old;
    forged: it is not ours, or was changed; foreign: it is of another post, channel or person; unknown_key: it is signed
    with a key that is not valid any more, or never was.
    """

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    DENIED = "denied"
    REPEATED = "repeated"
    EXPIRED = "expired"
    FORGED = "forged"
    FOREIGN = "foreign"
    UNKNOWN_KEY = "unknown_key"


NOT_TAKEN: Final = frozenset(
    {
        AuditOutcome.DENIED,
        AuditOutcome.REPEATED,
        AuditOutcome.EXPIRED,
        AuditOutcome.FORGED,
        AuditOutcome.FOREIGN,
        AuditOutcome.UNKNOWN_KEY,
    }
)
"""The outcomes of what starts nothing, which can be brought about without end."""


class AuditLine(Struct, frozen=True):
    """What a person did, at a time: `action` of the callback `callback`, about `subject`, in a channel at a post.

    `user`, `channel` and `post` are Mattermost's ids, `user_name` is without its @. `text` is what else is to be known,
    never a secret. `event` is the id of the event that it started, if any. `done` is what the post says once it is done
    ("Acknowledged"; "": the action says it). `number` is given by the journal: that of a later line is higher.
    """

    at: float
    outcome: AuditOutcome
    callback: str
    action: str = ""
    subject: str = ""
    user: str = ""
    user_name: str = ""
    channel: str = ""
    post: str = ""
    text: str = ""
    event: str = ""
    done: str = ""
    number: int = 0

    @property
    def unknown(self) -> bool:
        """Whether nobody knows what became of it."""
        return self.outcome is AuditOutcome.UNKNOWN


_WORDS: Final = ("callback", "action", "subject", "user", "user_name", "channel", "post", "event", "done")


def clipped(line: AuditLine) -> AuditLine:
    """A line as it is kept: what a stranger says is no longer than a name or a sentence."""
    words = {name: getattr(line, name)[:WORD_LIMIT] for name in _WORDS}
    return replace(line, **words, text=line.text[:SAID_LIMIT])


class AuditQuery(Struct, frozen=True):
    """The conditions for a search of lines, newest first; a line matches all of them.

    `user` is an id or a name. `since` and `until` are both included. `before` is the number of a line. `shown_at` is a
    post, and matches what it shows: what was done there, or nobody knows of.
    """

    user: str = ""
    subject: str = ""
    callback: str = ""
    action: str = ""
    outcome: AuditOutcome | None = None
    since: float | None = None
    until: float | None = None
    before: int | None = None
    limit: int = 50
    shown_at: str = ""


class AuditPage(Struct, frozen=True):
    """Some of the lines that match a query. `next` is the `before` of the next page, None at the end."""

    lines: Sequence[AuditLine] = ()
    next: int | None = None


class Audit(Protocol):
    """The lines of the audit."""

    async def record(self, lines: Sequence[AuditLine]) -> None:
        """Store lines durably, the oldest first, as `clipped` cuts them. Raises JournalError.

        The oldest lines go by AUDIT_AGE and AUDIT_LIMIT, and those of what was NOT_TAKEN by AUDIT_REFUSED_LIMIT.
        """

    async def audit(self, query: AuditQuery) -> AuditPage:
        """Lines in the order in which they were stored, newest first. Those stored meanwhile shift no page."""
