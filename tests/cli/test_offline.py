"""A gateway made of what is on the disk, as `console.port.Gateway` wants it."""

import asyncio

from gateway import settings
from gateway.cli import journal
from gateway.cli.offline import OfflineGateway
from gateway.journal import Query

ID = "0199a000001000000000000000f"


async def test_it_knows_settings_and_catalog(desk):
    """Routes, destinations and services are those of the files; nothing of what only a process knows is made up."""
    await asyncio.to_thread(desk.store, ID)
    async with journal.opened(settings.load(desk.file, {})) as opened:
        gateway = OfflineGateway(settings.load(desk.file, {}), opened)
        assert set(gateway.destinations()) == {"ops", "dev"}
        assert gateway.route("items").service_key == "items"
        assert gateway.route("none") is None
        assert (await gateway.service("items")).key == "items"
        assert await gateway.service("none") is None
        assert gateway.samples("mattergate_requests_total") == ()
        assert gateway.trouble() == ""
        assert (await gateway.reload()).lines == ()


async def test_a_rehearsal_reads_and_stores_nothing(desk):
    """What it says would be sent is what the journal holds, which stays as it is."""
    await asyncio.to_thread(desk.store, ID)
    async with journal.opened(settings.load(desk.file, {})) as opened:
        rehearsal = OfflineGateway(settings.load(desk.file, {}), opened).rehearsal()
        [record] = (await rehearsal.journal.find(Query(event_id=ID))).records
        assert await rehearsal.journal.requeue([one.seq for one in record.deliveries]) == 1
        assert (await opened.find(Query(event_id=ID))).records == (record,)


def test_a_faulty_service_does_not_hide_an_event(desk):
    """The event is shown, and the faults of its service are told."""
    desk.store(ID)
    desk.write("catalog/items/item.yaml", "title: An item\nevents: [item]\nmessage: 5\n")
    said = desk.run("events", "show", ID)
    assert said.code == 0
    assert ID in said.out
    assert "catalog/items/item.yaml:3" in said.err
