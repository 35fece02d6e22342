"""The parts that doors and bots bring to what is said or clicked."""

from msgspec import Struct

from gateway.acts.acts import Acts
from gateway.acts.answers import Answers
from gateway.acts.clicks import Clicks
from gateway.acts.dialogs import Dialogs
from gateway.acts.permits import Permits
from gateway.acts.rings import Ring


class Desk(Struct, frozen=True):
    """Where acts begin."""

    acts: Acts
    answers: Answers
    clicks: Clicks
    dialogs: Dialogs
    permits: Permits
    ring: Ring
