"""Who calls: logins with their lock, and the user behind what a request brings."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.standin import accounts
from gateway.standin.refusal import RefusedError
from gateway.standin.world import World


@pytest.fixture
def ann(world):
    """Give a person who logs in by `secret`."""
    user = world.new_user("ann", email="ann@example.com", team=world.home)
    user.password = "secret"
    return user


def login(login_id: str, password: object = "secret") -> bytes:
    """The body of a login."""
    return json.dumps({"login_id": login_id, "password": password}).encode()


def refusal(call, *given, **named) -> tuple[int, str]:
    """Status and error of a refusal."""
    with pytest.raises(RefusedError) as caught:
        call(*given, **named)
    return caught.value.status, caught.value.error_id.removesuffix(".app_error")


@pytest.mark.parametrize("name", ["ann", "ANN", "ann@example.com", "Ann@Example.com"])
def test_a_login_gives_a_session(world, ann, name):
    """By name or address in any case; each login is another session, and counted."""
    first, second = (accounts.log_in(world, login(name))[1] for _ in range(2))
    assert first.token != second.token
    assert not first.access
    assert world.stats["logins"] == 2
    assert accounts.caller(world, "GET", {"Authorization": f"Bearer {first.token}"}, {}, {}) == (ann, first)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"7",
        b'{"login_id": "\xff", "password": "x"}',
        login("ann", 7),
        login("ann", ""),
    ],
)
def test_a_body_that_is_no_login_has_no_password(world, ann, body):
    """Whatever it is, what is no text is as good as absent."""
    assert refusal(accounts.log_in, world, body) == (400, "api.user.login.blank_pwd")


def test_the_lock_closes_after_so_many_failures(world, ann):
    """Even the right password does not open it then; before, it starts the count anew."""
    world.settings.service.maximum_login_attempts = 3
    wrong = (401, "api.user.login.invalid_credentials_email_username")
    assert [refusal(accounts.log_in, world, login("ann", "x")) for _ in range(2)] == [wrong] * 2
    accounts.log_in(world, login("ann"))
    assert [refusal(accounts.log_in, world, login("ann", "x")) for _ in range(3)] == [wrong] * 3
    assert refusal(accounts.log_in, world, login("ann")) == (401, "api.user.check_user_login_attempts.too_many")


@pytest.mark.parametrize(
    ("headers", "cookie", "query", "method", "found"),
    [
        ({}, False, {}, "POST", None),
        ({"Authorization": "Basic TOKEN"}, False, {}, "POST", None),
        ({"Authorization": "Token TOKEN"}, False, {}, "POST", "ann"),
        ({"Authorization": "bearer TOKEN"}, False, {}, "POST", "ann"),
        ({"Authorization": "Bearer other"}, False, {}, "GET", (401, "api.context.session_expired")),
        ({"Authorization": "Bearer other"}, True, {}, "GET", "ann"),
        ({}, True, {}, "POST", (401, "api.context.session_expired")),
        ({"X-Requested-With": "XMLHttpRequest"}, True, {}, "POST", "ann"),
        ({"X-CSRF-Token": "x"}, True, {}, "DELETE", "ann"),
        ({}, False, {"access_token": "TOKEN"}, "GET", (401, "api.context.token_provided")),
    ],
)
def test_what_a_request_brings(world, ann, headers, cookie, query, method, found):
    """A header of two schemes, or the cookie of a browser, which needs more to change something; no token in a URL."""
    token = accounts.log_in(world, login("ann"))[1].token
    headers = {name: value.replace("TOKEN", token) for name, value in headers.items()}
    query = {name: value.replace("TOKEN", token) for name, value in query.items()}
    cookies = {"MMAUTHTOKEN": token} if cookie else {}
    if isinstance(found, tuple):
        assert refusal(accounts.caller, world, method, headers, cookies, query) == found
    else:
        who = accounts.caller(world, method, headers, cookies, query)
        assert (who and who[0].username) == found


def test_tokens_of_persons_can_be_switched_off(world, ann):
    """Those of bots go on; whoever is deactivated counts for nothing."""
    bot = world.new_user("gate")
    bot.bot = True
    tokens = [world.new_token(user, access=True).token for user in (ann, bot)]
    world.settings.service.enable_user_access_tokens = False
    headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
    assert refusal(accounts.caller, world, "GET", headers[0], {}, {}) == (401, "api.context.session_expired")
    assert accounts.caller(world, "GET", headers[1], {}, {})[0] is bot
    bot.delete_at = 1
    assert refusal(accounts.caller, world, "GET", headers[1], {}, {})[0] == 401


@given(
    st.binary(max_size=50)
    | st.dictionaries(st.sampled_from(["login_id", "password"]), st.none() | st.text()).map(
        lambda body: json.dumps(body).encode()
    )
)
def test_nobody_logs_in_by_chance(body):
    """Any body is refused, by a refusal."""
    world = World(1)
    assert refusal(accounts.log_in, world, body)[0] in (400, 401)
    assert not world.tokens
