"""[routes.NAME]: what decides which events show, where and how long; the faults in it have their lines."""

import pytest

from tests.settings.reading import faults_of, parse

HEAD = (
    '[destinations.ops]\nhook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'
    '[routes.r]\nservice = "github"\ndestinations = ["ops"]\nallow_unsigned = true\n'
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2026-12-01T06:00:00Z", 1796104800.0),
        ("2026-12-01T07:00:00+01:00", 1796104800.0),
        ("2026-12-01", 1796083200.0),
        ("9999-12-31T23:59:59-12:00", 253402343999.0),
    ],
)
def test_a_mute_ends_at_a_moment(written: str, seconds: float) -> None:
    """A time of TOML with its zone, or a day, which begins in UTC."""
    assert parse(f"{HEAD}mute_until = {written}\n").routes["r"].mute_until == seconds


def test_what_is_not_set_changes_nothing() -> None:
    """Every event shows, in full, where the destination has it."""
    plain = parse(HEAD).routes["r"]
    assert (plain.when, plain.mute_until, plain.verbosity, plain.channel, plain.channels) == (
        None, None, "full", None, ()
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("mute_until = 2026-12-01T06:00:00", "mute_until: the time has no zone: end it with"),
        (
            "mute_until = 06:00:00",
            "mute_until: expected a time with its zone (2026-12-01T06:00:00Z), or a date, got",
        ),
        (
            'mute_until = "tomorrow"',
            "mute_until: expected a time with its zone (2026-12-01T06:00:00Z), or a date, got",
        ),
        ('verbosity = "short"', 'verbosity: expected "title" or "summary" or "full", got "short"'),
        ('when = ""', "when: expected text, not empty, got an empty text"),
        ('channel = "ops-{{ team }}"', "channel: is a template, and nothing says which channels it may choose"),
        ('channels = ["a"]', "channels: is of no use: channel is no template that chooses one of them"),
        ('channel = "a"\nchannels = ["a"]', "channels: is of no use: channel is no template that chooses one of them"),
    ],
)
def test_each_fault_has_its_line(line: str, told: str) -> None:
    """It names the key, and what it takes instead."""
    [fault] = faults_of(f"{HEAD}{line}\n")
    assert fault.startswith(f"conf/mattergate.toml:{7 + line.count(chr(10))}: routes.r.{told}")
