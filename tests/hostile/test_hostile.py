"""A few thousand hostile inputs against the running gateway: what the whole run shows, in its short form."""

import subprocess
import sys
from pathlib import Path
from random import Random
from types import SimpleNamespace

import msgspec
import pytest

from tests.conftest import PATIENCE
from tests.hostile import corpus, crowding, drafts, inputs, subject
from tests.hostile.attacker import Attack, Failure
from tests.hostile.drafts import SECRET, break_proof, prove
from tests.hostile.inspection import Inspection, confirmed
from tests.hostile.subject import ask

HERE = Path(__file__).parent
INPUTS = 3_000
SEED = 20_261_129
TRIES = 3
"""How often the crowd comes before its sender counts as held up: others on the machine hold it up, too."""
GROUPS = [corpus.services()[start : start + 20] for start in range(0, len(corpus.services()), 20)]
"""Services that share a gateway."""


@pytest.mark.slow
@pytest.mark.xdist_group("hostile")
async def test_hostile_inputs_are_answered(tmp_path):
    """No input is answered above 499 but 503, holds the loop, reaches a secret, fills the log or gets lost."""
    async with subject.running(tmp_path) as gateway:
        attack = Attack(gateway.port, (inputs.make(SEED, number) for number in range(INPUTS)), subject.SECRETS)
        inspection = Inspection(gateway, attack)
        await gateway.quiet(0.3)  # all services are compiled
        async with inspection.watching():
            await attack.run()
        rows = await inspection.rows(await confirmed(gateway, inspection.slow))
    assert attack.sent == INPUTS
    assert not [row for row in rows if row.met is False]


@pytest.mark.slow
@pytest.mark.xdist_group("hostile")
async def test_a_crowd_without_proof_costs_the_others_little(tmp_path):
    """Large bodies without proof, held back, leave the gateway its memory, and a proven sender its answers."""
    for number in range(TRIES):
        (folder := tmp_path / str(number)).mkdir()
        found = await crowding.measured(folder, connections=400, seconds=3.0)
        assert found.peak < crowding.MEMORY, found
        assert set(found.answers) == {202}
        if found.beside <= crowding.SLOWER * max(found.alone, 0.05):
            return
    pytest.fail(f"each time: {found}")


def test_inputs_can_be_made_again(monkeypatch):
    """The same seed and number give the same input, whatever was made before; others give others."""
    monkeypatch.setattr(drafts, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    first = [inputs.make(SEED, number) for number in range(200)]
    again = [inputs.make(SEED, number) for number in reversed(range(200))]
    assert first == again[::-1]
    assert len({msgspec.json.encode(one) for one in first}) == 200
    assert inputs.make(SEED + 1, 0) != first[0]


def test_inputs_survive_the_file_of_failures():
    """An input that failed is sent again as it was, whatever bytes it holds."""
    for number in range(300):
        one = inputs.make(SEED, number)
        kept = msgspec.json.encode(Failure("answered 500", one, b"\xff"))
        assert msgspec.json.decode(kept, type=Failure).input == one


def test_inputs_are_of_every_kind():
    """Every service, every change and every kind of route occurs among a thousand."""
    made = [inputs.make(SEED, number) for number in range(1000)]
    assert {one.service for one in made} == {service.key for service in corpus.services()}
    assert {change for one in made for change in one.changes} >= {
        "in_structure", "in_every_text", "in_bytes", "as_form", "as_multipart", "as_xml", "as_cloudevent", "headers",
        "encoding", "target", "pass-through", "malformed",
    }  # fmt: skip
    for variant in inputs.VARIANTS:
        assert any(one.draft.path.startswith(f"/in/{one.service}{variant}") for one in made)


@pytest.mark.parametrize("services", GROUPS, ids=lambda services: f"{services[0].key} to {services[-1].key}")
async def test_what_is_signed_is_authentic(services, start):
    """A sample that is proven by a scheme of its service passes, and one whose proof is damaged does not."""
    secrets = f'secrets = ["{SECRET}", "sender:{SECRET}"]'
    keys = [service.key for service in services]
    routes = [f'[routes.{key}]\nservice = "{key}"\ndestinations = ["ops"]\n{secrets}\n' for key in keys]
    gateway = await start("".join(routes))
    port, rng = int(gateway.url.rpartition(":")[2]), Random(SEED)
    for service, scheme in [(one, scheme) for one in services for scheme in one.schemes]:
        tries = map(inputs.copy, service.events)
        made = next((draft for draft in tries if prove(draft, scheme, user=f"sender:{SECRET}")), None)
        if made is not None:
            assert (await ask(port, made.wire()))[0] in (200, 202), (service.key, scheme)
            break_proof(made, service.schemes, rng)
            assert (await ask(port, made.wire()))[0] == 401, (service.key, scheme)


def test_what_went_wrong_is_told():
    """The inspection is able to fail: a status above 499, a secret in an answer, no answer."""
    attack = Attack(0, iter(()), ["a secret"])
    one = inputs.make(SEED, 1)
    attack.look(one, b"HTTP/1.1 500 Oh\r\nContent-Length: 8\r\n\r\na secret")
    attack.look(one, b"HTTP/1.1 503 Busy\r\n\r\n")
    attack.unanswered(msgspec.structs.replace(one, raw=b""), "no answer")
    attack.look(one, b'HTTP/1.1 202 OK\r\n\r\n{"id":"0123456789abcdef01234567"}')
    assert [failure.why for failure in attack.failures] == [
        "answered 500", "a secret in the answer", "503 without Retry-After", "no answer",
    ]  # fmt: skip
    assert attack.accepted == ["0123456789abcdef01234567"]


@pytest.mark.parametrize("command", ["run", "crowd"])
def test_help_teaches(command):
    """The help says what is sent, what must hold, and that nothing else should run."""
    done = subprocess.run(
        [sys.executable, HERE / command, "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    words = {
        "run": ("--inputs", "--replay", "1,000,000", "signed", "50 ms", "asyncio"),
        "crowd": ("--connections", "4.9 MB", "p99"),
    }
    for word in words[command]:
        assert word in done.stdout
