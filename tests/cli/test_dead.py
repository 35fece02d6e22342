"""`mattergate dead`: what was given up, sending it again, and discarding it."""

import pytest

from tests.cli.conftest import REASON

FIRST, SECOND = "0199a000001000000000000000f", "0199a000002000000000000000f"


@pytest.fixture
def kept(desk):
    """Give a desk with dead deliveries of two events: one to `ops`, one to `dev`, one to a destination that is gone."""
    desk.store(FIRST, {"ops": "dead", "dev": "delivered"})
    desk.store(SECOND, {"dev": "dead", "removed": "dead"})
    return desk


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], ["dev", "removed", "ops"]),
        (["--limit", "2"], ["dev", "removed"]),
        (["--before", SECOND], ["ops"]),
        (["--destination", "ops"], ["ops"]),
        (["--destination", "removed"], ["removed"]),
        (["--destination", "ops", "--reason", REASON], ["ops"]),
        (["--destination", "ops", "--reason", "another"], []),
    ],
)
def test_every_filter_of_the_list(kept, options, found):
    """Newest first; a destination that is gone is found by its name."""
    said = kept.run("dead", "list", *options, "-o", "jsonl")
    assert said.code == 0, said.text
    assert [row["destination"] for row in said.lines] == found


def test_the_list_for_people(kept):
    """The reason is in every row; an empty list is a sentence."""
    said = kept.run("dead", "list").out.splitlines()
    assert len(said) == 4
    assert all(line.endswith(REASON) for line in said[1:])
    assert kept.run("dead", "list", "--before", FIRST).out == "nothing is dead\n"


@pytest.mark.parametrize("command", ["list", "replay"])
def test_an_unknown_destination_is_told(kept, command):
    """The error names those of the settings."""
    said = kept.run("dead", command, "--destination", "opz")
    assert said.code == 2
    assert "known: dev, ops" in said.err


def test_dead_deliveries_of_one_event(kept):
    """Those that are dead, with their attempts and message; JSON has them as rows; an event without any is told."""
    said = kept.run("dead", "show", FIRST[:12])
    assert said.code == 0
    assert "delivery 1 to ops: dead, 1 attempt" in said.out
    assert '"text": "a 1"' in said.out
    assert "dev" not in said.out
    assert [row["seq"] for row in kept.run("dead", "show", FIRST, "-o", "jsonl").lines] == [1]
    kept.store("0199a000003000000000000000f")
    assert kept.run("dead", "show", "0199a000003").code == 1


def test_those_of_one_event_are_sent_again_at_once(kept):
    """One event needs no question."""
    said = kept.run("dead", "replay", FIRST)
    assert (said.code, said.out) == (0, "1 dead delivery goes out again\n")
    assert [row["event"] for row in kept.run("dead", "list", "-o", "jsonl").lines] == [SECOND, SECOND]
    assert kept.run("dead", "replay", FIRST).code == 1, "nothing of it is dead any more"


def test_all_are_sent_again_but_those_without_a_destination(kept):
    """What has no destination any more stays dead, and is told."""
    said = kept.run("dead", "replay", "--all", "--yes")
    assert (said.code, said.out) == (0, "2 dead deliveries go out again\n")
    assert "1 dead delivery stays dead" in said.err
    assert [row["destination"] for row in kept.run("dead", "list", "-o", "jsonl").lines] == ["removed"]
    assert "1 dead delivery stays" in kept.run("dead", "replay", "--all", "--yes").err


def test_nothing_to_send_again_is_told(desk):
    """An empty dead letter box is no fault."""
    desk.store(FIRST)
    said = desk.run("dead", "replay", "--all", "--yes")
    assert (said.code, said.out) == (0, "nothing is dead\n")


@pytest.mark.parametrize("options", [["--all"], ["--destination", "dev"], [FIRST, SECOND]])
def test_many_are_not_sent_again_without_a_yes(kept, options):
    """Without a terminal it refuses, says how many it would be, and changes nothing; a dry run is allowed."""
    said = kept.run("dead", "replay", *options)
    assert said.code == 2
    assert "will be sent again if you add --yes" in said.err
    dry = kept.run("dead", "replay", *options, "--dry-run")
    assert dry.code == 0
    assert "would go out again" in dry.out
    assert kept.states().count("dead") == 2


def test_one_destination_is_sent_again(kept):
    """`--destination` needs no `--all`, and narrows it."""
    assert kept.run("dead", "replay", "--destination", "dev", "--yes").out == "1 dead delivery goes out again\n"
    assert (
        kept.run("dead", "replay", "--all", "--destination", "ops", "--yes").out == "1 dead delivery goes out again\n"
    )
    gone = kept.run("dead", "replay", "--destination", "removed", "--yes")
    assert gone.code == 1
    assert "the settings have no destination removed any more" in gone.err


@pytest.mark.parametrize("options", [[], [FIRST, "--all"], ["--reason", "x"]])
def test_wrong_options_of_a_replay(kept, options):
    """The exit code is 2, and nothing is sent."""
    assert kept.run("dead", "replay", *options).code == 2
    assert "pending" not in kept.states()


def test_one_is_discarded_with_its_reason(kept):
    """It is listed no more; the event shows when and why, and is sent again all the same."""
    said = kept.run("dead", "discard", FIRST, "--because", "posted \x1b by hand")
    assert (said.code, said.out) == (0, "1 dead delivery is discarded\n")
    assert [row["event"] for row in kept.run("dead", "list", "-o", "jsonl").lines] == [SECOND, SECOND]
    shown = kept.run("events", "show", FIRST).out
    assert "delivery 1 to ops: discarded, 1 attempt" in shown
    assert "discarded: posted \\u001b by hand" in shown
    assert kept.run("dead", "discard", FIRST, "--because", "again").code == 1, "nothing of it is dead any more"
    assert kept.run("events", "replay", FIRST).code == 0
    assert "replayed" in kept.states()


@pytest.mark.parametrize(
    ("options", "count"), [(["--all"], 3), (["--destination", "removed"], 1), ([FIRST, SECOND], 3)]
)
def test_many_are_discarded_after_a_yes(kept, options, count):
    """Those without a destination, too; without a terminal it refuses, and says how many it would be."""
    said = kept.run("dead", "discard", *options, "--because", "sold", "--dry-run")
    assert (said.code, " would be discarded" in said.out) == (0, True)
    if options != [FIRST]:
        said = kept.run("dead", "discard", *options, "--because", "sold")
        assert (said.code, "will be discarded if you add --yes" in said.err) == (2, True)
    said = kept.run("dead", "discard", *options, "--because", "sold", "--yes")
    assert said.code == 0
    assert said.out.startswith(f"{count} dead deliver")
    assert sum(1 for _ in kept.run("dead", "list", "-o", "jsonl").lines) == 3 - count


@pytest.mark.parametrize(
    "options",
    [
        [FIRST],
        [FIRST, "--because", " "],
        [FIRST, "--because", "x" * 301],
        ["--because", "sold"],
        [FIRST, "--all", "--because", "sold"],
        ["--reason", REASON, "--because", "sold"],
    ],
)
def test_wrong_options_of_a_discard(kept, options):
    """The exit code is 2, and nothing is discarded."""
    assert kept.run("dead", "discard", *options).code == 2
    assert len(kept.run("dead", "list", "-o", "jsonl").lines) == 3


def test_nothing_to_discard_is_told(desk):
    """As for a replay."""
    desk.store(FIRST)
    said = desk.run("dead", "discard", "--all", "--because", "sold", "--yes")
    assert (said.code, said.out) == (0, "nothing is dead\n")
