"""Who speaks over REST: logins and their failures, the lock, sessions and tokens and their ends."""

import pytest

EXPIRED = (401, "api.context.session_expired")
WRONG = (401, "api.user.login.invalid_credentials_email_username")
PASSWORD = "a password of the contract suite"


async def me(server, token):
    """The outcome of asking who one is."""
    return (await server.api("GET", "/users/me", token=token)).outcome


async def test_a_login(stage):
    """200 with the user; the token is in a header, no cookie comes unless a browser asks."""
    answer = await stage.server.login(stage.ben["username"], PASSWORD)
    assert (answer.status, answer.json["id"], answer.json["username"]) == (200, stage.ben["id"], stage.ben["username"])
    assert len(answer.headers["Token"]) == 26
    assert "Set-Cookie" not in answer.headers
    assert "password" not in answer.json
    assert (await stage.server.api("GET", "/users/me", token=answer.headers["Token"])).json["id"] == stage.ben["id"]


@pytest.mark.parametrize("login", ["username", "email"])
async def test_names_to_log_in_with(stage, login):
    """The username or the address, in any case."""
    assert (await stage.server.login(stage.ben[login].upper(), PASSWORD)).status == 200


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"login_id": "nobody-of-that-name", "password": "x"}, WRONG),
        ({"password": "x"}, WRONG),
        ({"login_id": "x", "password": ""}, (400, "api.user.login.blank_pwd")),
        ({"login_id": "x"}, (400, "api.user.login.blank_pwd")),
        ({"login_id": "x", "password": 5}, (400, "api.user.login.blank_pwd")),
        (b"{", (400, "api.user.login.blank_pwd")),
        (b"", (400, "api.user.login.blank_pwd")),
    ],
    ids=str,
)
async def test_logins_that_fail(stage, body, outcome):
    """Nobody is told which half was wrong; a blank password is a bad request."""
    assert (await stage.server.api("POST", "/users/login", body, token="")).outcome == outcome


async def test_a_stale_token_does_not_harm_a_login(stage):
    """The header is not looked at."""
    body = {"login_id": stage.ben["username"], "password": PASSWORD}
    assert (await stage.server.api("POST", "/users/login", body, token="y" * 26)).status == 200


async def test_bots_do_not_log_in(stage):
    """401 with an id of its own, whatever the password."""
    name = (await stage.server.done("GET", f"/users/{stage.bot}"))["username"]
    assert (await stage.server.login(name, "x")).outcome == (401, "api.user.login.bot_login_forbidden")


async def test_deactivated_persons_do_not_log_in(stage):
    """401 inactive; their sessions are over."""
    person = await stage.person("gone")
    token = await stage.session(person)
    await stage.server.done("PUT", f"/users/{person['id']}/active", {"active": False})
    assert (await stage.server.login(person["username"], PASSWORD)).outcome == (401, "api.user.login.inactive")
    assert await me(stage.server, token) == EXPIRED


async def test_the_lock(stage):
    """After the allowed failures even the right password is refused, until an administrator resets it."""
    person = await stage.person("locked")
    async with stage.server.settings(ServiceSettings={"MaximumLoginAttempts": 3}):
        for _ in range(3):
            assert (await stage.server.login(person["username"], "wrong")).outcome == WRONG
        locked = (401, "api.user.check_user_login_attempts.too_many")
        assert (await stage.server.login(person["username"], PASSWORD)).outcome == locked
        assert (await stage.server.login(person["username"], "wrong")).outcome == locked
        await stage.server.done("POST", f"/users/{person['id']}/reset_failed_attempts")
        assert (await stage.server.login(person["username"], PASSWORD)).status == 200


async def test_a_success_forgets_the_failures(stage):
    """The count starts anew."""
    person = await stage.person("careless")
    async with stage.server.settings(ServiceSettings={"MaximumLoginAttempts": 2}):
        for password in ("wrong", PASSWORD, "wrong", PASSWORD):
            answer = await stage.server.login(person["username"], password)
            assert answer.outcome == (WRONG if password == "wrong" else (200, ""))


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {'y' * 26}", "Basic {token}", "{token}"]
)
async def test_tokens_that_are_none(stage, header):
    """All are 401 with the same id, as if expired."""
    headers = {"Authorization": header.format(token=stage.bot_token)} if header else {}
    answer = await stage.server.raw("GET", "/api/v4/users/me", headers=headers)
    assert answer.outcome == EXPIRED


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Token", "token"])
async def test_schemes(stage, scheme):
    """Bearer or Token, in any case."""
    headers = {"Authorization": f"{scheme} {stage.bot_token}"}
    assert (await stage.server.raw("GET", "/api/v4/users/me", headers=headers)).status == 200


