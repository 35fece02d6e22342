"""What the journal keeps of how an act ended."""

from gateway.acts.asking import Asked
from gateway.acts.results import result
from gateway.acts.stored import REPLIED, TOLD
from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.document import Act
from gateway.callbacks.given import Given
from gateway.callbacks.reply import Reply, To
from gateway.callbacks.smoothing import Occasion
from gateway.mattermost.fit import fitted
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Message
from gateway.model import ANSWER_LIMIT, Delivered, Never
from gateway.secret import Secret


def _reply(text: str = "", problem: str = "") -> Reply:
    messages = tuple(fitted(Message(text=text), DEFAULT)) if text else ()
    return Reply(To.CALLER, messages, problem=problem)


def test_the_beginning_of_an_answer_is_kept_without_secrets_on_one_line():
    """Also where it is larger than anybody would read."""
    act = Act(Occasion.ACTION, {}, given=Given(secrets={"key": Secret("the key of the pager")}))
    body = b'{"said":\n "the key of the pager", "more": "' + b"x" * 5000
    found = result(act, Asked(OutsideAnswer(200, {}, body)), _reply("Done: **yes**\nand more"), told=True)
    assert isinstance(found, Delivered)
    assert found.answer.startswith('{"said": "<secret>", "more": "xxx')
    assert len(found.answer) == ANSWER_LIMIT
    assert (found.status, found.note) == (200, f"{REPLIED}Done: yes and more")


def test_what_failed_is_dead_unless_the_person_was_told():
    """Both say why, and what the service said."""
    act, asked = Act(Occasion.ACTION, {}), Asked(OutsideAnswer(400, {}, b"no such incident"))
    told = result(act, asked, _reply("x", "it answered 400"), told=True)
    assert told == Delivered(code="4xx", status=400, note=f"{TOLD}it answered 400", answer="no such incident")
    dead = result(act, asked, _reply("x", "it answered 400"), told=False)
    assert dead == Never("it answered 400", code="4xx", status=400, answer="no such incident")
    assert result(act, Asked(NoAnswer("timed out")), _reply("x", "timed out"), told=False) == Never(
        "timed out", "network"
    )
