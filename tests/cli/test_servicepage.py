"""The page of a service in Markdown."""

from tests.conftest import ITEMS_SERVICE


def test_the_page_of_a_service(desk):
    """In Markdown: what messages look like, the steps and the body to paste, events, filters, proof, confidence."""
    more = 'topic: home\nconfidence: observed\nbody: \'{"kind": "item"}\'\nignore: [noise]\n'
    desk.write("catalog/items/service.yaml", ITEMS_SERVICE + more)
    request = "request: {body: {kind: item, box: lamp, number: 7}}\nexpect: {outcome: message}\n"
    desk.write("catalog/items/samples/item.usual.yaml", request)
    page = desk.run("services", "items", "--markdown").out
    assert page.startswith("# Items\n")
    for part in (
        "about home. Observed: ", "\n> lamp 7\n", '```\n{"kind": "item"}\n```', "| An item | `item` | `item` |",
        "`noise`", "\n- the secret in the URL", "| `box` | text |", "exists for tests alone",
    ):  # fmt: skip
        assert part in page
    assert "observed: " in desk.run("services", "items").out
    assert desk.run("services", "--markdown").code == 2
