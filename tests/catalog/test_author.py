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


def test_an_author_may_be_an_id(two, write, draft):
    """What is no object has the name that the service makes of it, and is the name itself where that is nothing."""
    write("base/a/shared.yaml", 'author: {name: "{{ payload | path(\'names\') | at(item) }}", icon: "{{ icon }}"}\n')
    write("base/a/one.yaml", "title: One\nevents: [one]\nmessage: {attachments: [{author: by, title: x}]}\n")
    service = load(two).services["a"]
    for person, name in (("u1", "Ada"), ("u2", "u2")):
        shown = draft(service, {"by": person, "names": {"u1": "Ada"}}).message.attachments[0]
        assert (shown.author_name, shown.author_icon) == (name, None)
