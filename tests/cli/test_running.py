"""The running gateway as commands ask it."""

import pytest
from msgspec import Struct

from gateway import settings
from gateway.cli.running import NoGatewayError, ask, base, change
from gateway.console.captures import CaptureState
from gateway.settings.keys import Address


class Anything(Struct):
    """An answer with a field."""

    version: str


async def test_an_operation_is_asked_for(running, desk):
    """The answer is read into a Struct; what is no answer of this version is told as such."""
    await running()
    known = settings.load(desk.file, {})
    assert (await ask(known, "/overview", Anything)).version
    with pytest.raises(NoGatewayError, match="is not a gateway of this version: GET /api/v1/nothing answered 404"):
        await ask(known, "/nothing", Anything)


@pytest.mark.parametrize("tables", ["", '[admin]\ntoken = "an-admin-token-of-the-tests"\n'])
async def test_an_operation_that_changes(running, desk, tables):
    """With the token, or where none is set as a page of the console does; what is refused says why."""
    await running(tables)
    known = settings.load(desk.file, {})
    begun = await change(known, "POST", "/captures", CaptureState)
    assert (await change(known, "GET", f"/captures/{begun.id}", CaptureState)).requests == ()
    assert await change(known, "DELETE", f"/captures/{begun.id}") is None
    with pytest.raises(NoGatewayError, match="there is no such capture"):
        await change(known, "GET", f"/captures/{begun.id}", CaptureState)


async def test_who_does_not_answer_is_told(desk):
    """With the address and what to do."""
    with pytest.raises(NoGatewayError, match=r"no gateway answers at .*:1 \(connection refused\): start it"):
        await ask(settings.load(desk.file, {}), "/overview", Anything)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9090"),
        ("0.0.0.0", "http://127.0.0.1:9090"),
        ("::", "http://[::1]:9090"),
        ("::1", "http://[::1]:9090"),
        ("gateway", "http://gateway:9090"),
    ],
)
def test_the_admin_listener_is_reached_from_this_machine(host, url):
    """An address that means all of them is asked at loopback."""
    assert base(Address(host, 9090)) == url
