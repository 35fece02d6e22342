"""Events that documents name and no sample reaches."""

from gateway.catalog import catalog
from gateway.decode.unwrap import Idle
from gateway.pipeline.unsampled import Reached, unidentified, unnamed, unsampled, unused
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR


def test_a_name_is_reached_by_itself_and_a_pattern_by_one_that_it_covers(tmp_path):
    """What no sample reaches is told with what to do about it."""
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "service.yaml").write_text(ITEMS_SERVICE)
    text = ITEMS_TRANSLATOR.replace("events: [item]", "events: [item, item.*, gone]")
    assert text != ITEMS_TRANSLATOR
    (tmp_path / "items" / "item.yaml").write_text(text)
    translators = catalog.load([tmp_path]).services["items"].translators
    assert [one.index for one in unsampled(translators, Reached({}))] == [0, 1, 2]
    [left] = unsampled(translators, Reached({"items/item": {"item", "item.new"}, "items/other": {"gone"}}))
    assert left.index == 2
    assert "gone" in left.problem
    assert "items/samples/item.NAME.yaml" in left.remedy


def test_delivery_ids_that_no_sample_has_are_told(tmp_path):
    """Of a service that describes one, and of which a sample became an event."""
    for key, described in {"plain": ITEMS_SERVICE.replace("delivery_id:", "# "), "numbered": ITEMS_SERVICE}.items():
        (tmp_path / key).mkdir()
        (tmp_path / key / "service.yaml").write_text(described)
    services = catalog.load([tmp_path]).services.values()
    both = frozenset({"plain", "numbered"})
    assert [one.key for one in unidentified(services, Reached({}, both))] == ["numbered"]
    assert unidentified(services, Reached({}, both, both)) == []
    assert unidentified(services, Reached({})) == []


def test_names_and_steps_that_no_sample_has_are_told(tmp_path):
    """Of a service of which a sample became an event; a step that did something in one of them may be optional."""
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "service.yaml").write_text(ITEMS_SERVICE)
    [service] = catalog.load([tmp_path]).services.values()
    assert [one.key for one in unnamed([service], Reached({}, frozenset({"items"})))] == ["items"]
    assert unnamed([service], Reached({}, frozenset({"items"}), named=frozenset({"items"}))) == []
    step = Idle(1, "json: $.Mesage", "nothing is there")
    assert unused([service], Reached({}, idle={"items": {step}})) == [(service, step)]
    assert unused([service], Reached({})) == []
