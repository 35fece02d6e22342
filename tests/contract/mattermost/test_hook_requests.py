"""Incoming webhooks, before the message is looked at: routes, content types, JSON, sizes."""

import json

import pytest

GENERAL = "web.incoming_webhook.general"
DECODE = "web.incoming_webhook.decode"
FORM = "application/x-www-form-urlencoded"
PART = '--B\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
LIMIT = 300_512
"""Bytes of the largest body with the default MaximumPayloadSizeBytes."""


def parts(*pairs):
    """A multipart body with the boundary B."""
    return ("".join(PART.format(name, value) for name, value in pairs) + "--B--\r\n").encode()


async def test_success_is_ok(place):
    """200, text/plain, exactly `ok`, with ids of the request and the version."""
    answer = await place.send({"text": "hello"})
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, "ok", "text/plain")
    assert len(answer.headers["X-Request-Id"]) == 26
    assert answer.headers["X-Version-Id"].count(".") >= 4


async def test_a_post_is_stored_whole(place):
    """The owner is its author, the type is empty, props say where it came from, times are milliseconds."""
    await place.send({"text": "hello"})
    post = await place.only()
    assert (post["message"], post["type"], post["root_id"], post["edit_at"], post["delete_at"]) == (
        "hello",
        "",
        "",
        0,
        0,
    )
    assert post["user_id"] == place.stage.ann["id"]
    assert post["channel_id"] == place.id
    assert post["props"] == {
        "from_webhook": "true",
        "override_username": "webhook",
        "webhook_display_name": "Contract",
    }
    assert post["create_at"] == post["update_at"] > 1_700_000_000_000


async def test_errors_are_documents_that_hold_the_hook(place):
    """Five keys; the details are for developers alone, the message repeats the secret id."""
    answer = await place.send({})
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert set(answer.json) == {"id", "message", "detailed_error", "request_id", "status_code"}
    assert answer.json["detailed_error"] == ""
    assert answer.json["status_code"] == 400
    assert place.hook in answer.json["message"]
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


async def test_developers_see_the_inner_cause(place):
    """With EnableDeveloper the details are filled."""
    async with place.server.settings(ServiceSettings={"EnableDeveloper": True}):
        answer = await place.send({})
    assert answer.json["detailed_error"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_a_hook_proves_nothing(place, method):
    """GET and HEAD show the web app whatever the id."""
    for hook in (place.hook, "unknown"):
        answer = await place.server.raw(method, f"/hooks/{hook}")
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/html")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_found(place, method):
    """Only POST is routed: the rest is a bare 404, no document and no request id."""
    answer = await place.server.raw(method, f"/hooks/{place.hook}", b"{}")
    assert (answer.status, answer.text) == (404, "404 page not found\n")
    assert "X-Request-Id" not in answer.headers


@pytest.mark.parametrize("tail", ["/extra", "/", "-b"])
async def test_other_paths_are_not_found(place, tail):
    """What is no id is a bare 404."""
    answer = await place.server.raw("POST", f"/hooks/{place.hook}{tail}", b'{"text": "x"}')
    assert (answer.status, answer.text) == (404, "404 page not found\n")


async def test_double_slashes_are_redirected(place):
    """A path that is not clean is a 301, which many clients follow with GET: the message would be lost."""
    answer = await place.server.raw("POST", f"/hooks//{place.hook}", b'{"text": "x"}')
    assert (answer.status, answer.headers["Location"]) == (301, f"/hooks/{place.hook}")
    assert await place.posts() == []


async def test_long_addresses_are_refused(place):
    """More than 2048 characters of URI are 414."""
    answer = await place.server.raw("POST", f"/hooks/{place.hook}?{'x' * 2048}", b'{"text": "x"}')
    assert answer.outcome == (414, "basic_security_check.url.too_long_error")


@pytest.mark.parametrize("hook", ["unknown", "y" * 26])
async def test_unknown_hooks_are_bad_requests(place, hook):
    """400, not 404."""
    assert (await place.send({"text": "x"}, hook)).outcome == (400, GENERAL)


async def test_the_id_is_exact(place):
    """The id in upper case is another one."""
    assert (await place.send({"text": "x"}, place.hook.upper())).outcome == (400, GENERAL)


async def test_the_body_is_read_before_the_hook_is_looked_up(place):
    """Bad JSON for an unknown hook is a decode error."""
    assert (await place.send(b"{", "unknown")).outcome == (400, DECODE)


async def test_disabled_webhooks_are_not_implemented(place):
    """501 for every hook, known or not; the body is read first here too."""
    async with place.server.settings(ServiceSettings={"EnableIncomingWebhooks": False}):
        assert (await place.send({"text": "x"})).outcome == (501, GENERAL)
        assert (await place.send({"text": "x"}, "unknown")).outcome == (501, GENERAL)
        assert (await place.send({})).outcome == (501, GENERAL)
        assert (await place.send(b"{")).outcome == (400, DECODE)
    assert (await place.send({"text": "x"})).status == 200


@pytest.mark.parametrize(
    "declared",
    [
        None,
        "",
        "application/json",
        "application/json;",
        "application/json; charset=latin-1",
        "text/plain",
        "application/octet-stream",
        "junk",
    ],
)
async def test_what_is_no_form_is_json(place, declared):
    """The content type does not matter, nor does its charset."""
    body = json.dumps({"text": "é☃"}, ensure_ascii=False).encode()
    assert (await place.send(body, content_type=declared)).status == 200
    assert (await place.only())["message"] == "é☃"


@pytest.mark.parametrize("declared", ["application/json junk", "application/json; charset"])
async def test_malformed_content_types(place, declared):
    """The form parser stumbles first: 400 parse_form."""
    assert (await place.send({"text": "x"}, content_type=declared)).outcome == (400, "web.incoming_webhook.parse_form")


@pytest.mark.parametrize("declared", [FORM, FORM.upper(), FORM + "; charset=utf-8"])
async def test_forms_hold_json(place, declared):
    """The JSON is in the field `payload`; other fields do not matter."""
    answer = await place.send(b"a=1&payload=%7B%22text%22%3A+%22b%22%7D", content_type=declared)
    assert answer.status == 200
    assert (await place.only())["message"] == "b"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"", (400, DECODE)),
        (b"text=x", (400, DECODE)),
        (b'{"text":"x"}', (400, DECODE)),
        (b"payload=%7B", (400, DECODE)),
        (b"payload=100%", (400, "web.incoming_webhook.parse_form")),
        (b"payload=%7B%22text%22:%22x%22%7D;a", (400, "web.incoming_webhook.parse_form")),
        (b"payload=%7B%7D", (400, GENERAL)),
    ],
)
async def test_forms_without_json(place, body, outcome):
    """No payload is a decode error; a stray percent sign or semicolon is no form at all."""
    assert (await place.send(body, content_type=FORM)).outcome == outcome


