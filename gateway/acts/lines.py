"""The lines of the audit about what is said or clicked."""

import time
from collections.abc import Mapping
from typing import Any

from gateway.callbacks.ticket import Ticket
from gateway.journal.audit import AuditLine, AuditOutcome


def audit_line(
    said: Mapping[str, Any],
    outcome: AuditOutcome,
    callback: str,
    ticket: Ticket | None = None,
    text: str = "",
    event_id: str = "",
    done: str = "",
) -> AuditLine:
    """The line about an input: `callback` is that of a table ("pager/acknowledge"), `text` what else is to be known."""
    user, channel, post = (said.get(key) or {} for key in ("user", "channel", "post"))
    return AuditLine(
        at=time.time(),
        outcome=outcome,
        callback=callback,
        action=ticket.action if ticket is not None else str(said.get("command", "")),
        subject=ticket.subject if ticket is not None else "",
        user=user.get("id", ""),
        user_name=user.get("name", ""),
        channel=channel.get("id", ""),
        post=post.get("id", ""),
        text=text,
        event=event_id,
        done=done,
    )
