"""Dialogs as Mattermost takes them, and fields that cannot be filled in."""

import pytest

from gateway.callbacks.dialog import TITLE, DialogShape
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Engine


def dialog(**raw) -> tuple[DialogShape, list[str]]:
    """The compiled dialog of these keys, and its faults."""
    noted = []
    made = DialogShape(
        {"title": "T", "fields": [], **raw}, Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), noted)
    )
    return made, [f"{'/'.join(map(str, steps))}: {problem}" for steps, _, problem in noted]


def test_a_dialog_has_the_elements_of_its_fields():
    """In the types of Mattermost, with texts no longer than it shows."""
    made, faults = dialog(
        title="Deploy {{ text }}",
        submit="Go",
        text="**{{ text }}**",
        fields=[
            {"name": "version", "label": "Version", "default": "{{ text }}", "placeholder": "{{ gone }}"},
            {"name": "n", "type": "number", "optional": True},
            {"name": "sure", "type": "flag", "help": "x" * 200},
            {"name": "who", "type": "users"},
            {"name": "where", "type": "select", "options": ["a", {"text": "B", "value": "b"}]},
            {"name": "what", "type": "select", "options_from": "services"},
        ],
    )
    assert faults == []
    found = made.render({"text": "ü" * 30}, "it")
    version, number, sure, who, where, what = found["elements"]
    assert len(found["title"].encode()) <= TITLE
    assert found["title"].endswith("…")
    assert (found["submit_label"], found["notify_on_cancel"]) == ("Go", False)
    assert version == {
        "display_name": "Version", "name": "version", "type": "text", "optional": False, "default": "ü" * 30,
    }  # fmt: skip
    assert (number["type"], number["subtype"], number["optional"]) == ("text", "number", True)
    assert (sure["type"], len(sure["help_text"].encode())) == ("bool", 150)
    assert (who["type"], who["data_source"]) == ("select", "users")
    assert where["options"] == [{"text": "a", "value": "a"}, {"text": "B", "value": "b"}]
    assert (what["data_source"], made.asks) == ("dynamic", {"what": "services"})


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"title": "x" * 25}, "title: Mattermost shows 24 bytes here, this has 25"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "fields/1/name: another field has the name 'a'"),
        ({"fields": [{"name": "a", "type": "select"}]}, "fields/0: a field of type select needs"),
        ({"fields": [{"name": "a", "type": "radio", "options_from": "b"}]}, "fields/0: a field of type radio needs"),
        ({"fields": [{"name": "a", "options": ["b"]}]}, "fields/0/options: only fields of type select and radio"),
        (
            {"fields": [{"name": "a", "type": "select", "options": ["b"], "options_from": "c"}]},
            "fields/0/options_from: a field has options of its own, or",
        ),
    ],
)
def test_what_nobody_could_fill_in_is_a_fault(raw, fault):
    """Mattermost only logs it, and shows nothing."""
    (found,) = dialog(**raw)[1]
    assert fault in found