async def test_a_token_in_the_address(stage):
    """It is refused with an id of its own."""
    answer = await stage.server.raw("GET", f"/api/v4/users/me?access_token={stage.bot_token}")
    assert answer.outcome == (401, "api.context.token_provided")


async def test_a_cookie_beats_the_header(stage):
    """A stale cookie makes a good token useless."""
    headers = {"Authorization": f"Bearer {stage.bot_token}", "Cookie": f"MMAUTHTOKEN={'y' * 26}"}
    assert (await stage.server.raw("GET", "/api/v4/users/me", headers=headers)).outcome == EXPIRED


async def test_a_session_in_a_cookie_needs_more_to_post(stage, place):
    """The cookie of a login reads; to post it needs the mark of a browser."""
    token = await stage.session(stage.ben)
    await place.join(stage.ben["id"])
    body = f'{{"channel_id": "{place.id}", "message": "x"}}'.encode()
    cookie = {"Cookie": f"MMAUTHTOKEN={token}"}
    assert (await stage.server.raw("GET", "/api/v4/users/me", headers=cookie)).status == 200
    assert (await stage.server.raw("POST", "/api/v4/posts", body, cookie)).outcome == EXPIRED
    browser = {**cookie, "X-Requested-With": "XMLHttpRequest"}
    assert (await stage.server.raw("POST", "/api/v4/posts", body, browser)).status == 201


async def test_a_logout_ends_the_session(stage):
    """200, and the token is worth nothing; without a session it is 200 as well."""
    token = await stage.session(stage.ben)
    answer = await stage.server.api("POST", "/users/logout", token=token)
    assert (answer.status, answer.json) == (200, {"status": "OK"})
    assert await me(stage.server, token) == EXPIRED


async def test_an_administrator_ends_sessions(stage):
    """All of a person's at once; a new login works."""
    person = await stage.person("session")
    tokens = [await stage.session(person), await stage.session(person)]
    await stage.server.done("POST", f"/users/{person['id']}/sessions/revoke/all")
    assert [await me(stage.server, token) for token in tokens] == [EXPIRED, EXPIRED]
    assert await me(stage.server, await stage.session(person)) == (200, "")


async def test_expiry_is_told_in_every_call(stage, place):
    """401 with the same id, and a cookie that clears the browser's."""
    person = await stage.person("session")
    await place.join(person["id"])
    token = await stage.session(person)
    assert (await place.post("x", token)).status == 201
    await stage.server.done("POST", f"/users/{person['id']}/sessions/revoke/all")
    answer = await place.post("x", token)
    assert answer.outcome == EXPIRED
    assert answer.headers["Set-Cookie"].startswith("MMAUTHTOKEN=;")


async def test_revoked_tokens(stage, place):
    """A revoked token is 401 from then on; the bot's others go on."""
    bot, token = await stage.robot("revoked")
    made = await stage.server.done("POST", f"/users/{bot}/tokens", {"description": "second"})
    assert await me(stage.server, made["token"]) == (200, "")
    await stage.server.done("POST", "/users/tokens/revoke", {"token_id": made["id"]})
    assert await me(stage.server, made["token"]) == EXPIRED
    assert await me(stage.server, token) == (200, "")


async def test_disabled_bots(stage):
    """The token is worth nothing while the bot is disabled, and works again when it is enabled."""
    bot, token = await stage.robot("disabled")
    await stage.server.done("POST", f"/bots/{bot}/disable")
    assert await me(stage.server, token) == EXPIRED
    await stage.server.done("POST", f"/bots/{bot}/enable")
    assert await me(stage.server, token) == (200, "")


async def test_tokens_of_persons_can_be_switched_off(stage):
    """With EnableUserAccessTokens off a person's token is 401, a bot's is not."""
    person = await stage.person("token")
    await stage.server.done("PUT", f"/users/{person['id']}/roles", {"roles": "system_user system_user_access_token"})
    token = (await stage.server.done("POST", f"/users/{person['id']}/tokens", {"description": "t"}))["token"]
    assert await me(stage.server, token) == (200, "")
    async with stage.server.settings(ServiceSettings={"EnableUserAccessTokens": False}):
        assert await me(stage.server, token) == EXPIRED
        assert await me(stage.server, stage.bot_token) == (200, "")


async def test_tokens_need_a_description(stage):
    """400 without one."""
    answer = await stage.server.api("POST", f"/users/{stage.bot}/tokens", {"description": ""})
    assert answer.status == 400


async def test_errors_are_documents(stage):
    """The same five keys as a hook's; no details."""
    answer = await stage.server.api("GET", "/users/me", token="wrong")
    assert set(answer.json) == {"id", "message", "detailed_error", "request_id", "status_code"}
    assert (answer.json["detailed_error"], answer.json["status_code"]) == ("", 401)
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
