"""Administration over REST: who may, and what is told of what is not there."""

import pytest

from gateway.standin import administration
from gateway.standin.refusal import new_id
from tests.standin.conftest import Client


async def test_nobody_else_administers(standin, client: Client):
    """Every call is refused to somebody who is no administrator, before anything is looked up."""
    token, other = standin.add_bot("gate"), new_id()
    for method, path, _ in administration.routes():
        filled = path
        for name in ("user", "team", "channel", "hook"):
            filled = filled.replace(f"{{{name}:[A-Za-z0-9]+}}", other)
        status, _, _ = await client.ask(method, f"/api/v4{filled}", {}, token)
        assert status == 403, (method, path)
        if path != "/users":  # by which the first person signs up
            assert (await client.ask(method, f"/api/v4{filled}", {}))[0] == 401, (method, path)


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("DELETE", "/teams/{id}", None, "app.team.get.find.app_error"),
        ("POST", "/teams/{id}/members", {"user_id": "u"}, "app.team.get.find.app_error"),
        ("POST", "/channels", {"team_id": "{id}", "name": "a", "display_name": "A", "type": "O"},
         "app.team.get.find.app_error"),
        ("DELETE", "/channels/{id}", None, "app.channel.get.existing.app_error"),
        ("PUT", "/users/{id}/roles", {"roles": "system_user"}, "app.user.missing_account.const"),
        ("POST", "/hooks/incoming", {"channel_id": "{id}"}, "app.channel.get.existing.app_error"),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_told(client, method, path, body, error):
    """An id of nothing is 404 with the error of its kind."""
    other = new_id()
    filled = {name: value.replace("{id}", other) for name, value in body.items()} if body else None
    status, document = await client.boss(method, path.replace("{id}", other), filled)
    assert (status, document["id"]) == (404, error)


async def test_a_hook_of_nobody_is_refused(standin, client):
    """The owner of a hook has to be there."""
    channel = standin.add_channel("ops")
    status, document = await client.boss("POST", "/hooks/incoming", {"channel_id": channel, "user_id": new_id()})
    assert (status, document["id"]) == (404, "app.user.missing_account.const")


async def test_a_name_that_is_taken_is_refused(standin, client):
    """Channels keep their names apart; its own name is none that is taken."""
    ops, _ = standin.add_channel("ops"), standin.add_channel("dev")
    status, document = await client.boss("PUT", f"/channels/{ops}/patch", {"name": "dev"})
    assert (status, document["id"]) == (400, "store.sql_channel.update.exists.app_error")
    assert (await client.boss("PUT", f"/channels/{ops}/patch", {"name": "ops"}))[0] == 200
    assert (await client.boss("PUT", f"/channels/{ops}/patch", {"name": "new"}))[1]["name"] == "new"


@pytest.mark.parametrize(
    "patch",
    [
        {"ServiceSettings": None},
        {"ServiceSettings": [1]},
        {"ServiceSettings": "x"},
        {"RateLimitSettings": {"PerSec": 0}},
        {"RateLimitSettings": {"MaxBurst": -1}},
        {"FileSettings": {"MaxFileSize": "big"}},
        [],
        7,
    ],
)
async def test_settings_of_a_wrong_shape_change_nothing(standin, client, patch):
    """400, and every setting stays."""
    before = standin.settings
    status, document = await client.boss("PUT", "/config/patch", patch)
    assert (status, document["id"], standin.settings) == (400, "api.context.invalid_body_param.app_error", before)


async def test_settings_are_patched_by_their_names(standin, client):
    """What is named changes, what is unknown is passed over."""
    right = {"ServiceSettings": {"PostPriority": False, "Unknown": 1}, "Other": {}}
    status, document = await client.boss("PUT", "/config/patch", right)
    assert (status, document["ServiceSettings"]["PostPriority"]) == (200, False)
    assert (standin.settings.service.post_priority, standin.settings.service.enable_developer) == (False, True)


async def test_the_first_person_administers(standin, client):
    """Whoever signs up first needs no token and gets every right; the next one needs an administrator."""
    body = {"username": "ann", "email": "ann@example.com", "password": "secret"}
    status, text, _ = await client.ask("POST", "/api/v4/users", body)
    assert (status, '"roles":"system_admin system_user"' in text) == (201, True)
    assert (await client.ask("POST", "/api/v4/users", {**body, "username": "ben"}))[0] == 401
    status, made = await client.boss("POST", "/users", {**body, "username": "ben"})
    assert (status, made["roles"]) == (201, "system_user")
    assert "password" not in made


async def test_a_team_goes_with_its_channels_hooks_and_posts(standin, client):
    """Nothing of it is left behind."""
    team = standin.add_team("away")
    channel = standin.add_channel("ops", team="away")
    _, hook = await client.boss("POST", "/hooks/incoming", {"channel_id": channel})
    assert (await client.send({"text": "x"}, hook["id"]))[0] == 200
    assert [one["id"] for one in (await client.boss("GET", f"/hooks/incoming?team_id={team}"))[1]] == [hook["id"]]
    assert (await client.boss("DELETE", f"/teams/{team}"))[0] == 200
    assert (await client.boss("GET", f"/channels/{channel}"))[0] == 404
    assert (await client.send({"text": "x"}, hook["id"]))[0] == 400
    assert not standin.posts
