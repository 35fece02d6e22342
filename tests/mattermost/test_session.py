"""Sessions: tokens, logins that renew themselves, and passwords that lock nobody out."""

import asyncio

import pytest
from aiohttp import web

from gateway.mattermost.session import HOLD_BRIEF, HOLD_FIRST, HOLD_MOST, REFUSALS, Me
from gateway.model import Delivered, Later
from gateway.outbound.exchange import Unsent
from tests.mattermost.blaming import DESTINATION, SERVER, blamed

PASSWORD = "c0rrect-h0rse"
"""That of the account at the board."""

EXPIRED = "api.context.session_expired.app_error"
LOGIN = ("POST", "/users/login")


def refusal(name, status=401):
    """A function that refuses with an error document."""
    return lambda: web.json_response({"id": name, "message": PASSWORD, "status_code": status}, status=status)


async def unsent(awaitable):
    """The result of what cannot be sent, its reason free of secrets and on one line."""
    with pytest.raises(Unsent) as caught:
        await awaitable
    result = caught.value.result
    assert PASSWORD not in result.reason
    assert "\n" not in result.reason
    return result


async def test_a_login_happens_once(desk):
    """The token of a login serves all that follows, and who speaks is asked once."""
    session = desk.session(desk.login())
    assert [await session.me() for _ in range(3)] == [Me("me".ljust(26, "0"), "gatebot", True)] * 3
    await session.call("GET", "/users/me")
    assert desk.board.logins == 1


async def test_only_what_is_needed_goes_over_the_wire(desk):
    """A login sends name and password, as text."""
    await desk.session(desk.login()).me()
    assert desk.board.asked[0] == (*LOGIN, {"login_id": "gate", "password": PASSWORD})


async def test_an_expired_session_is_renewed_once_by_all_who_wait(desk):
    """Many requests that meet the end of a session make one login, and each is sent again."""
    sender = desk.sender(desk.login())
    await sender.send(desk.delivery("before"))
    desk.board.tokens.clear()
    results = await asyncio.gather(*(sender.send(desk.delivery(str(n))) for n in range(8)))
    assert all(isinstance(result, Delivered) for result in results)
    assert desk.board.logins == 2
    assert len(desk.board.posts) == 9


async def test_a_session_that_does_not_last_is_not_renewed_for_ever(desk):
    """When the renewed session is not taken either, nobody logs in for a minute."""
    sender = desk.sender(desk.login())
    await sender.send(desk.delivery("before"))
    desk.board.next_answer("POST", "/posts", *[refusal(EXPIRED)] * 4)
    results = [await sender.send(desk.delivery("x")) for _ in range(3)]
    assert [type(result) for result in results] == [Later] * 3
    assert desk.board.logins == 2
    desk.now += HOLD_FIRST + 1
    desk.board.answers.clear()
    assert isinstance(await sender.send(desk.delivery("x")), Delivered)


async def test_a_wrong_token_waits_for_a_person(desk):
    """A token that is not valid says so; nothing is logged in."""
    result = await desk.sender(desk.token("wr0ngt0kenwr0ngt0kenwr0ngt")).send(desk.delivery("x"))
    assert isinstance(result, Later)
    assert "token is not valid" in result.reason
    assert "wr0ng" not in result.reason
    assert desk.board.logins == 0


async def test_a_wrong_password_never_locks_the_account(desk):
    """Refused logins become rarer, and end before the ten that lock an account; the deliveries wait."""
    sender, waits = desk.sender(desk.login("wr0ng")), []
    for _ in range(2000):
        result = await sender.send(desk.delivery("x"))
        assert isinstance(result, Later)
        assert "password is wrong" in result.reason
        assert "wr0ng" not in result.reason
        assert 0 < result.after <= HOLD_MOST
        waits.append(round(result.after))
        desk.now += result.after / 2 + 1
    assert desk.board.logins == REFUSALS < 10
    assert waits[0] == HOLD_FIRST
    assert "restart" in result.reason


