"""The callbacks of the built-in catalog: every sample holds, and each callback has a usual and a failing one."""

import pytest

from gateway.callbacks import samplefile
from gateway.callbacks.document import CALLBACK, callbacks
from gateway.callbacks.sample import differences
from gateway.catalog import catalog, files
from gateway.errors import CatalogError

FOLDERS = [files.builtin_folder()]
SAMPLES = files.samples(FOLDERS, CALLBACK.folder)
KNOWN = catalog.load(FOLDERS, {service for service, _ in SAMPLES})


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


def test_a_sample_that_cannot_be_used_is_a_fault_of_its_file(tmp_path):
    """As every fault in a file that a person wrote."""
    path = tmp_path / "x.yaml"
    path.write_text("callback: gone\nsent: {form: {}}\nexpect: {}\n")
    with pytest.raises(CatalogError, match=r"x\.yaml:1: the service has no callback 'gone'"):
        samplefile.rehearsed(KNOWN.services["pagerduty"], samplefile.load(path), path)
