"""The catalog as commands load it: what can be used, and the faults of the rest."""

from gateway.cli import catalog


def test_one_faulty_service_takes_no_other_along(desk):
    """The others can be used; the faults are those of the faulty one, and of a folder that is not there."""
    desk.write("catalog/bad/service.yaml", "name: Bad\n")
    known, faults = catalog.load([desk.folder / "catalog", desk.folder / "nowhere"])
    assert (list(known.faults), known.services["items"].translators != ()) == (["bad"], True)
    assert {fault.file.rpartition("/")[2] for fault in faults} == {"service.yaml", "nowhere"}
    assert catalog.names([desk.folder / "catalog", desk.folder / "nowhere"]) == ["bad", "items"]


def test_only_what_is_asked_for_is_looked_at(desk):
    """A fault elsewhere is not found then."""
    desk.write("catalog/bad/service.yaml", "name: Bad\n")
    known, faults = catalog.load([desk.folder / "catalog"], {"items"})
    assert (list(known.services), faults) == (["items"], [])


def test_services_are_completed():
    """Those whose keys begin like the word."""
    assert catalog.completions("gitl") == ["gitlab"]
