"""Whether the message or the destination is at fault."""

import pytest

from gateway.delivery.condition import Cause
from gateway.delivery.evidence import (
    EVERY,
    MANY_LANES,
    MOST_REFUSALS,
    MOST_TARGETS,
    PROBE_MOST,
    Evidence,
    Judgement,
)
from gateway.delivery.retry import BASE


def refuse(evidence, lane, times=1, target="", now=0.0):
    """Refuse the first message of a lane a number of times; returns the last judgement."""
    for _ in range(times):
        found = evidence.refused(target, lane, "400: no", now)
    return found


def test_a_message_refused_while_others_pass_is_at_fault_after_six_attempts():
    """It counts against nobody: the target does not fail, and the others need not wait."""
    evidence = Evidence()
    found = []
    for _ in range(MOST_REFUSALS):
        found.append(evidence.refused("", "bad", "400: no", 0.0))
        evidence.passed("", "good")
        assert (evidence.failing, evidence.opens_at("", "good")) == (None, 0.0)
    assert [one.at_fault for one in found] == [False] * (MOST_REFUSALS - 1) + [True]
    evidence.forget("bad")
    assert not evidence.targets


def test_a_target_that_refuses_every_message_fails():
    """After as many refusals as lanes make it sure, none passing, even an untried lane waits for the probe."""
    evidence = Evidence()
    for n in range(MANY_LANES):
        assert evidence.opens_at("", "fresh") == 0.0
        found = refuse(evidence, f"lane {n}", now=100.0)
    assert found == Judgement(False, 100.0 + BASE, 1)
    assert evidence.failing.why == "400: no"
    assert evidence.opens_at("", "fresh") == 100.0 + BASE


def test_a_few_bad_messages_in_a_row_keep_no_other_from_going():
    """Fewer lanes than that wait for the probe themselves; a message of another lane may be a good one."""
    evidence = Evidence()
    for n in range(MANY_LANES - 1):
        refuse(evidence, f"lane {n}", 3, now=100.0)
    assert evidence.failing
    assert evidence.opens_at("", "lane 0") > 100.0
    assert evidence.opens_at("", "fresh") == 0.0


def test_the_probes_come_at_growing_intervals_up_to_a_minute():
    """Each attempt at a failing target is its probe, and sets the time of the next."""
    evidence, now, waits = Evidence(), 0.0, []
    refuse(evidence, "only", MOST_REFUSALS, now=now)
    for _ in range(10):
        waits.append(round(evidence.opens_at("", "only") - now))
        now = evidence.opens_at("", "only")
        evidence.admit("", "only", now)
        assert evidence.refused("", "only", "400: no", now).probe_at > now
    assert waits == [BASE, 2, 4, 8, 16, 32, PROBE_MOST, PROBE_MOST, PROBE_MOST, PROBE_MOST]


def test_lanes_take_turns_as_the_probe():
    """The one that was refused least often comes first, so that no bad message keeps the others from the proof."""
    evidence = Evidence()
    refuse(evidence, "often", 5)
    refuse(evidence, "once", 1)
    assert evidence.opens_at("", "once") < evidence.opens_at("", "often")


def test_a_pass_ends_the_failure():
    """Then the refused message is judged anew, with the evidence that another passed."""
    evidence = Evidence()
    refuse(evidence, "bad", 2 * MOST_REFUSALS)
    evidence.passed("", "good")
    assert (evidence.failing, evidence.opens_at("", "bad")) == (None, 0.0)
    evidence.passed("", "good")
    assert refuse(evidence, "bad").at_fault


def test_only_what_passed_since_the_last_refusal_proves_a_fault():
    """A hook that is deleted after a pass makes no message dead that waits for it."""
    evidence = Evidence()
    refuse(evidence, "waits")
    evidence.passed("", "good")
    assert not any(refuse(evidence, "waits").at_fault for _ in range(20))
    assert evidence.failing


def test_the_targets_of_a_destination_are_judged_apart():
    """An archived channel holds up no other, and what passes elsewhere proves nothing."""
    evidence = Evidence()
    for n in range(MANY_LANES):
        refuse(evidence, f"lane {n}", target="archived")
        evidence.passed("open", "other")
    assert evidence.opens_at("archived", "fresh") > 0
    assert (evidence.opens_at("open", "fresh"), evidence.gate()) == (0.0, 0.0)


def test_one_refusal_that_would_meet_every_message_closes_the_gate():
    """No message of any target goes before the probe; one that passes opens it."""
    evidence = Evidence()
    assert evidence.refused("a", "lane", "501: hooks are off", 100.0, every=True) == Judgement(False, 100.0 + BASE, 1)
    assert evidence.failing == Cause("501: hooks are off", 100.0, 100.0 + BASE)
    assert evidence.gate() == 100.0 + BASE
    evidence.admit("b", "fresh", 200.0)
    assert evidence.gate() > 200.0
    evidence.passed("b", "fresh")
    assert (evidence.gate(), evidence.failing) == (0.0, None)


def test_a_refusal_that_would_meet_every_message_proves_no_fault_of_one():
    """However often it happens while others passed before."""
    evidence = Evidence()
    for _ in range(3 * MOST_REFUSALS):
        assert not evidence.refused("", "lane", "401: token", 0.0, every=True).at_fault
        evidence.passed("", "other")


def test_nothing_is_kept_of_lanes_that_are_done():
    """Evidence is as small as what waits because of refusals."""
    evidence = Evidence()
    for n in range(3 * MOST_TARGETS):
        refuse(evidence, f"lane {n}", target=f"channel {n}")
    assert evidence.opens_at("channel 0", "lane 0") == 0.0
    for n in range(3 * MOST_TARGETS):
        evidence.forget(f"lane {n}")
    assert not evidence.targets


@pytest.mark.parametrize("target", ["", "channel", EVERY])
def test_a_delivered_message_takes_its_lane_out_of_suspicion(target):
    """The message that was refused and then passed leaves nothing behind."""
    evidence = Evidence()
    evidence.refused(target, "lane", "500", 0.0, every=target == EVERY)
    assert evidence.targets
    evidence.passed(target, "lane")
    assert not evidence.targets
