"""`mattergate schema`: what a translator takes, and the schemas for editors."""

import json

import pytest


def test_the_schema_of_a_translator_decides_what_it_takes(desk):
    """It is printed as it decides: what is not demanded may be null and every scalar."""
    desk.write("own/orders/service.yaml", "name: Orders\ndocs: https://example.com\nsetup: Enter the URL there.\n")
    desk.write(
        "own/orders/order.yaml",
        "title: One\nevents: ['']\ninput: {id: number, to?: {name: text}}\nmessage: {text: x}\n",
    )
    said = desk.run("schema", "orders/order", "--catalog", "own")
    assert said.code == 0, said.text
    found = json.loads(said.out)
    assert (found["required"], found["properties"]["id"]) == (["id"], {"type": "number"})
    assert set(found["properties"]["to"]["type"]) == {"object", "null", "string", "number", "boolean"}


def test_editors_get_the_schemas_of_all_documents(desk):
    """They lie where the first line of a document looks for them, and are written again at will."""
    desk.write("own/orders/service.yaml", "name: Orders\ndocs: https://example.com\nsetup: Enter the URL there.\n")
    for _ in range(2):
        assert desk.run("schema", "--write", "--catalog", "own").code == 0
    folder = desk.file.parent / "own"
    written = {path.name for path in folder.glob("*.json")}
    kinds = ("translator", "service", "sample", "callback")
    assert written == {f"{kind}.schema.json" for kind in kinds}
    assert json.loads((folder / "translator.schema.json").read_text())["title"]
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("items/itme",), 'did you mean "items/item"?'),
        (("githup/push",), 'did you mean "github"?'),
        ((), "name a translator"),
        (("github/push", "--write"), "name none"),
    ],
)
def test_wrong_usage_is_told(desk, arguments, told):
    """With what is meant."""
    said = desk.plain("schema", *arguments)
    assert said.code in (1, 2)
    assert told in said.text
