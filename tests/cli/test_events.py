"""`mattergate events`: listing, following, showing and sending again what came in."""

import fcntl
import json
import signal
import socket
import subprocess
from contextlib import contextmanager

import pytest

from gateway.errors import JournalError
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Outcome
from tests.cli.conftest import REASON

FIRST, SECOND, THIRD = (f"0199a00000{number}3456789abcdef" for number in (1, 2, 3))
HOUR = 3600.0


@pytest.fixture
def kept(desk):
    """Give a desk whose journal has three events: one of three hours ago, one dead in part, one ignored."""
    desk.store(FIRST, ago=3 * HOUR, subject="old")
    desk.store(SECOND, {"ops": "delivered", "dev": "dead"}, ago=HOUR, subject="disk")
    desk.store(THIRD, {}, outcome=Outcome.IGNORED, route="gone", service="vanished")
    return desk


def ids(result):
    """The ids in JSON lines."""
    assert result.code == 0, result.text
    return [row["id"] for row in result.lines]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], [THIRD, SECOND, FIRST]),
        (["--limit", "1"], [THIRD]),
        (["--before", THIRD], [SECOND, FIRST]),
        (["--before", THIRD[:12]], [SECOND, FIRST]),
        (["--route", "items"], [SECOND, FIRST]),
        (["--route", "gone"], [THIRD]),
        (["--service", "vanished"], [THIRD]),
        (["--outcome", "ignored"], [THIRD]),
        (["--destination", "dev"], [SECOND]),
        (["--text", "DISK"], [SECOND]),
        (["--since", "2h"], [THIRD, SECOND]),
        (["--until", "30m"], [SECOND, FIRST]),
        (["--since", "2h", "--until", "30m"], [SECOND]),
        (["--since", "2020-01-01", "--route", "items"], [SECOND, FIRST]),
        (["--service", "github"], []),
        (["--translator", "items/item"], [SECOND, FIRST]),
        (["--translator", "items/other"], []),
        (["--state", "dead"], [SECOND]),
        (["--state", "dead", "--destination", "ops"], []),
    ],
)
def test_every_filter_of_the_list(kept, options, found):
    """Newest first; a name that only the journal knows is found, one that only the catalog knows is no fault."""
    assert ids(kept.run("events", "list", *options, "-o", "jsonl")) == found


def test_the_list_for_people_and_for_programs(kept):
    """A table has its titles; `json` is one array; an empty list is a sentence, or an empty array."""
    table = kept.run("events", "list").out.splitlines()
    assert table[0].split()[:3] == ["id", "received", "(UTC)"]
    assert "ops delivered, dev dead" in table[2]
    assert table[2].endswith("  a 1")  # the message
    assert kept.run("events", "list", "-o", "json").out.startswith("[\n")
    assert kept.run("events", "list", "--text", "zebra").out == "no events\n"
    assert kept.run("events", "list", "--text", "zebra", "--output", "json").out == "[]\n"


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--route", "itmes"], ["route 'itmes'", "known: gone, items"]),
        (["--destination", "opz"], ["destination 'opz'", "known: dev, ops"]),
        (["--service", "githib"], ["service 'githib'", 'did you mean "github"']),
        (["--since", "1h", "--until", "2h"], ["--since is later than --until"]),
        (["--since", "soon"], ["neither how long ago"]),
        (["--outcome", "lost"], ["lost"]),
        (["--limit", "0"], ["--limit"]),
        (["--output", "xml"], ["xml"]),
        (["--before", "0199a"], ["at least 6 characters"]),
        (["--follow", "--until", "1h"], ["--follow"]),
        (["--follow", "--before", SECOND], ["--follow"]),
        (["--follow", "-o", "json"], ["jsonl"]),
        (["--follow", "--route", "itmes"], ["known: gone, items"]),
    ],
)
def test_wrong_options_of_the_list(kept, options, parts):
    """The exit code is 2, and the error says what is known or allowed."""
    said = kept.run("events", "list", *options)
    assert said.code == 2
    assert all(part in " ".join(said.err.split()) for part in parts), said.err


