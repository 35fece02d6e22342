"""Events that documents name and no sample reaches."""

from gateway.catalog import catalog
from gateway.pipeline.unsampled import unsampled
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR


def test_a_name_is_reached_by_itself_and_a_pattern_by_one_that_it_covers(tmp_path):
    """What no sample reaches is told with what to do about it."""
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "service.yaml").write_text(ITEMS_SERVICE)
    text = ITEMS_TRANSLATOR.replace("events: [item]", "events: [item, item.*, gone]")
    assert text != ITEMS_TRANSLATOR
    (tmp_path / "items" / "item.yaml").write_text(text)
    translators = catalog.load([tmp_path]).services["items"].translators
    assert [one.index for one in unsampled(translators, {})] == [0, 1, 2]
    [left] = unsampled(translators, {"items/item": {"item", "item.new"}, "items/other": {"gone"}})
    assert left.index == 2
    assert "gone" in left.problem
    assert "items/samples/item.NAME.yaml" in left.remedy
