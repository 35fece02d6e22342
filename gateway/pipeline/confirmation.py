"""The event of a subscription that the gateway was asked to confirm: told in the channel where that failed. Pure."""

from gateway.catalog.generic import GENERIC
from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.language.functions.markdown import code_span, escape
from gateway.mattermost.fit import Limits
from gateway.mattermost.payload import Attachment, Message
from gateway.model import Note, Outcome
from gateway.pipeline.interpret import Piece, Reading, Wishes, own_message


def confirmation(service: Service, content: Content, wishes: Wishes, limits: Limits, url: str, why: str) -> Reading:
    """The reading of an authentic request that asks for `url` to be fetched; `why` that failed, "" if it did not.

    No filter of the route applies: without the subscription nothing would arrive that it could be applied to. The same
    URL is told once.
    """
    name = service.event_name(content.request, content.value)
    key = f"{'unconfirmed' if why else 'confirmed'}\n{url}"
    if not why:
        piece = Piece(Outcome.IGNORED, name, "", reason="the subscription was confirmed at the URL that it names")
    else:
        shown = own_message(service, content, wishes, limits, _message(service.name, why))
        reason = f"the subscription could not be confirmed: {why}"
        piece = Piece(Outcome.MESSAGE, name, GENERIC, reason=reason, fitted=shown, note=Note.UNCONFIRMED)
    return Reading(piece.outcome, name, piece.translator, "", piece.reason, key, (piece,), piece.note)


def _message(service: str, why: str) -> Message:
    called = escape(service)
    text = (
        f"Subscription of {called} could not be confirmed: {code_span(why)}. No event of it arrives until it is: mend "
        f"that, then have {called} send its confirmation again."
    )
    return Message(attachments=[Attachment(color="danger", text=text)])
