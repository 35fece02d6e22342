"""What a person is asked first: a second click of theirs, which is another one than the first."""

from gateway.acts.permits import CONFIRM, Permits
from gateway.callbacks.ticket import Ticket, TicketKind

TICKET = Ticket(TicketKind.BUTTON, "t1", "pager/ack")


def test_only_another_click_confirms():
    """One that is sent again does not, nor one that comes late, or of somebody else, or about something else."""
    now = [0.0]
    permits = Permits(lambda _: None, lambda: now[0])
    clicks = [("1h", "ann", "c1"), ("1h", "ann", "c1"), ("4h", "ann", "c2"), ("1h", "ben", "c3"), ("1h", "ann", "c4")]
    assert [permits.confirmed(TICKET, *click) for click in clicks] == [False, False, False, False, True]
    assert [permits.confirmed(TICKET, "", "ann", click) for click in ("", "")] == [False, True]
    assert not permits.confirmed(TICKET, "", "ann", "c5")
    now[0] = CONFIRM
    assert not permits.confirmed(TICKET, "", "ann", "c6")