async def test_a_form_may_be_in_the_query(place):
    """The field is taken from the address when the body has none."""
    path = f"/hooks/{place.hook}?payload=%7B%22text%22%3A%22q%22%7D"
    assert (await place.server.raw("POST", path, b"", {"Content-Type": FORM})).status == 200
    assert (await place.only())["message"] == "q"


async def test_multipart_names_are_those_of_go(place):
    """text, username, iconurl, channelname, iconemoji and type, in any case; the last of a name counts."""
    body = parts(("text", "first"), ("Text", "second"), ("UserName", "CI"), ("iconurl", "http://x.example/i"))
    assert (await place.send(body, content_type="multipart/form-data; boundary=B")).status == 200
    post = await place.only()
    assert post["props"]["override_username"] == "CI"
    assert post["props"]["override_icon_url"] == "http://x.example/i"
    assert post["message"] in {"first", "second"}


@pytest.mark.parametrize("name", ["channel", "icon_url", "icon_emoji", "payload"])
async def test_other_multipart_names_are_decode_errors(place, name):
    """The names of the JSON keys are unknown here."""
    answer = await place.send(parts(("text", "x"), (name, "y")), content_type="multipart/form-data; boundary=B")
    assert answer.outcome == (400, DECODE)


@pytest.mark.parametrize("declared", ["multipart/form-data", "multipart/form-data; boundary=C"])
async def test_multipart_needs_its_boundary(place, declared):
    """No boundary or another one is 400 parse_multipart."""
    answer = await place.send(parts(("text", "x")), content_type=declared)
    assert answer.outcome == (400, "web.incoming_webhook.parse_multipart")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[1]",
        b"true",
        b'"x"',
        b"{'text': 'x'}",
        b'{"text": "x",}',
        b'\xef\xbb\xbf{"text": "x"}',
        '{"text": "x"}'.encode("utf-16"),
        b'{"username": "a\nb", "text": "x"}',
        b'{"text": "a\x01b"}',
    ],
)
async def test_what_is_no_json_object(place, body):
    """Strict JSON, no byte order mark; raw line breaks are repaired only where text is usual."""
    assert (await place.send(body)).outcome == (400, DECODE)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"text": "a\nb\tc"}', "a\nb\tc"),
        (b'{"TEXT": "a"}', "a"),
        (b'{"text": "a"} trailing', "a"),
        (b'{"text": "a"}{"text": "b"}', "a"),
        (b'{"text": "a", "text": "b"}', "b"),
        (b'{"text": "a", "unknown": [1]}', "a"),
        (b'  {"text": "a"}', "a"),
        (b'{"text": "a\xffb"}', "a\ufffdb"),
        (b'{"text": "a\\ud800b"}', "a\ufffdb"),
    ],
)
async def test_lenient_json(place, body, message):
    """Raw breaks in texts, any case of keys, the last of equal keys, what follows, and broken characters."""
    assert (await place.send(body)).status == 200
    assert (await place.only())["message"] == message


@pytest.mark.parametrize("body", [b"null", b"{}", b'{"text": ""}', b'{"text": null}', b'{"attachments": []}'])
async def test_nothing_to_show(place, body):
    """Neither text nor attachment is 400 general; an empty list and one of nulls count as none."""
    assert (await place.send(body)).outcome == (400, GENERAL)
    assert (await place.send({"attachments": [None]})).outcome == (400, GENERAL)


@pytest.mark.parametrize("text", [" ", "\n", "\u200b"])
async def test_blank_texts_are_shown(place, text):
    """A blank is a text."""
    assert (await place.send({"text": text})).status == 200
    assert (await place.only())["message"] == text


async def test_the_largest_body(place):
    """300512 bytes are the last that are read; JSON that was cut no longer parses."""
    room = LIMIT - len(b'{"text":"a","x":""}')
    assert (await place.send(b'{"text":"a","x":"' + b"b" * room + b'"}')).status == 200
    assert (await place.send(b'{"text":"a","x":"' + b"b" * (room + 1) + b'"}')).outcome == (400, DECODE)
    assert (await place.send(b'{"text":"a"}' + b" " * 400_000)).status == 200


async def test_forms_too_large(place):
    """A form that is cut is 413."""
    big = "x" * LIMIT
    too_large = (413, "api.context.request_body_too_large")
    assert (await place.send(f"payload=%7B%7D&a={big}".encode(), content_type=FORM)).outcome == too_large
    body = parts(("text", big))
    assert (await place.send(body, content_type="multipart/form-data; boundary=B")).outcome == too_large
