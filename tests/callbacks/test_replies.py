"""The replies of a document: the first that holds is taken."""

from gateway.callbacks.replies import Replies
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.scope import ALONE
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Engine
from gateway.mattermost.limits import DEFAULT


def replies(raw, noted):
    """The compiled replies."""
    return Replies(raw, (Occasion.ACTION,), Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), noted), ALONE)


def test_the_first_that_holds_is_taken():
    """When none does, nothing is said."""
    made = replies([{"when": "n > 9", "message": {"text": "many"}}, {"when": "n", "message": {"text": "{{ n }}"}}], [])
    said = [made.render({"n": n}, Occasion.ACTION, DEFAULT, mentions=False).messages for n in (10, 1, 0)]
    assert [one.message.text for messages in said for one in messages] == ["many", "1"]
    assert not made.shows_answer
    assert replies({"message": {"text": "{{ answer.text }}"}}, []).shows_answer


def test_errors_stand_in_dialogs_alone():
    """Elsewhere there are no fields."""
    noted = []
    replies({"errors": {"a": "b"}}, noted)
    assert "only a dialog" in str(noted)
