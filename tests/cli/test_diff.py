"""`mattergate diff`: what an edited folder would change of the events of the journal."""

from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR


def edit(desk, translator: str = ITEMS_TRANSLATOR.replace("{{ box }} {{ number }}", "box {{ box }}")) -> None:
    """Write an edited folder beside the one of the settings."""
    desk.write("edited/items/service.yaml", ITEMS_SERVICE)
    desk.write("edited/items/item.yaml", translator)


def test_each_event_that_would_change(desk):
    """As a patch, then a sum; as JSON, with what it is before and after."""
    edit(desk)
    desk.store("019a7c3d11")
    desk.store("019a7c3d12", body=b'{"kind": "item", "box": "b", "number": "odd"}')
    said = desk.run("diff", "--catalog", "edited")
    assert said.code == 0, said.text
    assert "019a7c3d11" in said.out
    assert "-  - text: a 1\n+  - text: box a\n" in said.out
    assert "2 events: 1 would be told otherwise" in said.out
    [row] = desk.run("diff", "--catalog", "edited", "-o", "jsonl").lines
    assert row["after"]["events"][0]["messages"][0]["text"] == "box a"
    assert "none would be told otherwise" in desk.run("diff", "--catalog", "catalog").out


def test_which_events(desk):
    """The newest ones, of a service or route; an unknown name ends the command."""
    edit(desk)
    for number in range(3):
        desk.store(f"019a7c3d1{number}", ago=3 - number)
    rows = desk.run("diff", "--catalog", "edited", "--last", "2", "-o", "jsonl").lines
    assert [row["event"] for row in rows] == ["019a7c3d12", "019a7c3d11"]
    assert desk.run("diff", "--catalog", "edited", "--service", "itmes").code == 2
    assert len(desk.run("diff", "--catalog", "edited", "--route", "items", "-o", "jsonl").lines) == 3


def test_a_faulty_edit(desk):
    """Its faults end the command, and nothing is compared."""
    edit(desk, "title: [")
    desk.store("019a7c3d11")
    said = desk.run("diff", "--catalog", "edited")
    assert said.code == 1
    assert "edited/items/item.yaml" in said.err
    assert desk.run("diff").code == 2
