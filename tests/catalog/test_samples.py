"""The built-in catalog: every sample holds, each translator has a usual and an odd one, no payload surprises it."""

import functools

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from gateway.catalog.translator import context
from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import decode
from gateway.model import Outcome, Request
from gateway.pipeline import samplefile
from gateway.pipeline.expectation import differences
from gateway.pipeline.rehearsal import rehearse
from gateway.pipeline.unsampled import unsampled
from gateway.standin import incoming
from tests import builtin
from tests.builtin import KEYS, SAMPLE_IDS, SAMPLES, TRANSLATORS
from tests.catalog.payloads import payloads
from tests.catalog.test_bad_input import check


@pytest.mark.parametrize(("service", "path"), SAMPLES, ids=SAMPLE_IDS)
def test_the_sample_holds(service, path):
    """The request of the sample becomes what the sample says, and Mattermost takes it as it is."""
    one = builtin.sample(path)
    done = rehearse(one, builtin.service(service))
    assert one.secret
    assert not differences(one.expect, done.found)
    for message in done.found.messages or ():
        assert len(incoming.posts(incoming.read(msgspec.json.encode(message)), {})) == 1


@functools.cache
def speakers() -> dict[str, int]:
    """Translator -> how many samples it speaks in, those included in which it is silent on purpose."""
    counts = dict.fromkeys(TRANSLATORS, 0)
    for _, path in SAMPLES:
        speaker = builtin.sample(path).expect.translator or ""
        counts[speaker] = counts.get(speaker, 0) + 1
    return counts


@pytest.mark.parametrize("name", TRANSLATORS)
def test_every_translator_has_a_usual_and_an_odd_sample(name):
    """Two samples at least show what a translator does."""
    assert speakers()[name] >= 2


@pytest.mark.parametrize("key", KEYS)
def test_every_service_says_how_to_set_it_up(key):
    """A service without setup text or documentation is no use to its operator."""
    one = builtin.service(key)
    assert len(one.setup) > 40
    assert one.docs.startswith("https://")


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("name", TRANSLATORS)
def test_any_payload_of_the_schema_becomes_a_message_that_fits(name, examples):
    """Generated payloads always translate; Mattermost takes message and card unsplit, and nobody is mentioned."""
    translator, service = builtin.translator(name), name.partition("/")[0]
    cards = builtin.service(service).cards

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(payload=payloads(translator.input))
    def translates(payload):
        draft = translator.draft(context(payload, Request(), translator.events[0]), cards)
        for sent in (sent for one in (draft.message, draft.card) if one for sent in fitted(one)):
            assert len(incoming.posts(incoming.read(sent.payload), {})) == 1
            check(decode(sent.payload), service)

    translates()


def test_no_outcome_is_broken():
    """No sample shows a translator that fails."""
    assert all(builtin.sample(path).expect.outcome != Outcome.BROKEN for _, path in SAMPLES)


def test_every_event_of_every_document_is_reached_by_a_sample():
    """What a document names, somebody has seen."""
    reached = samplefile.reached(builtin.services(), SAMPLES)
    assert not [one.problem for one in unsampled(map(builtin.translator, TRANSLATORS), reached)]


@pytest.mark.parametrize("key", sorted({service for service, _ in SAMPLES}))
def test_every_service_keeps_strangers_out_and_answers_its_handshakes(key):
    """A sample of each sender has a wrong signature, and as many as its document has handshakes are answered."""
    expected = [builtin.sample(path).expect for service, path in SAMPLES if service == key]
    assert any(one.cause == "wrong_secret" for one in expected)
    assert sum(one.outcome == "answered" for one in expected) >= len(builtin.service(key).handshake)


def test_every_sample_says_what_comes_out():
    """One that is told says the messages, for somebody to have read them."""
    told = [(path.name, one.expect) for path, one in ((path, builtin.sample(path)) for _, path in SAMPLES)]
    assert not [name for name, one in told if one.outcome == Outcome.MESSAGE and not one.messages]
