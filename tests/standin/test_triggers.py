"""Trigger ids: who made them, for whom, and how long they live."""

import base64

import pytest

from gateway.standin import triggers
from gateway.standin.refusal import RefusedError
from gateway.standin.triggers import Triggers


def error(found: Triggers, trigger_id: str, seconds: int = 3) -> str:
    """The end of the error of one that is refused."""
    with pytest.raises(RefusedError) as caught:
        found.read(trigger_id, seconds)
    return caught.value.error_id.rpartition(".")[2]


def test_a_trigger_id_names_client_and_user(monkeypatch):
    """For some seconds, as often as one likes."""
    monkeypatch.setattr(triggers, "now", lambda: 1_000_000)
    found = Triggers()
    client, made = found.make("user")
    monkeypatch.setattr(triggers, "now", lambda: 1_003_000)
    assert [found.read(made, 3) for _ in range(2)] == [(client, "user")] * 2
    monkeypatch.setattr(triggers, "now", lambda: 1_003_001)
    assert error(found, made) == "expired"
    assert found.read(made, 4) == (client, "user")


def test_trigger_ids_of_others():
    """What is no base64, has too few parts, or is signed by nobody or for somebody else."""
    found = Triggers()
    _, made = found.make("user")
    text = base64.b64decode(made).decode()
    assert error(found, "?") == "base64_decode_failed"
    assert error(found, base64.b64encode(b"a:b").decode()) == "missing_data"
    assert error(found, base64.b64encode(b"a:b:c:d").decode()) == "expired"
    assert error(found, base64.b64encode(text.replace("user", "boss").encode()).decode()) == "verify_signature_failed"
    assert error(Triggers(), made) == "verify_signature_failed"
