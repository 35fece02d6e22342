"""The built-in catalog: every sample holds, each translator has a usual and an odd one, no payload surprises it."""

import functools
import warnings

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from gateway.catalog import catalog, files
from gateway.catalog.translator import context
from gateway.mattermost.fit import fitted
from gateway.model import Outcome, Request
from gateway.pipeline import samplefile
from gateway.pipeline.expectation import differences
from gateway.pipeline.rehearsal import rehearse
from gateway.pipeline.unsampled import unsampled
from gateway.standin import incoming

FOLDERS = [files.builtin_folder()]
SAMPLES = files.samples(FOLDERS)
KNOWN = catalog.load(FOLDERS)
TRANSLATORS = {translator.name: translator for one in KNOWN.services.values() for translator in one.translators}


@pytest.mark.parametrize(("service", "path"), SAMPLES, ids=[f"{service}/{path.stem}" for service, path in SAMPLES])
def test_the_sample_holds(service, path):
    """The request of the sample becomes what the sample says, and Mattermost takes it as it is."""
    one = samplefile.load(path)
    done = rehearse(one, KNOWN.services[service])
    assert one.secret
    assert not differences(one.expect, done.found)
    for message in done.found.messages or ():
        assert len(incoming.posts(incoming.read(msgspec.json.encode(message)), {})) == 1


@functools.cache
def speakers() -> dict[str, int]:
    """Translator -> how many samples it speaks in, those included in which it is silent on purpose."""
    counts = dict.fromkeys(TRANSLATORS, 0)
    for _, path in SAMPLES:
        speaker = samplefile.load(path).expect.translator or ""
        counts[speaker] = counts.get(speaker, 0) + 1
    return counts


@pytest.mark.parametrize("name", TRANSLATORS)
def test_every_translator_has_a_usual_and_an_odd_sample(name):
    """Two samples at least show what a translator does."""
    assert speakers()[name] >= 2


@pytest.mark.parametrize("key", KNOWN.services)
def test_every_service_says_how_to_set_it_up(key):
    """A service without setup text or documentation is no use to its operator."""
    one = KNOWN.services[key]
    assert len(one.setup) > 40
    assert one.docs.startswith("https://")


@pytest.mark.parametrize("name", TRANSLATORS)
def test_any_payload_of_the_schema_becomes_a_message_that_fits(name):
    """Payloads generated from a translator's schema always translate, and Mattermost takes message and card unsplit."""
    translator, cards = TRANSLATORS[name], KNOWN.services[name.partition("/")[0]].cards
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        payloads = from_schema(translator.input) if translator.input is not True else st.just({})

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(payload=payloads)
    def translates(payload):
        draft = translator.draft(context(payload, Request(), translator.events[0]), cards)
        for sent in (sent for one in (draft.message, draft.card) if one for sent in fitted(one)):
            drafts = incoming.posts(incoming.read(sent.payload), {})
            assert len(drafts) == 1

    translates()


def test_no_outcome_is_broken():
    """No sample shows a translator that fails."""
    assert all(samplefile.load(path).expect.outcome != Outcome.BROKEN for _, path in SAMPLES)


def test_every_event_of_every_document_is_reached_by_a_sample():
    """What a document names, somebody has seen."""
    reached = samplefile.reached(KNOWN.services, SAMPLES)
    assert not [one.problem for one in unsampled(TRANSLATORS.values(), reached)]


@pytest.mark.parametrize("key", sorted({service for service, _ in SAMPLES}))
def test_every_service_keeps_strangers_out_and_answers_its_handshakes(key):
    """A sample of each sender has a wrong signature, and as many as its document has handshakes are answered."""
    expected = [samplefile.load(path).expect for service, path in SAMPLES if service == key]
    assert any(one.cause == "wrong_secret" for one in expected)
    assert sum(one.outcome == "answered" for one in expected) >= len(KNOWN.services[key].handshake)
