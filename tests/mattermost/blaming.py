"""Who a result says is at fault."""

from gateway.model import Blame, Later, Never

MESSAGE = "message"
SERVER, DESTINATION, UNKNOWN = Blame.SERVER, Blame.DESTINATION, Blame.UNKNOWN


def blamed(result):
    """Tell who is at fault at a failed attempt."""
    if isinstance(result, Never):
        return MESSAGE
    assert isinstance(result, Later)
    return result.blame
