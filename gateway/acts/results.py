"""What the journal keeps of how an act ended: the result of its delivery, with what was answered and said."""

from typing import Final

from gateway import secret
from gateway.acts.asking import Asked
from gateway.acts.stored import REPLIED, TOLD
from gateway.callbacks.answer import OutsideAnswer
from gateway.callbacks.document import Act
from gateway.callbacks.ephemeral import as_text
from gateway.callbacks.reply import Reply
from gateway.mattermost.plain import plain_line
from gateway.model import ANSWER_LIMIT, Delivered, Never, Result

SAID: Final = 200
"""Characters that are kept of a reply."""

_READ: Final = 2_000
"""Bytes at the beginning of an answer that are looked at."""


def result(act: Act, asked: Asked, reply: Reply, *, told: bool) -> Result:
    """The result. `told`: a person waited, and was told how it ended; what failed then is done with."""
    code, status, said = asked.code, asked.status, beginning(act, asked)
    if not reply.problem:
        return Delivered(code=code, status=status, note=_replied(reply) if told else "", answer=said)
    if told:
        return Delivered(code=code, status=status, note=f"{TOLD}{reply.problem}", answer=said)
    return Never(reply.problem, code=code, status=status, answer=said)


def beginning(act: Act, asked: Asked) -> str:
    """The beginning of what the service answered, on one line and without secrets; "" for none."""
    answer = asked.answer
    if not isinstance(answer, OutsideAnswer) or not answer.body:
        return ""
    text = act.masked(answer).body[:_READ].decode("utf-8", "replace")
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return secret.redact(" ".join(printable.split()))[:ANSWER_LIMIT]


def _replied(reply: Reply) -> str:
    """What was said, in plain text; of a dialog, what is wrong with its fields."""
    text = as_text(one.message for one in reply.messages) or "; ".join(reply.errors.values())
    said = secret.redact(plain_line(text, SAID))
    return f"{REPLIED}{said}" if said else ""
