"""What handshakes teach, with the journal that keeps it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway import journal as journals
from gateway.errors import JournalError
from gateway.ingress.learned import Learned
from gateway.journal import Journal
from gateway.verify.handshake import Effect, Reply


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """An empty journal."""
    made = await journals.open(f"sqlite:{tmp_path / 'journal.db'}", retention=1e9, max_size=10**9, deliver=True)
    yield made
    await made.close()


def store(secret: str) -> Reply:
    """The answer to a handshake that tells a secret."""
    return Reply(200, effect=Effect.STORE, value=secret)


def told(learned: Learned, route: str) -> list[str]:
    """The texts of the secrets that services told a route."""
    return [secret.reveal() for secret in learned.of(route)]


async def test_a_secret_is_durable_when_it_is_known(journal: Journal) -> None:
    """The next gateway knows it from the journal; a later one replaces it."""
    learned = Learned(journal)
    assert told(learned, "build") == []
    await learned.act("build", store("first"))
    await learned.act("build", store("second"))
    assert told(learned, "build") == ["second"]
    again = Learned(journal, await journal.secrets())
    assert (told(again, "build"), told(again, "alerts")) == (["second"], [])


async def test_a_secret_that_cannot_be_kept_is_not_known(journal: Journal) -> None:
    """The service is told to try again, and the one before stays in force."""
    learned = Learned(journal)
    await learned.act("build", store("first"))
    await journal.close()
    with pytest.raises(JournalError):
        await learned.act("build", store("second"))
    assert told(learned, "build") == ["first"]


async def test_a_value_for_a_person_is_shown_in_the_log() -> None:
    """It is kept nowhere."""
    learned = Learned()
    with capture_logs() as said:
        await learned.act("build", Reply(200, effect=Effect.SHOW, value="code 17"))
    assert [(line["route"], line["value"]) for line in said] == [("build", "code 17")]
    assert told(learned, "build") == []
