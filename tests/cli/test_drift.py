"""`mattergate drift`: what no document understands, from the journal."""

ODD = b'{"kind": "item", "box": "a", "number": "one"}'
OTHER = b'{"kind": "parcel", "box": "a"}'


def test_kinds_are_listed_with_an_example(desk):
    """Each with how often, since when, what is wrong, and the newest event; a service narrows it."""
    desk.store("019a7c3d10")
    assert "no drift" in desk.run("drift").text
    desk.store("019a7c3d11", body=ODD, note="mismatch", ago=120)
    desk.store("019a7c3d12", body=ODD, note="mismatch", ago=60)
    [row] = desk.run("drift", "-o", "jsonl").lines
    assert (row["service"], row["event"], row["why"], row["count"]) == ("items", "item", "mismatch", 2)
    assert row["example"] == "019a7c3d12"
    assert row["paths"] == ['$.number has to be a whole number, and is "one"']
    table = desk.run("drift", "items").out
    assert "items/item: $.number" in table
    assert desk.run("drift", "github", "-o", "jsonl").lines == []
    assert desk.run("drift", "--since", "90s", "-o", "jsonl").lines[0]["count"] == 1


def test_an_event_that_nobody_knows(desk):
    """Its row says so; a catalog that has learned it, too."""
    desk.store("019a7c3d11", body=OTHER, note="unknown")
    assert "no document knows this event" in desk.run("drift").out
    document = "title: A parcel\nevents: [parcel]\ninput: {box: text}\nmessage: {text: '{{ box }}'}\n"
    desk.write("catalog/items/parcel.yaml", document)
    assert "understood by the catalog as it is now" in desk.run("drift").out


def test_a_service_that_nobody_knows(desk):
    """It ends the command; a service that is gone is told."""
    desk.store("019a7c3d11", service="former", note="unknown")
    assert desk.run("drift", "itmes").code == 2
    assert "the catalog has no service former any more" in desk.run("drift", "former").out
