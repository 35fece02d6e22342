"""The curl command of an event: a real shell and a real curl repeat the request byte for byte."""

import asyncio
import gzip
import os
import shutil
from urllib.parse import unquote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from gateway.console import curl
from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.masking import kept_request
from gateway.verify.verify import parse_scheme

SECRET = 'it\'s a "secret" $HOME'
LIMIT = 1_000_000
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@pytest.fixture
async def repeated(tmp_path):
    """A function that runs the command of a request; gives (method, path and query, headers, body) as they arrived."""
    arrived = []

    async def take(request: web.Request) -> web.Response:
        arrived.append(
            (
                request.method,
                request.raw_path,
                {name.lower(): value for name, value in request.headers.items()},
                await request.read(),
            )
        )
        return web.Response()

    app = web.Application(client_max_size=LIMIT)
    app.router.add_route("*", "/{path:.*}", take)

    async with TestServer(app) as server:

        async def run(request: Request, path: str = "/in/a", schemes=(), **more: str):
            whole = Request(request.method, request.headers, {}, request.body, more.get("path_secret", ""),
                            f"http://127.0.0.1:{server.port}{path}")  # fmt: skip
            kept = kept_request(Content(whole), schemes)
            line = curl.command(kept, schemes, LIMIT)
            assert SECRET not in line
            script = tmp_path / "repeat.sh"
            script.write_text(line)
            process = await asyncio.create_subprocess_exec(
                "sh", script, env={**os.environ, "SECRET": SECRET},
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            _, said = await process.communicate()
            assert process.returncode == 0, (line, said)
            return arrived[-1]

        yield run


@needs_curl
@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "it\'s $HOME `id` \\"x\\" \\\\ !!"}',
        "@file grüße\n\n".encode(),
        b"a\r\nb\r\n",
        b"\x00\xff\x1b binary \n",
        b"form\x0cfeed\n",
        b"-x",
        b"x" * 200_000,
        "\u4e2d".encode() * 60_000,
        gzip.compress(b"{}"),
        b"",
    ],
    ids=["quotes", "at", "crlf", "binary", "form feed", "dash", "large", "large of few signs", "gzip", "empty"],
)
async def test_the_body_arrives_as_it_was(repeated, body):
    """Quotes, line ends, NUL, what looks like an option or a file: all of it comes out of the shell unchanged."""
    headers = {"x-event": "it's", "x-empty": "", "user-agent": "sender/1", "content-length": "7", "cookie": "***"}
    method, _, got, data = await repeated(Request("PUT", headers, {}, body))
    assert (method, data) == ("PUT", body)
    assert (got["x-event"], got["x-empty"], got["user-agent"]) == ("it's", "", "sender/1")
    assert "content-type" not in got
    assert "cookie" not in got


@needs_curl
async def test_secrets_are_a_variable(repeated):
    """Whoever has the secret in $SECRET repeats the request; the command itself does not tell it."""
    bearer = (parse_scheme({"header": "Authorization", "prefix": "Bearer "}),)
    request = Request("POST", {"authorization": f"Bearer {SECRET}"}, {}, b"x")
    assert (await repeated(request, schemes=bearer))[2]["authorization"] == f"Bearer {SECRET}"
    basic = (parse_scheme({"basic": "ada"}),)
    request = Request("POST", {"authorization": "Basic YWRhOng="}, {}, b"x")
    assert "Basic " in (await repeated(request, schemes=basic))[2]["authorization"]
    token = (parse_scheme({"token": "t"}),)
    request = Request("POST", {"content-type": "text/plain"}, {}, b'{"t": "abc\'d", "n": "not abc\'d"}')
    *_, body = await repeated(request, schemes=token)
    assert body.decode() == f'{{"t": "{SECRET}", "n": "not {SECRET}"}}'


def test_secrets_of_the_url_are_a_variable():
    """A secret in the path or the query is a hole in the URL; a URL that could not be read is one as a whole."""
    schemes = (parse_scheme({"query": "token"}),)
    request = kept_request(
        Content(Request("POST", {}, {}, b"", "psst", "https://h/in/a/psst?token=psst&x=it%27s")), schemes
    )
    line = curl.command(request, schemes, LIMIT)
    assert "psst" not in line
    assert "'https://h/in/a/'\"$SECRET\"'?token='\"$SECRET\"'&x=it%27s'" in line
    assert curl.command(Request(url=""), (), LIMIT).endswith('"$URL"')


@needs_curl
async def test_braces_and_brackets_are_no_patterns(repeated):
    """A URL is taken as it is written."""
    _, path, _, _ = await repeated(Request("GET"), "/in/a?x=[1-3]&y={a,b}")
    assert unquote(path) == "/in/a?x=[1-3]&y={a,b}"


@given(st.text(), st.binary(max_size=100))
def test_any_request_has_a_command(value, body):
    """No header and no bytes raise anything, also those that are not Unicode."""
    broken = value.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    assert curl.command(Request("POST", {"x": broken}, {}, body), (), LIMIT).startswith(("curl", "printf"))
