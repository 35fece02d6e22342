"""Both ways of Kore.ai, from the question in Mattermost to the answer where it was asked."""

import base64
import hashlib
import hmac
import json

from aiohttp import web

from tests.acts.conftest import TOKEN, World, world
from tests.conftest import eventually

__all__ = ["world"]

TABLES = """
[callbacks.kore]
service = "kore-ai"
only = ["{only}"]
url = "http://127.0.0.1:{port}/kore"
private = true
tokens = ["t0k3n-of-mattermost-0123456"]
bot = "helper"
{secrets}
"""
SECRET = "the client secret of the app of the bot"


def tables(only: str, port: int, secrets: str) -> str:
    """The settings of one of the ways."""
    return TABLES.format(only=only, port=port, secrets=f"secrets = {{{secrets}}}")


async def begun(world, only: str, secrets: str) -> World:
    """A gateway before Kore.ai, which a first word calls."""
    made = await world(table=lambda port: tables(only, port, secrets))
    made.standin.add_outgoing(f"{made.url}/out/kore", "kore", token=TOKEN, content_type="application/json")
    return made


async def test_by_its_mattermost_channel(world) -> None:
    """Kore.ai is asked as by Mattermost, and posts its answer as to an incoming webhook, with the channel."""
    made = await begun(world, "mattermost", 'token = "a long word that both know"')
    made.outside.answers["/kore"] = lambda _: _empty()
    question = made.standin.say("ann", "ops", "kore where is my order?")
    await eventually(lambda: len(made.outside.paths("/kore")) == 1)
    (asked,) = made.outside.paths("/kore")
    assert (asked["token"], asked["text"], asked["user_name"]) == ("a long word that both know", asked["text"], "ann")
    assert asked["text"] == "kore where is my order?"
    status, _ = await made.post("/reply/kore", {"text": "It is on its **way**", "channel": asked["channel_id"]})
    assert status == 200
    await eventually(lambda: made.texts()[-1] == "It is on its **way**")
    assert made.standin.posts[-1].channel_id == question.channel_id
    status, _ = await made.post("/reply/kore", {"text": "evil", "channel": question.channel_id})
    assert (status, made.texts()[-1]) == (401, "It is on its **way**")


async def test_by_its_webhook_channel_at_once_and_later(world) -> None:
    """Each request has a signed token; a synchronous answer is posted at once, another one when it comes."""
    made = await begun(world, "webhook", f'client_id = "cs-123", client_secret = "{SECRET}"')
    made.outside.answers["/kore"] = lambda _: _json({"data": [{"type": "text", "val": "Which order?"}]})
    question = made.standin.say("ann", "ops", "kore where is my order?")
    await eventually(lambda: made.texts()[-1] == "Which order?")
    (asked,) = made.outside.paths("/kore")
    claims = verified(made.outside.headers[-1]["Authorization"])
    assert (claims["appId"], claims["sub"]) == ("cs-123", asked["from"]["id"])
    assert asked["message"]["val"] == "where is my order?"
    later = {"to": asked["from"]["id"], "data": [{"type": "text", "val": "It is on its way"}]}
    assert (await made.post("/reply/kore", later))[0] == 200
    await eventually(lambda: made.texts()[-1] == "It is on its way")
    assert made.standin.posts[-1].channel_id == question.channel_id


def verified(header: str) -> dict:
    """The claims of a token (RFC 7519) whose signature is right."""
    kind, _, token = header.partition(" ")
    signed, _, signature = token.rpartition(".")
    wanted = hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256)
    assert (kind, base64.urlsafe_b64decode(signature + "==")) == ("bearer", wanted)
    return json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))


async def _empty() -> web.Response:
    return web.Response()


async def _json(value: object) -> web.Response:
    return web.json_response(value)
