"""The composition root: what stops a start, and what a stop leaves behind."""

import asyncio
import socket
from contextlib import suppress

import aiohttp
import pytest
from structlog.testing import capture_logs

from gateway import settings
from gateway.app import app
from gateway.errors import JournalError, SettingsError

HOOK = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
ROUTE = '[routes.open]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n'


def known(folder, *, listen: str = "127.0.0.1:0", admin: str = "127.0.0.1:0", more: str = ROUTE, journal: str = "a.db"):
    """Settings of a gateway whose destination does not answer."""
    text = (
        f'[server]\nlisten = "{listen}"\nadmin = "{admin}"\ngrace = "1s"\n[journal]\nurl = "sqlite:{journal}"\n'
        f'[catalog]\nreload = false\n[destinations.ops]\nhook = "http://127.0.0.1:9/hooks/{HOOK}"\n{more}'
    )
    return settings.parse(text, str(folder / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))


async def open_ports(*urls: str) -> list[bool]:
    """Which of these somebody listens at."""
    found = []
    for url in urls:
        host, _, port = url.removeprefix("http://").rpartition(":")
        try:
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            found.append(False)
        else:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            found.append(True)
    return found


async def test_a_gateway_listens_until_it_is_left(tmp_path):
    """Both listeners are there inside the block and gone behind it; what stays in memory was told of."""
    renewed = []
    async with app.running(known(tmp_path), on_change=lambda: renewed.append(1)) as running:
        assert await open_ports(running.public, running.admin) == [True, True]
        assert (bool(renewed), running.failed.done()) == (True, False)
    assert await open_ports(running.public, running.admin) == [False, False]


async def test_what_was_accepted_is_there_after_a_restart(tmp_path):
    """A stop loses nothing that was answered with a 2xx, whatever the destination does."""
    async with aiohttp.ClientSession() as session:
        async with app.running(known(tmp_path)) as running:
            response = await session.post(f"{running.public}/in/open", json={"text": "hello"})
            assert response.status == 202
            accepted = (await response.json())["id"]
        async with app.running(known(tmp_path)) as running:
            response = await session.get(f"{running.admin}/api/v1/events/{accepted}")
            found = await response.json()
    assert [one["state"] for one in found["deliveries"]] == ["pending"]


@pytest.mark.parametrize("which", ["listen", "admin"])
async def test_a_port_that_is_taken_stops_the_start_whole(tmp_path, which):
    """The address is told with a guess at the reason; whatever was started before has ended, and a start works then."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=rf"server: cannot listen on {address}: .* \(is it running already\?\)"):
            async with app.running(known(tmp_path, **{which: address})):
                pass
    async with app.running(known(tmp_path, **{which: address})) as running:
        assert await open_ports(running.public, running.admin) == [True, True]


async def test_addresses_of_ipv6_are_urls(tmp_path):
    """In brackets."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with app.running(known(tmp_path, listen="[::1]:0", admin="[::1]:0")) as running:
        assert running.public.startswith("http://[::1]:")
        assert await open_ports(running.public, running.admin) == [True, True]


async def test_a_journal_that_is_none_stops_the_start(tmp_path):
    """It is told, and nothing listens."""
    (tmp_path / "a.db").write_bytes(b"no journal" * 1000)
    with pytest.raises(JournalError, match=r"a\.db"):
        async with app.running(known(tmp_path)):
            pass


async def test_a_route_without_its_service_is_told_and_stops_nothing(tmp_path):
    """The log has the line of the settings; the other routes serve."""
    more = ROUTE + ROUTE.replace("open", "a").replace("generic", "nothing")
    with capture_logs() as told:
        async with app.running(known(tmp_path, more=more)) as running, aiohttp.ClientSession() as session:
            assert (await session.post(f"{running.public}/in/open", json={"text": "hello"})).status == 202
            response = await session.post(f"{running.public}/in/a", json={"text": "hello"})
            assert (response.status, (await response.json())["translator"]) == (202, "generic")
    faults = [line["fault"] for line in told if line["log_level"] == "error"]
    assert any("routes.a.service: the catalog has no service 'nothing'" in fault for fault in faults)


async def test_routes_that_cannot_be_proven_stop_the_start(tmp_path):
    """Before anything is started: not even the journal is made."""
    with pytest.raises(SettingsError, match=r"routes\.open: anyone could post here"):
        async with app.running(known(tmp_path, more=ROUTE.replace("allow_unsigned = true", ""))):
            pass
    assert not list(tmp_path.glob("a.db*"))


async def test_without_a_reader_a_reload_finds_what_runs(tmp_path):
    """A gateway that was given its settings takes up the same ones."""
    async with app.running(known(tmp_path)) as running:
        assert (await running.reload()).lines == ()
