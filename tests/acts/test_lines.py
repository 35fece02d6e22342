"""Lines of the audit: who did what where, of whatever is known."""

from gateway.acts.lines import audit_line
from gateway.callbacks.ticket import Ticket, TicketKind
from gateway.journal.audit import AuditOutcome

SAID = {"user": {"id": "u", "name": "ann"}, "channel": {"id": "c"}, "post": {"id": "p"}, "command": "/pager"}


def test_a_line_says_what_the_button_was_for():
    """The action and the subject are those of its ticket."""
    ticket = Ticket(TicketKind.BUTTON, "1", "pager/ack", action="Ack", subject="pager:7")
    line = audit_line(SAID, AuditOutcome.DONE, "pager/ack", ticket, "", "an event", "Acknowledged")
    assert (line.user, line.user_name, line.channel, line.post) == ("u", "ann", "c", "p")
    assert (line.action, line.subject, line.event, line.done) == ("Ack", "pager:7", "an event", "Acknowledged")
    assert line.at > 1_700_000_000


def test_a_line_about_nothing_known():
    """A command names itself; of a forged click nothing is taken for true."""
    assert audit_line(SAID, AuditOutcome.FAILED, "pager/status").action == "/pager"
    line = audit_line({"user": None}, AuditOutcome.FORGED, "")
    assert (line.user, line.action, line.subject, line.post) == ("", "", "", "")
