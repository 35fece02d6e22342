"""Dialogs by the helpers of tests: opened from a command, searched, submitted, cancelled."""

import json

import pytest

from gateway.standin.refusal import RefusedError


@pytest.fixture
async def dialog(standin, client, integration):
    """Give a dialog that a command of `owner` opened."""
    standin.add_command("deploy", integration.url)
    await standin.execute("owner", "town-square", "/deploy")
    element = {"name": "who", "type": "select", "data_source": "dynamic", "data_source_url": f"{integration.url}/who"}
    opening = {
        "trigger_id": (await integration.form())["trigger_id"],
        "url": integration.url,
        "dialog": {"callback_id": "c", "title": "T", "state": "s", "elements": [element]},
    }
    assert (await client.ask("POST", "/api/v4/actions/dialogs/open", opening))[0] == 200
    integration.asked.clear()
    return standin.dialogs[0]


async def test_a_dialog_is_submitted_and_cancelled(standin, integration, dialog):
    """State and callback go along, and values keep their types."""
    assert (dialog.user, dialog.dialog["title"]) == ("owner", "T")
    integration.answers = [{"errors": {"who": "unknown"}}, b""]
    told = await standin.submit("owner", dialog, "town-square", {"who": 1.0, "sure": True})
    assert told == {"errors": {"who": "unknown"}}
    assert await standin.submit("owner", dialog, "town-square", None) == {}
    first, last = await integration.json(1), await integration.json(2)
    assert (first["state"], first["callback_id"], first["submission"]) == ("s", "c", {"who": 1, "sure": True})
    assert (first["user_id"], first["type"]) == (standin._world.owner.id, "dialog_submission")
    assert (last["submission"], last["cancelled"]) == (None, True)


async def test_choices_are_searched(standin, integration, dialog):
    """At the address of the field."""
    integration.answers = [{"items": [{"text": "Ann", "value": "1"}]}, b""]
    found = await standin.lookup("owner", dialog, "town-square", "who", "an")
    assert found == [{"text": "Ann", "value": "1"}]
    request, body = await integration.got()
    assert (request.path, json.loads(body)["submission"]) == ("/in/who", {"query": "an", "selected_field": "who"})
    assert await standin.lookup("owner", dialog, "town-square", "who", "x") == []


async def test_a_foreign_address_is_called_like_any_other(standin, integration, dialog):
    """It is the client's to say; only where he is counts."""
    standin.add_channel("secret", private=True)
    with pytest.raises(RefusedError, match="permissions"):
        await standin.submit("owner", dialog, "secret", {})
