"""Life cycles of alerts, tickets and builds: one subject from beginning to end, and a card that tells the end state."""

import pytest

from gateway.mattermost.payload import Attachment
from gateway.model import CardMode, Outcome
from gateway.pipeline import sample
from gateway.pipeline.interpret import Piece, Wishes
from tests import builtin
from tests.builtin import SAMPLES

SERVICES = "alertmanager bitbucket bitbucket-server grafana jenkins jira redmine sentry trac".split()

LIVES = {
    "jira issue": ("jira", "issue_created.bug", "comment.created", "issue_updated.status", "issue_updated.done"),
    "sentry issue": (
        "sentry", "issue.created", "issue.assigned", "activity_alert.root_cause", "issue.archived",
        "issue.resolved_by_commit",
    ),
    "bitbucket pull request": (
        "bitbucket", "pullrequest.created", "pullrequest_comment.created", "pullrequest.approved", "pullrequest.merged",
    ),
    "bitbucket issue": ("bitbucket", "issue.created", "issue_comment.usual", "issue.assigned", "issue.resolved"),
    "bitbucket-server pull request": (
        "bitbucket-server", "pull_request.opened", "pull_request_comment.added", "pull_request_review.approved",
        "pull_request.merged",
    ),
    "redmine issue": ("redmine", "issue.created", "issue_comment.added", "issue.in_progress", "issue.closed"),
    "trac ticket": ("trac", "ticket.created", "ticket_comment.added", "ticket.fields", "ticket.closed"),
}  # fmt: skip
"""Thing -> service, and samples in a plausible order: the first opens, the last closes."""

ENDS = {
    "jira issue": ("good", "PAY-12: Card payments fail with a timeout", "Done"),
    "sentry issue": ("good", "api: issue API-2E: TimeoutError: gateway did not answer", "resolved by commit 9fceb02d"),
    "bitbucket pull request": (
        "good", "acme/api: pull request #31: Check the password before the token", "merged by Grace Hopper",
    ),
    "bitbucket issue": ("good", "acme/api: issue #12: Login fails with an expired token", "resolved"),
    "bitbucket-server pull request": (
        "good", "ACME/my_api: pull request #31: Check the password before the token", "merged",
    ),
    "redmine issue": ("good", "Public API: Bug #191: Login fails with an expired token", "Closed"),
    "trac ticket": ("good", "Public API: ticket #12: Login fails with an expired token", "closed as fixed"),
}  # fmt: skip
"""Thing -> colour, title and state of its last card."""

SHOWN_BY_MESSAGE = {
    "sentry metric alert": ("sentry", "metric_alert.critical", "metric_alert.resolved", "Resolved: "),
    "jira sprint": ("jira", "sprint.started", "sprint.closed", "closed"),
    "redmine version": ("redmine", "version.created", "version.closed", "closed"),
    "jenkins build": ("jenkins", "note.usual", "finished.success", "succeeded"),
}
"""Thing -> service, samples, and the word of the last title that tells the end: the message itself is the card."""


def piece(service: str, name: str, **changes: object) -> Piece:
    """The piece that a sample becomes where cards are wanted; `changes` replace keys of its body."""
    path = next(path for key, path in SAMPLES if key == service and path.stem == name)
    request = builtin.sample(path).request
    if changes:
        request = sample.SampleRequest(request.method, request.headers, request.query, {**request.body, **changes})
    return sample.read(builtin.service(service), sample.as_request(request), Wishes(card=CardMode.BOTH)).pieces[0]


def state(attachment: Attachment) -> str:
    """What the field State of a card says."""
    return next(field.value for field in attachment.fields if field.title == "State")


@pytest.mark.parametrize("thing", LIVES)
def test_a_life_keeps_its_subject_and_opens_and_closes_once(thing):
    """From the first event to the last the subject is the same, and only the ends are ends."""
    service, *names = LIVES[thing]
    pieces = [piece(service, name) for name in names]
    assert len({one.subject for one in pieces}) == 1
    assert pieces[0].subject
    assert [one.phase for one in pieces] == ["open", *["change"] * (len(pieces) - 2), "close"]


@pytest.mark.parametrize("thing", LIVES)
def test_the_card_has_one_title_for_life_and_tells_the_end(thing):
    """Whatever event came last, the card names the thing in the same words, and at last it says how it ended."""
    service, *names = LIVES[thing]
    pieces = [piece(service, name) for name in names]
    cards = [one.card.attachments[0] for one in pieces if one.card]
    assert len(cards) == sum(not one.reply for one in pieces) > 1
    assert {card.title for card in cards} == {ENDS[thing][1]}
    assert (cards[-1].color, cards[-1].title, state(cards[-1])) == ENDS[thing]
    assert state(cards[0]) != state(cards[-1])


@pytest.mark.parametrize("thing", SHOWN_BY_MESSAGE)
def test_a_message_that_shows_the_whole_state_is_its_own_card(thing):
    """Without a card document the message stands for the subject, so its title tells the state."""
    service, first, last, word = SHOWN_BY_MESSAGE[thing]
    begun, ended = piece(service, first), piece(service, last)
    assert begun.subject == ended.subject
    assert ended.phase == "close"
    assert ended.card is None
    assert word in (ended.messages[0].attachments[0].title or "")


@pytest.mark.parametrize(
    ("service", "name"),
    [("alertmanager", "alerts.firing"), ("grafana", "alerts.firing")],
    ids=["alertmanager", "grafana"],
)
def test_an_alert_group_opens_when_it_fires_and_closes_when_all_is_resolved(service, name):
    """The group keeps its subject; what is resolved is no longer important."""
    firing = piece(service, name)
    path = next(path for key, path in SAMPLES if key == service and path.stem == name)
    alerts = [{**alert, "status": "resolved"} for alert in builtin.sample(path).request.body["alerts"]]
    resolved = piece(service, name, status="resolved", alerts=alerts)
    assert firing.subject == resolved.subject
    assert (firing.phase, resolved.phase) == ("open", "close")
    assert resolved.messages[0].priority is None
    assert (resolved.messages[0].attachments[0].title or "").startswith("Resolved: ")


def test_what_comes_back_opens_its_subject_anew():
    """What is reopened, or an error that comes back, gets a card of its own after the close."""
    assert piece("jira", "issue_updated.reopened").phase == "open"
    assert piece("sentry", "issue.unresolved_by_hand").phase == "open"
    assert piece("sentry", "issue.regressed").phase == "open"


def test_a_comment_of_an_unknown_issue_has_no_card():
    """What lacks the issue cannot show it."""
    assert piece("jira", "comment.no_issue_created").card is None


@pytest.mark.parametrize("service", SERVICES)
def test_every_sample_reads_where_cards_are_wanted(service):
    """Cards fail for no sample."""
    for key, path in SAMPLES:
        if key == service:
            request = sample.as_request(builtin.sample(path).request)
            reading = sample.read(builtin.service(key), request, Wishes(card=CardMode.BOTH))
            assert reading.outcome is not Outcome.BROKEN, (path.stem, reading.reason)
