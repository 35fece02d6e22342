"""What the journal keeps of an act on its way, as the payload of a delivery to the destination of its callbacks."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

from gateway.callbacks.smoothing import Occasion
from gateway.callbacks.ticket import Ticket
from gateway.model import JSON

INTERACTIVE: Final = frozenset({Occasion.COMMAND, Occasion.ACTION, Occasion.DIALOG})
"""Occasions at which a person waits for what becomes of it: nothing is tried again behind their back."""

RESPONSE_LIFE: Final = 30 * 60.0
"""Seconds for which Mattermost takes answers to a command at its response_url."""

OCCASION: Final = "occasion"
"""The parameter of an act's request in the journal that says what kind of an act it was."""

ANSWER: Final = "an answer"
"""How the reason of an event begins that is a later answer; then comes `ANSWER_TO`, where it is known to what."""

ANSWER_TO: Final = " to "

FAILED: Final = "; failed: "
"""What stands in the reason of an act that was answered at once, before why it failed."""

TOLD: Final = "failed, as the person was told: "
"""How the reason of a delivery begins whose act failed while a person waited for it: they decide what follows."""

REPLIED: Final = "replied: "
"""How the reason of a delivery begins whose act was answered in time, before what was said."""

UNSURE: Final = "whether it was done is not known"
"""What stands in the reason of an act of which nobody knows whether the service did it."""


class StoredAct(Struct, frozen=True, tag="act", omit_defaults=True):
    """One use of the callback `callback`: the `input` of its templates.

    `response` is the URL for later answers to a command, a secret. `ticket` is that of the button or dialog, `done`
    what is said of it once it is done. `service` is the one that it was taken for.
    """

    callback: str
    occasion: Occasion
    input: Mapping[str, JSON]
    response: str = ""
    ticket: Ticket | None = None
    done: str = ""
    service: str = ""

    @property
    def interactive(self) -> bool:
        """Whether a person waits for what becomes of it."""
        return self.occasion in INTERACTIVE


class StoredResponse(Struct, frozen=True, tag="response"):
    """A later answer to a command, bound for its response_url."""

    url: str
    body: Raw


Stored = StoredAct | StoredResponse

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Stored).decode


def text_of(act: StoredAct, key: str, part: str) -> str:
    """A text of the input: the part of an object under a key; "" where there is none."""
    found = act.input.get(key)
    value = found.get(part) if isinstance(found, Mapping) else None
    return value if isinstance(value, str) else ""


def option_of(act: StoredAct) -> str:
    """What was chosen in a menu; "" for a button."""
    return str(act.input.get("option") or "")
