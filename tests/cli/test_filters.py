"""Names in filters: unknown to settings and journal alike is a fault, known to one of them is not."""

import pytest

ID = "0199a000001000000000000000f"


@pytest.mark.parametrize("option", ["--route", "--service", "--destination"])
def test_a_name_is_asked_for_in_settings_and_journal(desk, option):
    """What was removed from the settings stays findable for as long as the journal has it."""
    desk.store(ID, {"old": "delivered"}, route="old", service="old")
    assert [row["id"] for row in desk.run("events", "list", option, "old", "-o", "jsonl").lines] == [ID]
    empty = desk.run("events", "list", option, "old", "--text", "zebra")
    assert (empty.code, empty.out) == (0, "no events\n")
    unknown = desk.run("events", "list", option, "never", "--text", "zebra")
    assert unknown.code == 2
    assert "'never'" in unknown.err


def test_a_translator_is_known_by_its_service(desk):
    """One that nobody has is a fault; one that only the journal has is found."""
    desk.store(ID, {"ops": "delivered"}, route="old", service="old")
    assert desk.run("events", "list", "--translator", "old/item", "-o", "jsonl").lines[0]["id"] == ID
    assert desk.run("events", "list", "--translator", "github/push").out == "no events\n"
    unknown = desk.run("events", "list", "--translator", "never/item")
    assert (unknown.code, "'never'" in unknown.err) == (2, True)


def test_pass_through_is_a_destination(desk):
    """With `[passthrough]` in the settings, its destination is known before it has any delivery."""
    desk.store(ID)
    assert desk.run("events", "list", "--destination", "passthrough").code == 2
    desk.write("mattergate.toml", desk.file.read_text() + '[passthrough]\nserver = "https://chat.example.com"\n')
    assert desk.run("events", "list", "--destination", "passthrough").code == 0