async def test_between_refusals_nobody_is_asked(desk):
    """All deliveries of a minute share the answer to one login."""
    account = desk.login("wr0ng")
    results = await asyncio.gather(*(desk.sender(account).send(desk.delivery("x")) for _ in range(8)))
    assert {type(result) for result in results} == {Later}
    assert desk.board.logins == 1


async def test_a_password_put_right_in_mattermost_is_taken(desk):
    """When the account comes to have the password, the next login succeeds and forgets the refusals."""
    sender = desk.sender(desk.login("wr0ng"))
    await sender.send(desk.delivery("x"))
    desk.board.passwords["gate"] = "wr0ng"
    desk.now += HOLD_FIRST + 1
    assert isinstance(await sender.send(desk.delivery("x")), Delivered)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("api.user.check_user_login_attempts.too_many.app_error", "locked"),
        ("api.user.login.inactive.app_error", "deactivated"),
        ("api.user.login.not_verified.app_error", "verify"),
        ("api.user.login.bot_login_forbidden.app_error", "`token`"),
        ("mfa.validate_token.authenticate.app_error", "second factor"),
        ("api.user.check_user_mfa.bad_code.app_error", "second factor"),
        ("api.user.login.invalid_credentials_email_username", "password is wrong"),
    ],
)
async def test_each_refusal_says_what_to_do(desk, name, hint):
    """A locked account, a second factor and the others are told apart."""
    desk.board.next_answer(*LOGIN, refusal(name))
    result = await unsent(desk.session(desk.login()).me())
    assert isinstance(result, Later)
    assert hint in result.reason
    assert result.after >= HOLD_FIRST


async def test_a_locked_account_is_looked_at_hourly_for_as_long_as_it_takes(desk):
    """Asking a locked account does not lock it further, so it is found when it is reset."""
    account = desk.login()
    for _ in range(REFUSALS + 2):
        desk.board.next_answer(*LOGIN, refusal("api.user.check_user_login_attempts.too_many.app_error"))
        await unsent(desk.session(account).me())
        desk.now += HOLD_MOST + 1
    assert (await desk.session(account).me()).username == "gatebot"


@pytest.mark.parametrize(
    ("answer", "fault", "hint"),
    [
        (
            lambda: web.Response(text="<html>Sign in</html>", content_type="text/html"),
            DESTINATION,
            "proxy or login page",
        ),
        (lambda: web.Response(status=401, text="Basic"), DESTINATION, "exempt /api/v4/"),
        (lambda: web.Response(status=302, headers={"Location": f"https://sso/{PASSWORD}"}), DESTINATION, "SiteURL"),
        (lambda: web.Response(status=502), SERVER, "failed"),
        (lambda: web.Response(status=429, headers={"Retry-After": "7"}), SERVER, "rate limit"),
    ],
)
async def test_a_login_that_is_not_answered_by_mattermost(desk, answer, fault, hint):
    """Pages, redirects and failures do not count as refusals: the next login may follow soon."""
    desk.board.next_answer(*LOGIN, answer)
    session = desk.session(desk.login())
    result = await unsent(session.me())
    assert blamed(result) is fault
    assert hint in result.reason
    desk.now += HOLD_BRIEF + 0.1
    assert (await session.me()).username == "gatebot"


async def test_nothing_shows_a_secret(desk):
    """Printing accounts and sessions tells nothing."""
    account = desk.login()
    session = desk.session(account)
    await session.me()
    assert PASSWORD not in f"{account!r}{session!r}{vars(account)!r}"
    assert "session1" not in f"{vars(account)!r}"


async def test_cookies_are_not_kept(desk):
    """A cookie set when a session is extended is not sent back: it would fail the next POST."""
    seen = []

    def extended():
        answer = web.json_response({"id": "p"}, status=201)
        answer.set_cookie("MMAUTHTOKEN", "x")
        return answer

    desk.board.next_answer("POST", "/posts", extended)
    sender = desk.sender()
    await sender.send(desk.delivery("a"))
    seen += [cookie.key for cookie in desk.http.client.cookie_jar]
    assert not seen
