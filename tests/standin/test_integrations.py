"""Administration of outgoing webhooks: what the contract suite does not reach."""

import pytest

from gateway.standin.refusal import RefusedError


async def test_hooks_that_clash(standin, client):
    """Two hooks of a channel must not share an address and a word, when made or when changed."""
    first = standin.add_outgoing("http://x", "a", "b")
    with pytest.raises(RefusedError, match="create_outgoing"):
        standin.add_outgoing("http://x", "b")
    other = standin.add_outgoing("http://x", "c")
    changed = {"id": other.id, "trigger_words": ["a"], "callback_urls": first.callback_urls}
    status, error = await client.boss("PUT", f"/hooks/outgoing/{other.id}", changed)
    assert (status, error["id"]) == (400, "api.webhook.update_outgoing.intersect.app_error")
    changed |= {"team_id": "other", "trigger_words": ["c"]}
    assert (await client.boss("PUT", f"/hooks/outgoing/{other.id}", changed))[0] == 400
    assert (await client.boss("PUT", f"/hooks/outgoing/{first.id}", changed))[0] == 400


async def test_hooks_go_with_their_channel_and_may_be_off(standin, client):
    """What is archived fires nothing more."""
    standin.add_outgoing("http://x", channel="room")
    standin.archive_channel("room")
    assert (await client.boss("GET", "/hooks/outgoing"))[1] == []
    standin.settings.service.enable_outgoing_webhooks = False
    with pytest.raises(RefusedError, match="501"):
        standin.add_outgoing("http://x", "a")
