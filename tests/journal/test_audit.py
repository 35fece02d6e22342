"""Lines of the audit as values."""

from gateway.journal.audit import SAID_LIMIT, WORD_LIMIT, AuditLine, AuditOutcome, clipped


def test_a_line_is_kept_up_to_a_length() -> None:
    """Each word and the text have limits of their own; what is shorter stays as it is."""
    long = "x" * 5000
    line = AuditLine(1.0, AuditOutcome.FORGED, long, long, long, "id", "ann", long, long, long, long, long, 7)
    kept = clipped(line)
    word = "x" * WORD_LIMIT
    assert kept == AuditLine(
        1.0, AuditOutcome.FORGED, word, word, word, "id", "ann", word, word, "x" * SAID_LIMIT, word, word, 7
    )
    assert clipped(kept) == kept
