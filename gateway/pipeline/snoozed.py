"""What a reading becomes where subjects are snoozed: their events are not told, but the one that closes them. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from gateway.journal.snoozes import Snooze
from gateway.model import Outcome, Phase
from gateway.pipeline.interpret import Piece, Reading, most_telling

_EXPLAINED: Final = 3
"""The snoozes that the reason of a request names."""


def why(one: Snooze) -> str:
    """The reason of an event that is not told."""
    until = datetime.fromtimestamp(one.until, UTC).strftime("%Y-%m-%d %H:%M")
    return f"snoozed by @{one.by} until {until} UTC" if one.by else f"snoozed until {until} UTC"


def heeded(reading: Reading, snoozes: Mapping[str, Snooze], now: float) -> tuple[Reading, list[str]]:
    """The reading without what is snoozed, and the subjects that wake.

    `snoozes` are those of the route by subject; of those that have ended the subjects wake, too. An event that is
    broken is told: whoever snoozes a subject does not mean that.
    """
    woken: list[str] = []
    pieces = [_heeded(piece, snoozes, woken, now) for piece in reading.pieces]
    silenced = [new for old, new in zip(reading.pieces, pieces, strict=True) if new is not old]
    if not silenced:
        return reading, woken
    first = most_telling(pieces)
    reasons = [first.reason, *(one.reason for one in silenced[:_EXPLAINED])]
    heard = replace(
        reading,
        outcome=first.outcome,
        name=first.name,
        translator=first.translator,
        subject=first.subject,
        reason="; ".join(dict.fromkeys(filter(None, reasons))),
        pieces=tuple(pieces),
        note=first.note,
    )
    return heard, woken


def _heeded(piece: Piece, snoozes: Mapping[str, Snooze], woken: list[str], now: float) -> Piece:
    one = snoozes.get(piece.subject)
    if one is None or piece.subject in woken:
        return piece
    if one.until <= now or piece.phase is Phase.CLOSE:
        woken.append(piece.subject)
        return piece
    if piece.outcome is not Outcome.MESSAGE:
        return piece
    return Piece(Outcome.IGNORED, piece.name, piece.translator, piece.subject, why(one))
