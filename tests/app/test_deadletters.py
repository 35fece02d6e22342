"""What is told of dead letters that go without being sent."""

import pytest
from structlog.testing import capture_logs

from gateway.app import deadletters
from gateway.journal import DeadDiscard
from gateway.model import DiscardCause
from gateway.observe.metrics import Metrics

NOW, DAY = 1_800_000_000.0, 86_400.0


@pytest.mark.parametrize("cause", DiscardCause)
def test_every_cause_is_counted_and_told(cause: DiscardCause) -> None:
    """With destination, number, ages and why; only what nobody decided is a warning."""
    metrics = Metrics()
    report = deadletters.reporter(metrics, lambda: NOW)
    gone = DeadDiscard("ops", cause, 3, NOW - 95 * DAY, NOW - 91 * DAY, "sold" if cause is DiscardCause.PERSON else "")
    with capture_logs() as lines:
        report(gone)
        report(gone)
    count = metrics.registry.get_sample_value(
        "mattergate_dead_discarded_total", {"destination": "ops", "cause": cause.value}
    )
    assert count == 6
    assert len(lines) == 2
    line = lines[0]
    assert (line["destination"], line["cause"], line["count"]) == ("ops", cause.value, 3)
    assert (line["oldest"], line["newest"]) == ("95 d", "91 d")
    person = cause is DiscardCause.PERSON
    assert line["log_level"] == ("info" if person else "warning")
    assert ("sold" if person else f"dead_max_{cause.value}") in line["reason"]


def test_a_time_of_the_future_has_no_age() -> None:
    """The clock may have been set back since."""
    with capture_logs() as lines:
        deadletters.reporter(Metrics(), lambda: NOW)(DeadDiscard("ops", DiscardCause.AGE, 1, NOW + 9, NOW + 9))
    assert lines[0]["oldest"] == "0 s"
