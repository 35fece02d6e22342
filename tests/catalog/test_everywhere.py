"""Actions that every message may have: documents of a kind of their own."""

import pytest

from gateway.callbacks import document as _callbacks  # noqa: F401 - registers their kind
from gateway.catalog import reading
from gateway.catalog.build import build
from gateway.catalog.everywhere import About
from gateway.catalog.files import builtin_folder
from gateway.catalog.kinds import Text
from gateway.language.template import Engine

SERVICE = "name: Acme\nsetup: Nothing to set up.\n"
NOTE = """title: Note it
actions:
- {name: Note, callback: other/note, when: subject and phase != 'close', context: {of: "{{ route }} {{ subject }}"}}
"""


def texts(text):
    """A service with this document."""
    documents = {"service": SERVICE, "everywhere/note": text}
    return {name: Text(f"acme/{name}", text, f"acme/{name}.yaml") for name, text in documents.items()}


@pytest.mark.parametrize(
    ("about", "count"),
    [
        (About("r", "github", subject="s"), 1),
        (About("r", "github", subject="s", phase="open"), 1),
        (About("r", "github", subject="s", phase="close"), 0),
        (About("r", "github"), 0),
    ],
)
def test_what_is_offered_depends_on_the_event(about, count):
    """Its phase is always known, what it has not is missing."""
    service, faults = build("acme", texts(NOTE), Engine())
    assert faults == []
    [document] = service.everywhere
    found = document.offered(about)
    assert [one.context["of"] for one in found] == ["r s"] * count


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("subject and", "payload and", "3 actions/0/when"),
        ("other/note", "note", "3 actions/0/callback"),
        ("title", "let: {}\ntitle", "1 let"),
    ],
)
def test_faults_have_their_lines(old, new, fault):
    """Of the payload it sees nothing; its callbacks must be there."""
    sources = texts(NOTE.replace(old, new, 1))
    service, faults = build("acme", sources, Engine())
    assert [f"{one.line} {one.where}" for one in faults or reading.faults(service, sources)] == [fault]


def test_the_built_in_menu_snoozes_any_subject():
    """For as long as is chosen; what it says then is for people."""
    folder = builtin_folder() / "mattergate"
    sources = {
        name: Text(f"mattergate/{name}", (folder / f"{name}.yaml").read_text(), name)
        for name in ("service", "everywhere/snooze", "callbacks/snooze")
    }
    service, faults = build("mattergate", sources, Engine())
    assert faults == []
    [document] = service.everywhere
    [menu] = document.offered(About("alerts", "github", subject="*a*", phase="open"))
    assert dict(menu.context) == {"route": "alerts", "subject": "*a*"}
    [action] = document.actions.listed
    told = [action.told(option.value, menu.context) for option in menu.options]
    assert told == ["Snoozed for 1h", "Snoozed for 4h", "Snoozed for 24h", "Snooze ended"]
