"""What was done at a post stands on it, and the buttons that did it are gone."""

from msgspec import Raw
from msgspec.json import decode

from gateway.mattermost.acts_shown import raw_with_acts, with_acts
from tests.mattermost.conftest import Done

BUTTON = {"id": "a1", "name": "Acknowledge", "type": "button", "integration": {"url": "u", "context": {}}}
MENU = {**BUTTON, "id": "a2", "type": "select"}
OTHER = {**BUTTON, "id": "a3", "name": "Resolve"}
AT = 1_795_953_900.0
ACKNOWLEDGED = Done(AT, "Acknowledge", "Acknowledged", "ann")


def test_a_button_that_was_used_is_gone_and_a_menu_stays():
    """Whatever else the attachments hold is kept, and nothing is changed in place."""
    given = [{"title": "T", "ts": 1, "actions": [BUTTON, MENU, OTHER]}, {"text": "more"}]
    first, second, acts = with_acts(given, [ACKNOWLEDGED])
    assert first == {"title": "T", "ts": 1, "actions": [MENU, OTHER]}
    assert second == {"text": "more"}
    assert acts == {"fallback": "Acknowledged", "text": "Acknowledged by @ann, 2026-11-29 12:05 UTC"}
    assert given[0]["actions"] == [BUTTON, MENU, OTHER]


def test_an_attachment_of_buttons_alone_goes_with_them():
    """An empty attachment shows as a line; without acts nothing changes."""
    assert with_acts([{"actions": [BUTTON]}], [ACKNOWLEDGED])[0]["text"].startswith("Acknowledged by")
    assert with_acts([{"actions": [BUTTON]}], []) == [{"actions": [BUTTON]}]


def test_what_an_event_offers_anew_stays():
    """An act before the event that is shown is told, and takes no button."""
    [first, acts] = with_acts([{"actions": [BUTTON]}], [ACKNOWLEDGED], since=AT + 1)
    assert first == {"actions": [BUTTON]}
    assert acts["text"].startswith("Acknowledged by @ann")


def test_the_words_of_an_act():
    """Its name where nothing else is said; a name that no user can have is not repeated."""
    acts = [Done(AT, "Merge", "", "a_b.c-d"), Done(AT, "Close", "Closed", "[x](http://evil) @all")]
    text = with_acts([], acts)[0]["text"]
    assert text == "Merge by @a_b.c-d, 2026-11-29 12:05 UTC\nClosed by somebody, 2026-11-29 12:05 UTC"


def test_what_nobody_knows_may_be_done_again():
    """The line says so, and the button stays."""
    [first, acts] = with_acts([{"actions": [BUTTON]}], [ACKNOWLEDGED._replace(unknown=True)])
    assert first == {"actions": [BUTTON]}
    assert acts["text"] == "Acknowledge: outcome unknown, clicked by @ann, 2026-11-29 12:05 UTC"


def test_encoded_attachments():
    """Those of a payload are JSON, and absent where it has none."""
    assert len(decode(raw_with_acts(Raw(), [ACKNOWLEDGED]))) == 1
    assert decode(raw_with_acts(Raw(b'[{"text":"t"}]'), [ACKNOWLEDGED]))[0] == {"text": "t"}
