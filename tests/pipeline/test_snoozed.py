"""A snoozed subject is not told of until it closes, or the time has come."""

from msgspec.structs import replace

from gateway.journal.snoozes import Snooze
from gateway.mattermost.fit import Fitted
from gateway.mattermost.payload import Message, encode
from gateway.model import Outcome, Phase
from gateway.pipeline.interpret import Piece, Reading
from gateway.pipeline.snoozed import heeded, why

UNTIL = 1_796_047_500.0  # 2026-11-30 14:05 UTC
SNOOZES = {"s": Snooze("r", "s", UNTIL, "ann")}
WHY = "snoozed by @ann until 2026-11-30 14:05 UTC"


def piece(subject="s", phase=Phase.CHANGE, outcome=Outcome.MESSAGE):
    """What one event comes to."""
    message = Message(text="t")
    return Piece(outcome, "e", "acme/one", subject, fitted=(Fitted(message, encode(message)),), phase=phase)


def reading(*pieces):
    """What a request comes to."""
    first = pieces[0]
    return Reading(first.outcome, first.name, first.translator, first.subject, "", "id", pieces)


def test_an_event_of_a_snoozed_subject_is_ignored():
    """Its reason says who wants that, and until when; it is still known what it was about."""
    heard, woken = heeded(reading(piece()), SNOOZES, UNTIL - 1)
    assert (heard.outcome, heard.reason, woken) == (Outcome.IGNORED, WHY, [])
    assert (heard.name, heard.translator, heard.subject, heard.key) == ("e", "acme/one", "s", "id")
    assert heard.pieces[0].messages == ()
    assert why(replace(SNOOZES["s"], by="")) == "snoozed until 2026-11-30 14:05 UTC"


def test_what_closes_it_wakes_it():
    """Also what follows in the same request is told; and so is all once the time has come."""
    whole = reading(piece(), piece(phase=Phase.CLOSE), piece(phase=Phase.OPEN))
    heard, woken = heeded(whole, SNOOZES, UNTIL - 1)
    assert ([len(one.messages) for one in heard.pieces], woken) == ([0, 1, 1], ["s"])
    assert (heard.outcome, heard.reason) == (Outcome.MESSAGE, WHY)
    assert heeded(whole, SNOOZES, UNTIL) == (whole, ["s"])


def test_nothing_else_is_touched():
    """Other subjects, events without one, and what a person should look at because its document is broken."""
    whole = reading(piece("other"), piece(""), piece(outcome=Outcome.BROKEN))
    heard, woken = heeded(whole, SNOOZES, UNTIL - 1)
    assert heard is whole
    assert woken == []
