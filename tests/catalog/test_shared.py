"""shared.yaml: its faults, and what a change of it does."""

import pytest

from gateway.catalog.catalog import Catalog
from tests.catalog.conftest import ONE, SHARED, fault_in


@pytest.mark.parametrize(
    ("name", "text", "line", "told"),
    [
        ("shared", SHARED.replace("{login?: text, url?: url}", "uzer"), 2, "there is no shape 'uzer'"),
        ("shared", SHARED.replace("opened", "openend"), 4, "did you mean opened?"),
        ("shared", SHARED.replace("[gone astray, change, warned]", "[gone astray, change, odd]"), 4, "[word, open|"),
        ("shared", SHARED.replace("[gone astray, change, warned]", "[closed, change, gone]"), 4, "in all services"),
        ("shared", SHARED.replace("1 / 0", "1 | nothing"), 8, "no function `nothing`"),
        ("shared", SHARED + "more: 1\n", 9, "more"),
        ("one", ONE.replace("{order: state}", "{orders: state}"), 5, "did you mean order?"),
        ("one", ONE.replace("message:", "let: {root: x}\nmessage:"), 7, "shared.yaml gives this name"),
    ],
)
def test_a_fault_is_told_where_it_is(shop, write, name, text, line, told):
    """In the document that has it."""
    file = write(f"base/a/{name}.yaml", text)
    fault = fault_in(shop, file)
    assert fault.line == line
    assert told in f"{fault.problem} {fault.where}"


def test_a_change_of_what_is_shared_compiles_the_documents_again(shop, write, draft):
    """A reload shows it."""
    before = Catalog(shop, ["a"])
    before.service("a")
    write("base/a/shared.yaml", SHARED.replace("placed: opened", "placed: published"))
    after = Catalog(shop, ["a"], before)
    made = draft(after.services["a"], {"state": "placed", "by": "ada"})
    assert made.message.attachments[0].title == "order published"
