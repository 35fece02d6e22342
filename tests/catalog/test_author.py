"""`author: EXPR`: a person as shared.yaml describes one."""

import pytest

from gateway.catalog.catalog import load
from gateway.errors import CatalogError


@pytest.mark.parametrize(("person", "name"), [("ada", "ada"), (7, "7"), (None, None), ([], None), ({}, None)])
def test_an_author_may_be_anything(shop, draft, person, name):
    """What is no object is the name itself, or nothing."""
    assert draft(load(shop).services["a"], {"by": person, "state": "x"}).message.attachments[0].author_name == name


def test_a_service_without_shared_yaml_has_no_author(two, write):
    """The fault says where to write what one is."""
    write("base/a/one.yaml", "title: One\nevents: [one]\nmessage: {attachments: [{author: by, title: x}]}\n")
    with pytest.raises(CatalogError, match=r"shared\.yaml does not say what an author is"):
        load(two)
