"""The rules of a route that read the payload: what they drop, where they send, and that none of them loses an event."""

import pytest

from gateway.pipeline.rules import Rules, Ruling

PUSH = {
    "ref": "refs/heads/main",
    "sender": {"login": "ada"},
    "labels": {"severity": "critical", "team": "web"},
    "request": {"event": "push.forced", "headers": {}, "query": {}},
}


def ruling(when="", channel="", channels=(), seen=PUSH, **more) -> Ruling:
    """What the rules of a route called build say."""
    return Rules("build", when, channel, channels).ruling(dict(seen), **more)


@pytest.mark.parametrize(
    ("when", "passes"),
    [
        ("ref | ref_name == 'main'", True),
        ("{{ ref | ref_name == 'main' }}", True),
        ("labels.severity in ['critical', 'page'] and sender.login != 'renovate[bot]'", True),
        ("request.event is startingwith('push')", True),
        ("labels.severity == 'info'", False),
        ("no.such.path", False),
        ("not no.such.path", True),
    ],
)
def test_a_condition_reads_any_path_of_the_payload(when, passes):
    """A missing value is false; the reason of what is dropped names the rule."""
    found = ruling(when)
    dropped = f"[routes.build] when = {when} does not hold"
    assert found == (Ruling() if passes else Ruling(dropped))


def test_a_long_condition_is_told_on_one_line():
    """Of 200 characters at most."""
    found = ruling("false and\n" * 100 + "false").dropped
    assert "\n" not in found
    assert ("…" in found, len(found) < 250) == (True, True)


def test_a_condition_that_fails_lets_the_event_pass():
    """Here a number is asked what it contains; the note names the rule."""
    found = ruling("'x' in labels", seen={"labels": 3})
    assert not found.dropped
    assert found.note.startswith("[routes.build] when fails, so that the event passes: `in` asks for a text")


def test_what_passes_anyway_is_not_asked():
    """The test of a service, or a body that cannot be read."""
    assert ruling("false", asks_when=False) == Ruling()


@pytest.mark.parametrize(
    ("channel", "chosen", "note"),
    [
        ("ops-{{ labels.team }}", "ops-web", ""),
        ("{{ concat('ops-', labels.team) }}", "ops-web", ""),
        ("{% if ref | ref_name == 'main' %}ops-db{% endif %}", "ops-db", ""),
        ("{{ labels.team }}", "", "channel gives web, which is none of channels"),
        ("ops-{{ labels.nobody }}", "", "channel gives no channel"),
        ("{{ labels.team + 1 }}", "", "channel fails: `+` cannot be computed of a text and a number"),
    ],
)
def test_a_channel_is_chosen_among_those_that_are_allowed(channel, chosen, note):
    """Whatever else comes out, the event goes where it goes without the rule, and the reason says so."""
    found = ruling(channel=channel, channels=("ops-web", "ops-db"))
    assert (found.dropped, found.channel) == ("", chosen)
    assert found.note.startswith(f"[routes.build] {note}" if note else "")
    assert bool(found.note) == bool(note)


def test_a_channel_from_a_payload_is_told_in_part():
    """It may be as long as a payload."""
    found = ruling(channel="{{ name }}", channels=("a",), seen={"name": "x" * 10_000})
    assert len(found.note) < 200


def test_both_rules_may_fail():
    """The note has both."""
    found = ruling("'x' in labels", "{{ labels }}", ("a",), {"labels": 3})
    assert found.note.count("[routes.build]") == 2


def test_what_cannot_be_compiled_is_a_fault_that_drops_nothing():
    """The gateway does not start with it; what runs in spite of that shows the event."""
    rules = Rules("build", "ref ==", "{{ nothing", ["a"])
    assert [key for key, _ in rules.faults] == ["when", "channel"]
    found = rules.ruling({})
    assert (found.dropped, found.channel, found.note.count("[routes.build]")) == ("", "", 2)