@contextmanager
def following(desk, *options):
    """A process that follows."""
    command = desk.command("events", "list", "--follow", *options)
    process = subprocess.Popen(command, env=desk.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("form", ["jsonl", "table"])
def test_follow_prints_what_comes_and_ends_at_ctrl_c(kept, form):
    """The last events come first, then each new one; Ctrl-C ends it with 0 and without a word."""
    with following(kept, "--limit", "2", "--route", "items", "-o", form) as process:
        if form == "table":
            assert process.stdout.readline().startswith("id ")
        assert [FIRST in process.stdout.readline(), SECOND in process.stdout.readline()] == [True, True]
        kept.store("0199a000009000000000000000f", route="gone")
        kept.store("0199a00000a000000000000000f")
        assert "0199a00000a000000000000000f" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


def test_an_idle_follow_reads_one_event_at_a_time(kept, monkeypatch):
    """While nothing comes, each look asks for the newest event alone."""
    asked = []
    find = SqliteJournal.find

    async def counted(journal, query):
        asked.append(query.limit)
        if len(asked) == 5:
            raise JournalError("enough")
        return await find(journal, query)

    monkeypatch.setattr(SqliteJournal, "find", counted)
    said = kept.run("events", "list", "--follow", "-o", "jsonl")
    assert [row["id"] for row in said.lines] == [FIRST, SECOND, THIRD]
    assert asked == [1, 20, 1, 1, 1]


def test_one_event_whole(kept):
    """Request, outcome, deliveries with their attempts, and messages; the beginning of an id is enough."""
    said = kept.run("events", "show", SECOND[:12])
    assert said.code == 0, said.text
    for part in (SECOND, "route items", "subject disk", "POST http://gateway.test/in/items", '"number": 1', REASON):
        assert part in said.out
    assert "delivery 2 to ops: delivered, 1 attempt" in said.out
    assert "message of deliveries 2, 3:" in said.out
    assert kept.run("events", "show", SECOND, "-o", "jsonl").lines[0]["event"]["id"] == SECOND


@pytest.mark.parametrize(
    ("given", "code", "part"),
    [
        ("0199a0", 2, "is the beginning of 3 events"),
        ("0199a", 2, "at least 6 characters"),
        ("ffffffffff", 1, "the journal has no event ffffffffff"),
    ],
)
@pytest.mark.parametrize("command", [["events", "show"], ["events", "replay"], ["dead", "show"], ["dead", "replay"]])
def test_an_id_that_is_not_one(kept, command, given, code, part):
    """An ambiguous beginning lists the events that have it; one that is not there is not wrong usage."""
    said = kept.run(*command, given)
    assert said.code == code
    assert part in said.err
    assert (SECOND in said.err) is ("3 events" in part)


def test_messages_are_sent_again_as_they_were(kept):
    """Every settled delivery of an event goes out again under a new number."""
    said = kept.run("events", "replay", SECOND)
    assert (said.code, said.out) == (0, f"{SECOND}: 2 deliveries go out again\n")
    [row] = kept.run("events", "list", "--text", SECOND, "-o", "jsonl").lines
    assert row["deliveries"] == {"replayed": 2, "pending": 2}


def test_a_request_is_read_again_with_todays_catalog(kept):
    """The new event says what it is a replay of, and has the message that the catalog makes now."""
    kept.write("catalog/items/item.yaml", kept.folder.joinpath("catalog/items/item.yaml").read_text().replace(
        'text: "{{ box }}', 'text: "today {{ box }}'
    ))  # fmt: skip
    said = kept.run("events", "replay", FIRST, "--today", "-o", "json")
    assert said.code == 0, said.text
    [newest, *_] = kept.run("events", "list", "-o", "jsonl").lines
    assert newest["reason"] == f"replay of {FIRST}"
    assert newest["id"] in said.out
    assert newest["deliveries"] == {"pending": 1}
    assert "today a 1" in kept.run("events", "show", newest["id"]).out


@pytest.mark.parametrize("options", [[], ["--today"]])
def test_a_dry_run_sends_nothing(kept, options):
    """It says what would go out; the journal is as before."""
    before = kept.run("events", "list", "-o", "json").out
    said = kept.run("events", "replay", "--route", "items", "--dry-run", *options)
    assert said.code == 0, said.text
    assert "would go out again" in said.out.splitlines()[-1]
    assert said.out.splitlines()[0].startswith(FIRST)
    assert kept.run("events", "list", "-o", "json").out == before


def test_many_are_not_sent_again_without_a_yes(kept):
    """Without a terminal it refuses, and says which option does it; `--yes` does."""
    said = kept.run("events", "replay", "--route", "items")
    assert said.code == 2
    assert "2 events will be sent again as they were if you add --yes" in said.err
    assert "pending" not in kept.states()
    said = kept.run("events", "replay", "--route", "items", "--yes")
    assert said.code == 0
    assert said.out.splitlines()[-1] == "2 events, 3 deliveries go out again; 0 could not be sent"


def test_only_deliveries_that_match_are_sent_again(kept):
    """Who asks for what is dead does not send again what was delivered; the count says how many events matched."""
    asked = kept.run("events", "replay", "--since", "1d")
    assert (asked.code, "3 events match: 2 events will be sent again as they were" in asked.err) == (2, True)
    said = kept.run("events", "replay", "--state", "dead", "--yes")
    assert (said.code, said.out) == (0, f"{SECOND}: 1 delivery goes out again\n")
    assert [row["sent"] for row in kept.run("events", "list", "--state", "replayed", "-o", "jsonl").lines] == [
        [
            {"destination": "ops", "state": "delivered", "count": 1},
            {"destination": "dev", "state": "replayed", "count": 1},
            {"destination": "dev", "state": "pending", "count": 1},
        ]
    ]


@pytest.mark.parametrize("options", [["--outcome", "refused"], ["--note", "wrong_secret"]])
def test_a_refused_request_cannot_be_sent_again(kept, options):
    """Its body was not kept, and whoever asks for that is told."""
    said = kept.run("events", "replay", *options)
    assert (said.code, "have its sender send it again" in said.err) == (2, True)


def test_events_without_anything_to_send_again_are_passed_over(kept):
    """A filter that fits only such events is no fault; an event that is named is told why."""
    said = kept.run("events", "replay", "--route", "gone", "--yes")
    assert (said.code, said.out) == (0, "nothing to send again\n")
    said = kept.run("events", "replay", THIRD)
    assert (said.code, said.out) == (1, "")
    assert "it made no message" in said.err


def test_one_that_cannot_be_sent_again_stops_no_other(kept):
    """It is told with its reason, and the exit code is 1."""
    kept.store("0199a00000a000000000000000f", route="gone", service="items")
    said = kept.run("events", "replay", "0199a00000a0", FIRST, "--today", "--yes")
    assert said.code == 1
    assert "the settings have no route gone any more" in said.err
    assert "1 event, 1 delivery goes out again; 1 could not be sent" in said.out


@pytest.mark.parametrize("options", [[], [FIRST, "--route", "items"], ["--today"]])
def test_a_replay_of_nothing_or_of_two_things_is_wrong_usage(kept, options):
    """Ids or filters, one of them."""
    said = kept.run("events", "replay", *options)
    assert said.code == 2
    assert "say which events" in said.err
    assert kept.run("events", "replay", "--destination", "opz", "--yes").code == 2


def test_a_replay_that_stops_in_the_middle_says_what_was_sent(kept, monkeypatch):
    """Whoever repeats it knows what not to send once more."""
    requeue, asked = SqliteJournal.requeue, []

    async def once(journal, seqs):
        if asked:
            raise JournalError("journal journal.db: it ended")
        asked.append(seqs)
        return await requeue(journal, seqs)

    monkeypatch.setattr(SqliteJournal, "requeue", once)
    said = kept.run("events", "replay", "--route", "items", "--yes")
    assert (said.code, said.err) == (1, "journal journal.db: it ended\n")
    assert said.out == f"{FIRST}: 1 delivery goes out again\n"


def test_what_the_journal_logs_is_no_result(kept):
    """Programs read standard output: that a gateway does not answer is told on standard error."""
    with socket.socket(socket.AF_UNIX) as silent, (kept.folder / "journal.db-lock").open("w+") as lock:
        address = str(kept.folder / "s")
        silent.bind(address)
        silent.listen()
        json.dump({"pid": 1, "host": "h", "since": 0, "socket": address}, lock)
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = kept.process("events", "list", "-n", "1", "-o", "jsonl")
    assert said.code == 0
    assert [row["id"] for row in said.lines] == [THIRD]
    assert "the journal is not written" in said.err
