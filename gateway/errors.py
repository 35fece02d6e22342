"""Every error that mattergate raises on purpose.

    MattergateError
    |- SettingsError       the TOML file or its environment: a list of faults, nothing is started
    |- CatalogError        service or translator documents: a list of faults, the running catalog stays
    |- TranslationError    one document failed on one payload; the event is `broken`, the generic translator speaks
    |- Refused             the request is the sender's fault; becomes an HTTP problem (RFC 9457)
    |- JournalError        a write to the journal or a read from it failed; senders get 503
    |  `- JournalDamaged   the file cannot be used at all
    |- TakesLong           (in language.functions.haste) not to be done in haste; the request is judged beside the loop
    |- NotFetched          (in outbound.fetch) what a document or a request names could not be fetched
    |- NotCalled           (in outbound.call) an outside service did not answer; says whether it has the request
    |- Ended               (in sources.connection) the connection of a bot ended
    |  |- Gap              events are missing on it
    |  `- Expired          the session of its account has expired
    `- Unsent              (in outbound.exchange) a request to a server failed; holds the result of the delivery

Texts are for the reader: what, where, what to do. None of them holds a secret.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file that a person wrote.

    `where` is a key or JSON pointer inside the file, `line` and `column` count from 1 (0: unknown), `remedy` says what
    to do.
    """

    file: str
    line: int
    where: str
    problem: str
    remedy: str = ""
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        at = f" {self.where}:" if self.where else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}:{at} {self.problem}{remedy}"


class MattergateError(Exception):
    """The root of the tree above."""


class FaultyFilesError(MattergateError):
    """Files that a person wrote cannot be used; `faults` lists every reason at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class SettingsError(FaultyFilesError):
    """The settings cannot be used. `partial` holds what could be read of them, so that it can be checked further."""

    def __init__(self, faults: Sequence[Fault], partial: Any = None) -> None:
        super().__init__(faults)
        self.partial = partial


class CatalogError(FaultyFilesError):
    """The catalog cannot be used."""


class TranslationError(MattergateError):
    """A document failed on a payload: `document` is `service/event`, `pointer` the place inside it."""

    def __init__(self, document: str, pointer: str, problem: str) -> None:
        super().__init__(f"{document}#{pointer}: {problem}")
        self.document = document
        self.pointer = pointer
        self.problem = problem


class Refused(MattergateError):  # noqa: N818 - an outcome of design, named as such
    """The request is not accepted; `status` is the HTTP status, `title` a constant text, `detail` says more.

    `cause` is a `model.Cause` where the status alone does not say it, `retry` the seconds after which the same request
    may be accepted (0: it says nothing about that). `why` and `hint` are for the operator and never sent: what exactly
    was wrong, and what may mend it. `clue` finds a hint that takes work; it is asked after the answer was sent.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        cause: str = "",
        retry: int = 0,
        why: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(f"{status} {title}" + (f": {detail}" if detail else ""))
        self.status = status
        self.title = title
        self.detail = detail
        self.cause = cause
        self.retry = retry
        self.why = why or detail or title
        self.hint = hint
        self.clue: Callable[[], Awaitable[str]] | None = None


class JournalError(MattergateError):
    """The journal could not do what was asked; nothing is half-written."""


class JournalDamaged(JournalError):  # noqa: N818 - states a condition
    """The journal file is not usable; the text says which file and how to go on."""
