"""What is posted without a token: limits, and errors that repeat the secret of the address."""

import json

import aiohttp
import pytest


async def test_errors_repeat_the_id_of_the_address(client):
    """As the real ones do: they must not be shown."""
    for path in (f"/hooks/{'y' * 26}", f"/hooks/commands/{'y' * 26}"):
        _, text, _ = await client.ask("POST", path, {"text": "x"})
        assert "y" * 26 in json.loads(text)["message"]


async def test_a_body_has_a_limit(standin, client, integration):
    """That of all requests, with some bytes more."""
    standin.settings.service.maximum_payload_size_bytes = 100
    standin.add_command("deploy", integration.url)
    await standin.execute("owner", "town-square", "/deploy")
    (later,) = standin._world.delayed
    assert (await client.ask("POST", f"/hooks/commands/{later}", b"x" * 612))[0] == 200
    assert (await client.ask("POST", f"/hooks/commands/{later}", b"x" * 613))[0] == 413


async def test_trouble_reaches_later_answers(standin, client):
    """They are cut or refused as all other requests are."""
    standin.fail_next(1, 503)
    assert (await client.ask("POST", "/hooks/commands/x", b"x"))[0] == 503
    body = json.dumps({"extra_responses": [None]}).encode()
    with pytest.raises(aiohttp.ClientError):
        await client.session.post(
            f"{client.url}/hooks/commands/x", data=body, headers={"Content-Type": "application/json"}
        )
    assert standin.stats["crashes"] == 1
