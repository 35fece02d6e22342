"""The stand-in answers as the wire contract says that Mattermost does."""

import json

import aiohttp
import pytest

from gateway.demo.incoming import runes
from gateway.demo.standin import Rate, StandIn


@pytest.fixture
async def standin():
    """Give a stand-in that tells developers' details."""
    return StandIn(developer=True)


@pytest.fixture
async def post(standin):
    """Give a function that posts to the hook `hook` and tells status, text and headers."""
    standin.add_hook("hook")
    async with standin.serve() as url, aiohttp.ClientSession() as session:

        async def send(body, hook="hook", **headers):
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent = {
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            }
            async with session.post(f"{url}/hooks/{hook}", data=data, headers=sent) as response:
                return response.status, await response.text(), response.headers

        send.url, send.session = url, session
        yield send


async def test_a_text_is_stored_and_answered_ok(standin, post):
    """Success is 200, text/plain, exactly `ok`, with the request's id."""
    status, text, headers = await post({"text": "hello", "username": "CI"})
    assert (status, text, headers["Content-Type"].partition(";")[0]) == (200, "ok", "text/plain")
    assert headers["X-Request-Id"]
    (stored,) = standin.posts
    assert (stored.channel, stored.message, stored.username, stored.hook) == ("town-square", "hello", "CI", "hook")


@pytest.mark.parametrize(
    "body",
    [
        {"text": 1},
        {"attachments": [{"title": 5}]},
        {"attachments": [{"id": "x"}]},
        {"text": "x", "attachments": [{"fields": [{"title": "a", "value": 1, "short": 1}]}]},
        {"text": "x", "attachments": [{"fields": [{"title": "a", "value": 1, "short": None}]}]},
        {"text": "x", "attachments": [{"fields": [{"title": "a", "value": 1, "short": "yes"}]}]},
        {"text": "x", "priority": "urgent"},
        b"{",
        b"",
        b"[1]",
        b'{"text": "' + b"x" * 300_512 + b'"}',
    ],
)
async def test_wrong_types_and_oversized_json_are_decode_errors(post, body):
    """Go's types are strict, and what is too long is cut and then does not parse."""
    status, text, _ = await post(body)
    error = json.loads(text)
    assert (status, error["id"], error["status_code"]) == (400, "web.incoming_webhook.decode.app_error", 400)
    assert "hook" in error["message"]
    assert set(error) == {"id", "message", "detailed_error", "request_id", "status_code"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": None},
        {"attachments": []},
        {"attachments": [None]},
        {"text": "x", "priority": {}},
        b"null",
    ],
)
async def test_nothing_to_show_is_refused(post, body):
    """An empty text with no attachment but null is 400 general, and so is a priority without its name."""
    status, text, _ = await post(body)
    assert (status, json.loads(text)["id"]) == (400, "web.incoming_webhook.general.app_error")


@pytest.mark.parametrize(
    ("channel", "status"),
    [("off-topic", 200), ("#off-topic", 200), ("@joe", 200), ("@ann", 400), ("none", 404), ("boss", 403)],
)
async def test_channels_are_resolved(standin, post, channel, status):
    """Names with or without their sigil; unknown users 400, unknown channels 404, unreadable ones 403."""
    standin.users["u1"] = "joe"
    standin.add_channel("boss", readable=False)
    assert (await post({"text": "x", "channel": channel}))[0] == status


async def test_a_locked_hook_posts_only_to_its_channel(standin, post):
    """Its own channel is fine, another one is 403, an unknown one 404."""
    standin.add_hook("locked", "ops", locked=True)
    asked = ("ops", "off-topic", "none")
    assert [(await post({"text": "x", "channel": name}, "locked"))[0] for name in asked] == [200, 403, 404]


async def test_unknown_hooks_and_disabled_webhooks(standin, post):
    """An unknown hook is 400, not 404; disabled is 501."""
    assert (await post({"text": "x"}, "unknown"))[0] == 400
    standin.enabled = False
    assert (await post({"text": "x"}))[0] == 501


async def test_long_texts_are_cut_blindly(standin, post):
    """Pieces of 16383 code points are posts of their own; attachments go with the last."""
    status, _, _ = await post({"text": "x" * 40_000, "attachments": [{"text": "a"}]})
    assert status == 200
    assert [(len(one.message), len(one.attachments)) for one in standin.posts] == [(16383, 0), (16383, 0), (7234, 1)]


async def test_props_have_a_budget_of_go_runes(standin, post):
    """Angle brackets count six; what does not fit starts a new post or is shortened."""
    assert runes({"a": "<é"}) == len('{"a":"é"}') + 6
    status, _, _ = await post({"text": "x", "attachments": [{"text": "<" * 70_000}, {"text": "<" * 70_000}]})
    assert status == 200
    assert [len(one.attachments) for one in standin.posts] == [1, 1]
    assert (await post({"text": "x", "props": {"card": "<" * 130_000}}))[0] == 400


