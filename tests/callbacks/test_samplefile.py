"""The callbacks of the built-in catalog: every sample holds, and each callback has a usual and a failing one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.callbacks import samplefile
from gateway.callbacks.answer import OutsideAnswer
from gateway.callbacks.answering import answered
from gateway.callbacks.body import encoded
from gateway.callbacks.document import CALLBACK, callbacks
from gateway.callbacks.given import Given
from gateway.callbacks.known import KEYS
from gateway.callbacks.sample import differences
from gateway.callbacks.smoothing import Said
from gateway.catalog import catalog, files
from gateway.errors import CatalogError
from gateway.secret import Secret

FOLDERS = [files.builtin_folder()]
SAMPLES = files.samples(FOLDERS, CALLBACK.folder)
KNOWN = catalog.load(FOLDERS, {service for service, _ in SAMPLES})
CALLBACKS = [one for service in KNOWN.services.values() for one in callbacks(service).values()]


@pytest.mark.parametrize(("service", "path"), SAMPLES, ids=[f"{service}/{path.stem}" for service, path in SAMPLES])
def test_the_sample_holds(service, path):
    """What Mattermost sends becomes the request and the answer that the sample says."""
    one = samplefile.load(path)
    assert differences(one.expect, samplefile.rehearsed(KNOWN.services[service], one, path)) == []


def test_every_callback_has_samples_of_both_fates():
    """One in which it works, and one in which something fails."""
    fates = {
        (service, one.callback, bool(one.expect.problem)) for service, path in SAMPLES if (one := samplefile.load(path))
    }
    every = {(key, name) for key, service in KNOWN.services.items() for name in callbacks(service)}
    assert fates == {(*one, failing) for one in every for failing in (False, True)}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "a", "@all", "<a|b>", "\x00", "https://x.example/"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("incident title status text attachments fields errors error id".split()), inner
        )
    ),
    max_leaves=12,
)
GIVEN = Given({"url": "https://x.example"}, {"token": Secret("made-up-token")})


@given(
    st.sampled_from([(one, occasion) for one in CALLBACKS for occasion in one.answers]),
    st.dictionaries(st.sampled_from(sorted(KEYS)), JSON),
    st.builds(OutsideAnswer, st.sampled_from([200, 204, 302, 404, 503]), st.just({}), JSON.map(encoded) | st.binary()),
)
def test_nothing_that_is_said_or_answered_breaks_a_callback(one, values, answer):
    """Whatever it is, Mattermost gets an answer, and nothing is raised."""
    callback, occasion = one
    act = callback.act(Said(occasion, values), GIVEN)
    reply = callback.reply(act, answer if act.request is not None else None)
    assert msgspec.json.decode(answered(occasion, reply).body) is not None
    assert "made-up-token" not in repr(act) + repr(reply)


def test_a_sample_that_cannot_be_used_is_a_fault_of_its_file(tmp_path):
    """As every fault in a file that a person wrote."""
    path = tmp_path / "x.yaml"
    path.write_text("callback: gone\nsent: {form: {}}\nexpect: {}\n")
    with pytest.raises(CatalogError, match=r"x\.yaml:1: the service has no callback 'gone'"):
        samplefile.rehearsed(KNOWN.services["pagerduty"], samplefile.load(path), path)
