"""Who a result says is at fault, and the answers that mean the same to a hook and over REST."""

from gateway.model import Blame, Later, Never

MESSAGE = "message"
SERVER, DESTINATION, UNKNOWN = Blame.SERVER, Blame.DESTINATION, Blame.UNKNOWN

EVERYWHERE = (
    (301, "", DESTINATION, "3xx", "SiteURL"),
    (407, "", DESTINATION, "4xx", "proxy"),
    (408, "", SERVER, "4xx", "waited too long"),
    (413, "api.context.request_body_too_large.app_error", MESSAGE, "4xx", "MaximumPayloadSizeBytes"),
    (414, "", DESTINATION, "4xx", "MaximumURLLength"),
    (418, "", UNKNOWN, "4xx", "refused"),
    (425, "", SERVER, "4xx", "early"),
    (429, "", SERVER, "429", "rate limit"),
    (500, "", UNKNOWN, "5xx", "failed"),
    (502, "", SERVER, "5xx", "failed"),
    (503, "", SERVER, "5xx", "failed"),
    (504, "", SERVER, "5xx", "failed"),
)
"""Status, error id, who is at fault, class of the status, and a word of the remedy."""


def blamed(result):
    """Tell who is at fault at a failed attempt."""
    if isinstance(result, Never):
        return MESSAGE
    assert isinstance(result, Later)
    return result.blame
