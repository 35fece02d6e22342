"""What the gateway is compared with, as processes of their own: `python bare.py {handler,proxy,trivial} PORT [SINK]`.

`handler` reads the body and answers JSON; `proxy` sends the body on and answers with the answer: each is the least that
aiohttp lets a program do. `trivial` is no HTTP server at all: it shows what the load generator could reach.
"""

import asyncio
import sys

import sink
import uvloop
from aiohttp import ClientSession, web


async def _read(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response({"bytes": len(body)})


def _forwarding(session: ClientSession, url: str) -> web.Application:
    async def forward(request: web.Request) -> web.Response:
        body = await request.read()
        async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            return web.Response(status=answer.status, body=await answer.read())

    application = web.Application()
    application.router.add_post("/in/{route}", forward)
    return application


def _reading() -> web.Application:
    application = web.Application()
    application.router.add_post("/in/{route}", _read)
    return application


async def main(kind: str, port: int, sink_port: int) -> None:
    """Serve until killed."""
    if kind == "trivial":
        async with sink.serving(port):
            await asyncio.Event().wait()
    async with ClientSession() as session:
        url = f"http://127.0.0.1:{sink_port}/hooks/abc"
        runner = web.AppRunner(_reading() if kind == "handler" else _forwarding(session, url), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
