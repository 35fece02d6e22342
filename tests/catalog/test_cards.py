"""Cards: over the life of a thing the subject stays, the phases are right, and its card tells where it stands."""

import pytest
from msgspec import Struct, json

from gateway.mattermost.payload import Message
from gateway.model import CardMode, Phase
from gateway.pipeline import sample
from gateway.pipeline.interpret import Piece, Wishes
from gateway.standin import incoming
from tests import builtin


class Life(Struct, frozen=True):
    """Samples of a service in the order in which they would come, each with its phase, and how the thing ends up.

    `says` stands in the State field of the last card, or in its title where the message is the card.
    """

    service: str
    steps: tuple[tuple[str, str], ...]
    says: str
    color: str


def life(service: str, steps: str, says: str, color: str) -> Life:
    """A row of the table: `steps` has lines of "phase sample", without the ending of the sample's file."""
    pairs = [line.split() for line in steps.strip().splitlines()]
    return Life(service, tuple((name, phase) for phase, name in pairs), says, color)


LIVES = [
    life(
        "github",
        """
        open issues_opened.bug
        change issues.labeled
        change issues_edited.title
        change issue_comment.on_issue
        change sub_issues.added
        change issue_dependencies.blocked
        close issues.closed_completed
        """,
        "closed",
        "good",
    ),
    life(
        "github",
        """
        open issues_opened.bug
        close issues.closed_completed
        open issues.reopened
        close issues.closed_not_planned
        """,
        "closed as not planned",
        "#6e7781",
    ),
    life("github", "open issues_opened.bug\nclose issues_transferred.to_web", "transferred", "#6e7781"),
    life("github", "open issues_opened.bug\nclose issues.deleted_of_ghost", "deleted", "#6e7781"),
    life(
        "github",
        """
        open pull_request_opened.opened
        change pull_request.converted_to_draft
        change pull_request_opened.ready_for_review
        change pull_request_synchronize.commits
        change pull_request_review_comment.on_line
        change pull_request_review_thread.resolved
        change pull_request_review.approved
        change pull_request_comment.created
        change pull_request_edited.title
        change pull_request_queue.enqueued
        close pull_request_closed.merged
        """,
        "merged by grace-hopper",
        "good",
    ),
    life(
        "github",
        """
        open pull_request_opened.draft_from_fork
        close pull_request_closed.unmerged
        open pull_request_opened.reopened
        change pull_request.converted_to_draft
        """,
        "draft",
        "#6e7781",
    ),
    life(
        "github",
        "open pull_request_opened.opened\nclose pull_request_closed.unmerged",
        "closed without merging",
        "#6e7781",
    ),
    life("github", "open discussion.created\nchange discussion.answered", "answered", "good"),
    life(
        "github",
        """
        open discussion.created
        change discussion_comment.created
        change discussion.category_changed
        close discussion.closed
        """,
        "closed as resolved",
        "good",
    ),
    life("github", "open milestone.created\nclose milestone.closed_with_open_issues", "closed", "warning"),
    life("github", "open release.draft\nopen release.published\nchange release.edited", "published", "good"),
    life("github", "open release.published\nclose release.deleted", "deleted", "#6e7781"),
    life(
        "github",
        """
        open secret_scanning_alert.created
        change secret_scanning_alert_location.commit
        close secret_scanning_alert.resolved
        """,
        "resolved: revoked",
        "good",
    ),
    life("github", "open dependabot_alert.created\nclose dependabot_alert.fixed", "fixed", "good"),
    life("github", "open code_scanning_alert.created\nclose code_scanning_alert.dismissed", "dismissed", "#6e7781"),
    life("github", "open deployment.started\nclose deployment_status.failure", "failed", "danger"),
    life(
        "github",
        "change deployment_review.requested\nchange workflow_job.failure\nclose workflow_run.failure",
        "failed",
        "danger",
    ),
    life("github", "close check_run.failure\nclose check_run.success", "succeeded", "good"),
    life("github", "close status.failure\nclose status.success", "succeeded", "good"),
    life("github", "open merge_group.checks_requested\nclose merge_group.invalidated", "dropped out", "warning"),
    life(
        "gitea",
        """
        open issues.opened
        change issues.labelled
        change issue_comment.created
        close issues.closed
        """,
        "closed",
        "good",
    ),
    life("gitea", "close issues.closed\nopen issues.reopened", "open", "#2f81f7"),
    life("gitea", "open issues.opened\nclose issues.deleted", "deleted", "#6e7781"),
    life(
        "gitea",
        """
        open pull_request.opened
        change pull_request.review_requested
        change pull_request_review.rejected
        change pull_request.synchronized
        change pull_request_comment.edited
        change pull_request_review.approved
        close pull_request.merged
        """,
        "merged by Grace Hopper",
        "good",
    ),
    life("gitea", "open pull_request.opened\nclose pull_request.closed", "closed without merging", "#6e7781"),
    life("gitea", "close pull_request.merged\nchange pull_request_comment.deleted_on_merged", "merged", "good"),
    life("gitea", "open release.published\nclose release.deleted", "deleted", "#6e7781"),
    life("gitea", "change workflow_job.failure\nclose workflow_run.failure", "failed", "danger"),
    life(
        "gitlab",
        """
        open issue.opened
        change issue.assigned
        change note_on_issue.created
        close issue.closed
        """,
        "closed",
        "good",
    ),
    life("gitlab", "close issue.closed\nopen issue.reopened", "opened", "#2f81f7"),
    life("gitlab", "open issue.incident_opened\nchange issue.incident_escalation", "opened", "danger"),
    life(
        "gitlab",
        """
        open merge_request.opened
        change note_on_merge_request.line
        change merge_request.new_commits
        change status_check.wanted
        change merge_request.review_requested_again
        change merge_request.approved
        close merge_request.merged
        """,
        "merged",
        "good",
    ),
    life(
        "gitlab",
        """
        open merge_request.opened_draft_from_fork
        change merge_request.ready
        close merge_request.closed
        open merge_request.reopened
        close merge_request.closed
        """,
        "closed without merging",
        "#6e7781",
    ),
    life("gitlab", "open merge_request.opened_draft_from_fork", "draft", "#6e7781"),
    life("gitlab", "open milestone.created\nclose milestone.closed", "closed", "good"),
    life(
        "gitlab", "open release.published\nchange release.changed\nclose release.deleted_sparse", "deleted", "#6e7781"
    ),
    life("gitlab", "open pipeline.running\nclose pipeline.failed", "failed", "danger"),
    life("gitlab", "open job.running\nclose job.successful", "succeeded", "good"),
    life("gitlab", "open deployment.running\nclose deployment.successful", "succeeded", "good"),
    life("gitlab", "open vulnerability.detected\nclose vulnerability.resolved", "resolved", "good"),
]
"""Add a row for every thing that begins and ends; see `life`."""

