"""How the command line shows acts."""

from gateway.cli import acts
from gateway.console.acts import ActDetail
from gateway.console.masked import BodyView, RequestView

SAID = RequestView("POST", "", {}, {}, BodyView("json", '{"text": "now"}', 15))
ASKED = RequestView("PUT", "https://api.example.com/7", {"Authorization": "<secret>"}, {}, BodyView("empty", "", 0))


def test_an_act_is_printed_whole(capsys):
    """Who, where, what was said, the request, the answer, the reply, and where later answers are."""
    act = ActDetail(
        "pager", "ack", "Acknowledge", "action", "Ack", "ann", "ops", "answered",
        asks=True, request=ASKED, status=200, answer="{}", reply="Done", later=["e2"],
    )  # fmt: skip
    acts.print_act(act, SAID)
    text = capsys.readouterr().out
    for line in (
        "action by @ann in ~ops: Ack",
        '{"text": "now"}',
        "PUT https://api.example.com/7",
        "Authorization: <secret>",
        "it answered 200 {}",
        "reply: Done",
        "later answer: event e2",
    ):
        assert line in text.splitlines()
