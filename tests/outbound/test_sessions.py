"""Client sessions: what every request has in common, and which certificates are trusted."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from gateway import __version__
from gateway.errors import SettingsError
from gateway.outbound.exchange import exchange
from gateway.outbound.sessions import Sessions, open_session

URL = "https://chat.example.com"
CERTIFICATE = str(Path(__file__).parents[1] / "data" / "tls" / "certificate.pem")


async def test_what_every_request_has_in_common(aiohttp_server):
    """A request tells who asks, and no header that is not needed; cookies of an answer are not sent back."""
    seen = []

    async def handler(request):
        seen.append(dict(request.headers))
        response = web.Response(text="ok")
        response.set_cookie("MMAUTHTOKEN", "x")
        return response

    app = web.Application()
    app.router.add_get("/", handler)
    server = await aiohttp_server(app)
    async with open_session() as session:
        for _ in range(2):
            await exchange(session, "GET", server.make_url("/"), None, None, 20.0)
    expected = {"Host": f"127.0.0.1:{server.port}", "User-Agent": f"mattergate/{__version__}"}
    assert seen == [expected, expected]


async def test_one_session_for_each_authority():
    """Senders that trust the same certificates share connections; all close with the stack."""
    async with AsyncExitStack() as stack:
        sessions = Sessions(stack)
        usual, private = await sessions.to(URL), await sessions.to(URL, CERTIFICATE)
        assert usual is await sessions.to(URL)
        assert private is await sessions.to(URL, CERTIFICATE)
        assert usual is not private
    assert usual.closed
    assert private.closed


async def test_a_file_without_certificates_says_so(tmp_path):
    """A `ca_file` of something else is a fault of the settings that names the file."""
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsError) as caught:
            await Sessions(stack).to(URL, str(file))
    assert str(file) in str(caught.value)