NAMES = [f"{one.service} {one.steps[0][0]}-{one.steps[-1][0]}" for one in LIVES]


def pieces(one: Life) -> list[Piece]:
    """What becomes of each step where a route wants cards."""
    found = []
    for name, _ in one.steps:
        request = sample.as_request(
            builtin.sample(builtin.FOLDERS[0] / one.service / "samples" / f"{name}.yaml").request
        )
        reading = sample.read(builtin.service(one.service), request, Wishes(card=CardMode.BOTH))
        found.append(reading.pieces[0])
    return found


def shown(piece: Piece) -> Message:
    """What the card of the subject shows after the event."""
    return piece.card or piece.messages[0]


@pytest.mark.parametrize("one", LIVES, ids=NAMES)
def test_the_subject_stays_and_the_phases_are_right(one):
    """All events of a thing have its subject, and only what begins opens and only what ends closes."""
    found = pieces(one)
    assert len({piece.subject for piece in found}) == 1
    assert found[0].subject
    assert [(name, piece.phase.value) for (name, _), piece in zip(one.steps, found, strict=True)] == list(one.steps)


@pytest.mark.parametrize("one", LIVES, ids=NAMES)
def test_the_card_tells_how_the_thing_stands(one):
    """Every card is one post that says what it is about, and the last one tells state and colour of the end."""
    cards = [shown(piece) for piece in pieces(one) if not piece.reply]
    for card in cards:
        assert len(incoming.posts(incoming.read(json.encode(card)), {})) == 1
        assert card.attachments[0].title
    last = cards[-1].attachments[0]
    states = [field.value for field in last.fields if field.title == "State"]
    assert one.says in (states[0] if states else last.title)
    assert last.color == one.color


def card_speakers() -> set[tuple[str, str]]:
    """(service, translator) of every document that names a card."""
    return {
        (service.key, translator.name.partition("/")[2])
        for service in builtin.services().values()
        for translator in service.translators
        if translator.card
    }


@pytest.mark.parametrize("service", sorted({one.service for one in LIVES}))
def test_every_translator_with_a_card_is_in_a_life(service):
    """Of a service in the table, no translator that names a card goes without a row."""
    lived = {piece.translator for one in LIVES if one.service == service for piece in pieces(one)}
    assert not {f"{key}/{name}" for key, name in card_speakers() if key == service} - lived


def test_every_card_document_is_named_by_a_translator():
    """A card that no translator names would never be seen."""
    for service in builtin.services().values():
        assert service.cards.keys() == {one.card for one in service.translators if one.card}


@pytest.mark.parametrize("key", [key for key in builtin.KEYS if builtin.service(key).cards])
def test_a_card_has_a_life(key):
    """Samples of a service with cards open a subject, and tell what became of the same one."""
    phases: dict[str, set[str]] = {}
    for _, one in builtin.samples(key):
        if one.expect.subject and one.expect.phase:
            phases.setdefault(one.expect.subject, set()).add(one.expect.phase)
    assert any(Phase.OPEN in found and len(found) > 1 for found in phases.values()), phases
