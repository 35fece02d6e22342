"""Relays as one writes them in an hour, at the port of the environment: `python relay.py {answering,forgetful}`.

`answering` proves, translates and posts a push before it answers, so the sender hears how that went. `forgetful`
answers at once and posts in the background, unproven, one attempt each: it shows that promises are really tried.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
from contextlib import suppress

import uvloop
from aiohttp import ClientError, ClientSession, ClientTimeout, web

HOOK = os.environ["PEER_HOOK"]
SECRET = os.environ["PEER_SECRET"].encode()


def message(body: bytes) -> dict[str, str]:
    """What Mattermost shows of a push."""
    push = json.loads(body)
    branch, commits = push["ref"].removeprefix("refs/heads/"), push["commits"]
    text = f"{push['pusher']['name']} pushed {len(commits)} commits to {branch} of {push['repository']['full_name']}"
    for commit in commits:
        subject = commit["message"].partition("\n")[0]
        text += f"\n- [`{commit['id'][:7]}`]({commit['url']}) {subject} ({commit['author']['name']})"
    return {"text": text}


def answering(session: ClientSession) -> web.Application:
    """Answer with how the post went."""

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        proof = "sha256=" + hmac.digest(SECRET, body, hashlib.sha256).hex()
        if not hmac.compare_digest(proof.encode(), request.headers.get("X-Hub-Signature-256", "").encode()):
            return web.Response(status=403)
        try:
            async with session.post(HOOK, json=message(body)) as answer:
                return web.Response(status=200 if answer.ok else 502)
        except (ClientError, TimeoutError):
            return web.Response(status=502)

    return _application(take)


def forgetful(session: ClientSession) -> web.Application:
    """Answer before anything is done."""
    posts = set()

    async def post(body: bytes) -> None:
        with suppress(ClientError, TimeoutError):
            async with session.post(HOOK, json=message(body)) as answer:
                await answer.read()

    async def take(request: web.Request) -> web.Response:
        posts.add(task := asyncio.create_task(post(await request.read())))
        task.add_done_callback(posts.discard)
        return web.Response(status=202)

    return _application(take)


def _application(take: object) -> web.Application:
    application = web.Application()
    application.router.add_post("/in/{route}", take)
    return application


async def main(kind: str) -> None:
    """Serve until killed."""
    seconds = ClientTimeout(total=float(os.environ["PEER_TIMEOUT"]))
    async with ClientSession(timeout=seconds) as session:
        application = {"answering": answering, "forgetful": forgetful}[kind](session)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(os.environ["PEER_PORT"])).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
