"""One translator: what its templates see, when it speaks, what it says, and every fault of its document at once."""

from typing import Any

import pytest

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.catalog.translator import Translator, context
from gateway.errors import TranslationError
from gateway.language.template import Engine
from gateway.model import Phase, Request

TEXT = """title: One
events: [opened, 7]
input: {type: object, required: [n]}
when: n > 0
let: {twice: "{{ n + n }}", more: "{{ twice + 1 }}"}
ignore: "{{ quiet }}"
subject: "item {{ n }}"
phase: "{{ state }}"
message: {text: "{{ more }} of {{ who }}"}
"""


def translator(text: str = TEXT) -> Translator:
    """The translator of a document."""
    return Translator(Text("own/one", text, "one.yaml"), yamlfile.load(text, "one.yaml"), Engine())


def seen(value: Any) -> dict[str, Any]:
    """What templates see of a payload."""
    return context(value, Request(headers={"x-a": "h"}, query={"q": "1"}), "opened")


def test_templates_see_payload_and_request() -> None:
    """The keys of an object by their names; the two names of the gateway win, and hide nothing."""
    found = seen({"n": 1, "payload": "own", "request": "own"})
    assert found["n"] == 1
    assert found["payload"] == {"n": 1, "payload": "own", "request": "own"}
    assert found["request"] == {"headers": {"x-a": "h"}, "query": {"q": "1"}, "event": "opened"}
    assert set(seen([1])) == {"payload", "request"}


def test_what_it_says() -> None:
    """Later names of `let` see earlier ones; the subject is text as it is."""
    one = translator()
    assert not one.faults
    draft = one.draft(seen({"n": 3, "who": "*ann*"}), offered=False)
    assert (draft.subject, draft.message.text, draft.ignored) == ("item 3", "7 of \\*ann\\*", "")
    assert (draft.phase, draft.card) == (None, None)


def test_when_it_speaks() -> None:
    """While its condition holds; without one, always."""
    one = translator()
    assert one.conditional
    assert one.speaks(seen({"n": 1}))
    assert not one.speaks(seen({"n": 0}))
    free = translator(TEXT.replace("when: n > 0\n", ""))
    assert not free.conditional
    assert free.speaks(seen({}))


def test_it_is_silent_on_purpose() -> None:
    """Then there is no message, and the reason names the document."""
    draft = translator().draft(seen({"n": 3, "quiet": True}))
    assert (draft.message, draft.ignored) == (None, "one.yaml:6 ignores it: {{ quiet }}")


@pytest.mark.parametrize(
    ("state", "phase"), [("open", Phase.OPEN), ("close", Phase.CLOSE), ("odd", Phase.CHANGE), (None, Phase.CHANGE)]
)
def test_phases(state: str | None, phase: Phase) -> None:
    """Where a card is asked for; what is no phase is a change."""
    assert translator().draft(seen({"n": 1, "state": state}), {}).phase is phase


def test_the_phase_is_told_without_cards_where_it_is_asked_for() -> None:
    """The message is the same as without it, also where the phase fails: then it has none."""
    one = translator()
    assert [one.draft(seen({"n": 1, "state": "close"}), offered=it).phase for it in (True, False)] == [
        Phase.CLOSE,
        None,
    ]
    failing = translator(TEXT.replace("{{ state }}", "{{ state + state }}")).draft(
        seen({"n": 1, "state": {}}), offered=True
    )
    assert (failing.phase, failing.message is not None) == (None, True)


def test_a_document_without_a_life_has_no_phase() -> None:
    """Even where a card is asked for: it is a message like any other."""
    one = translator(TEXT.replace('phase: "{{ state }}"\n', ""))
    assert one.draft(seen({"n": 1}), {}).phase is None


def test_what_fails_has_its_place() -> None:
    """The document and the key in it, whatever was raised."""
    with pytest.raises(TranslationError) as caught:
        translator().draft(seen({"n": {}}))
    assert str(caught.value).startswith("own/one#/let/twice: ")


def test_every_fault_of_the_document_is_told() -> None:
    """Schema, conditions, names and message, each with its line, in one go."""
    text = TEXT.replace("type: object", "type: [7]").replace("n > 0", "n >").replace("n + n", "n | nothing")
    text = text.replace('"item {{ n }}"', '"{{ n.pop }}"')
    told = {fault.where: (fault.line, fault.problem) for fault in translator(text).faults}
    assert {where: line for where, (line, _) in told.items()} == {
        "input/type": 3, "when": 4, "let/twice": 5, "subject": 7,
    }  # fmt: skip
    assert "there is no function `nothing`" in told["let/twice"][1]


SWALLOWING = """title: One
events: ["*"]
{input}ignore: "{ignore}"
message: {{text: "{{{{ text }}}}"}}
"""


@pytest.mark.parametrize(
    ("demands", "ignore"),
    [
        ("", "not text"),
        ("", "text is not defined"),
        ("", "state != 'done'"),
        ("", "state not in ['failed', 'broken']"),
        ("let: {body: '{{ text }}'}\n", "{{ not body and not attachments }}"),
        ("input: {type: object, required: [state]}\n", "state != 'done'"),
        ("input: {type: object, properties: {state: {type: string}}}\n", "state and state not in ['failed', 'broken']"),
        ("input: {type: object, required: [state], properties: {state: {enum: [a, b]}}}\n", "state != 'done'"),
        ("input: {type: object, properties: {quiet: {type: boolean}}}\n", "quiet or not quiet"),
        ("", "true"),
    ],
)
def test_a_document_must_not_ignore_what_it_does_not_recognise(demands: str, ignore: str) -> None:
    """An event that the vendor adds tomorrow, or a payload of somebody else, would be swallowed."""
    [fault] = translator(SWALLOWING.format(input=demands, ignore=ignore)).faults
    assert (fault.where, fault.line) == ("ignore", 3 + bool(demands))
    assert fault.problem.startswith("this ignores a payload of which nothing is recognised ({")
    assert "say what is not worth a message" in fault.problem


@pytest.mark.parametrize(
    ("demands", "ignore"),
    [
        ("", "state in ['queued', 'running']"),
        ("", "text == ''"),
        ("", "request.event == 'started' and not text"),
        ("when: text\n", "not text"),
        ("input: {type: object, required: [alerts], properties: {alerts: {type: array}}}\n", "not alerts"),
        ("input: {type: object, properties: {quiet: {type: boolean}}}\n", "quiet"),
        ("input: {type: object, required: [state], properties: {state: {enum: [a, b]}}}\n", "state != 'a'"),
        ("", "text | at(7) | at(8) == 9"),
    ],
)
def test_it_may_ignore_what_it_recognises(demands: str, ignore: str) -> None:
    """A state by its name, an empty list that the schema demands, a key that says so."""
    assert not translator(SWALLOWING.format(input=demands, ignore=ignore)).faults