async def test_slack_forms_are_converted(standin, post):
    """Announcements, user ids and links, in text and in attachments, in code as well."""
    standin.users["u1"] = "joe"
    text = "<!here> <@u1> <@u2> `<https://x.example|a>` <!everyone>"
    attachment = {
        "text": "a < b\n | c >",
        "title": "<!all>",
        "fields": [{"title": "n", "value": 1000000}, {"value": None}],
    }
    await post({"text": text, "attachments": [attachment, None]})
    (stored,) = standin.posts
    assert stored.message == "@here @joe <@u2> `[a](https://x.example)` <!everyone>"
    (kept,) = stored.attachments
    assert (kept["text"], kept["title"]) == ("a [ c ]( b\n )", "@all")
    assert [field["value"] for field in kept["fields"]] == ["1e+06", None]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.5, "0.5"),
        (123456, "123456"),
        (123456789, "1.23456789e+08"),
        (-0.00001, "-1e-05"),
        (True, "true"),
        ({"b": 1, "a": [1, "x"]}, "map[a:[1 x] b:1]"),
    ],
)
async def test_field_values_become_go_text(standin, post, value, shown):
    """Numbers are floats, objects are Go maps (contract 2)."""
    await post({"attachments": [{"fields": [{"title": "v", "value": value}]}]})
    assert standin.posts[0].attachments[0]["fields"][0]["value"] == shown


async def test_content_types(standin, post):
    """JSON, a form with JSON in `payload`, Go names in multipart parts, and a malformed type."""
    assert (await post({"text": "a"}, Content_Type="text/anything"))[0] == 200
    assert (await post(b"payload=%7B%22text%22%3A%22b%22%7D", Content_Type="application/x-www-form-urlencoded"))[
        0
    ] == 200
    assert (await post(b"payload=%7B" + b"x" * 310_000, Content_Type="application/x-www-form-urlencoded"))[0] == 413
    part = b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\nc\r\n--B--\r\n'
    assert (await post(part % b"Text", Content_Type="multipart/form-data; boundary=B"))[0] == 200
    assert (await post(part % b"payload", Content_Type="multipart/form-data; boundary=B"))[0] == 400
    status, text, _ = await post({"text": "d"}, Content_Type="application/json junk")
    assert (status, json.loads(text)["id"]) == (400, "web.incoming_webhook.media_type.app_error")
    assert [one.message for one in standin.posts] == ["a", "b", "c"]


@pytest.mark.parametrize("body", [b'{"text": "a\nb"}', b'{"TEXT": "a\\nb"}', b'{"text": "a\\nb"} trailing'])
async def test_lenient_json(standin, post, body):
    """Raw line breaks in strings, other cases of keys and what follows the first value are taken."""
    assert (await post(body))[0] == 200
    assert standin.posts[0].message == "a\nb"


async def test_types_priorities_and_storage(post):
    """System types are 400, unknown ones 500, as are U+0000 and persistent notifications for nobody."""
    assert (await post({"text": "x", "type": "system_join"}))[0] == 400
    assert (await post({"text": "x", "type": "other"}))[0] == 500
    assert (await post({"text": "x", "type": "custom_mine"}))[0] == 200
    assert (await post({"text": "x\0"}))[0] == 500
    nagging = {"priority": "urgent", "persistent_notifications": True}
    assert (await post({"text": "x", "priority": nagging}))[0] == 500
    assert (await post({"text": "@joe", "priority": nagging}))[0] == 200


async def test_rate_limit(standin, post):
    """Past the burst comes a plain 429 with Retry-After; every answer says how things stand."""
    standin.rate = Rate(per_second=1, burst=1)
    answers = [await post({"text": "x"}) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][1] == "limit exceeded"
    assert int(answers[2][2]["Retry-After"]) == 1
    assert [headers["X-RateLimit-Remaining"] for _, _, headers in answers] == ["1", "0", "0"]
    assert answers[0][2]["X-RateLimit-Limit"] == "2"
    assert "X-Request-Id" not in answers[2][2]


async def test_other_pages(post):
    """GET on a hook is the web app's page and proves nothing; ping says OK; stats count."""
    async with post.session.get(f"{post.url}/hooks/hook") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    async with post.session.get(f"{post.url}/api/v4/system/ping") as response:
        assert (await response.json())["status"] == "OK"
    await post({"text": "x"})
    async with post.session.get(f"{post.url}/stats") as response:
        assert await response.json() == {"requests": 1, "posts": 1, "refused": 0, "limited": 0}


async def test_failures_on_request(standin, post):
    """`fail_next` answers so often with what it was given; then all is well."""
    standin.fail_next(2, 503, {"Retry-After": "7"})
    answers = [await post({"text": "x"}) for _ in range(3)]
    assert [status for status, _, _ in answers] == [503, 503, 200]
    assert answers[0][2]["Retry-After"] == "7"
    assert len(standin.posts) == 1


async def test_modes(standin, post):
    """Down, slow, a login page in the way, and connections that end without an answer."""
    standin.mode = "down"
    assert (await post({"text": "x"}))[0] == 503
    standin.mode = "html"
    assert "<html>" in (await post({"text": "x"}))[1]
    standin.mode, standin.delay = "slow", 0.01
    assert (await post({"text": "x"}))[0] == 200
    for mode, stored in (("drop", 1), ("drop after", 2)):
        standin.mode = mode
        with pytest.raises(aiohttp.ClientError):
            await post({"text": "x"})
        assert len(standin.posts) == stored


def test_hooks_have_ids_like_the_real_ones():
    """26 characters of lower-case base32."""
    hook = StandIn().add_hook()
    assert len(hook) == 26
    assert hook.isalnum()
