"""The audit: who did what from Mattermost, with filters."""

from urllib.parse import urlencode

from gateway.callbacks.document import callbacks
from gateway.console import audit
from gateway.console.audit import AuditFilter
from gateway.console.port import Gateway
from gateway.console.web.page import Page, Shown, Visit, chosen_by
from gateway.journal.audit import AuditOutcome


async def show(visit: Visit) -> Shown:
    """The lines, newest first."""
    wanted = visit.query(AuditFilter)
    page = await audit.listing(visit.gateway, wanted)
    chosen = chosen_by(wanted)
    facts = {
        "wanted": wanted,
        "page": page,
        "known": await _known(visit.gateway),
        "outcomes": ["", *AuditOutcome],
        "older": f"/audit?{urlencode({**chosen, 'before': page.next})}" if page.next else "",
        "newest": f"/audit?{urlencode(chosen)}" if wanted.before else "",
        "filtered": bool(chosen.keys() - {"limit"}),
    }
    return Shown("audit.html", facts)


async def _known(gateway: Gateway) -> list[str]:
    """The callbacks that are alive, as the audit names them."""
    found = []
    for name, table in gateway.settings.callbacks.items():
        service = await gateway.service(table.service)
        if service is not None:
            found += [f"{name}/{one}" for one in callbacks(service) if not table.only or one in table.only]
    return found


PAGES = (Page("GET", "/audit", show),)
