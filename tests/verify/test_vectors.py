"""Signatures that others have published: each passes by its scheme, and with anything changed it does not.

The sources: GitHub, Slack, Twilio, HubSpot and Adyen document their examples; Standard Webhooks (v1 of its libraries,
v1a of Svix), SendGrid and Grafana Incident test their libraries with theirs; RFC 8032 section 7.1, RFC 7515 appendix A.
"""

import base64
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify.verify import parse_schemes, verify

DATA = Path(__file__).parents[1] / "data" / "verify"
FORM = "application/x-www-form-urlencoded"

STANDARD = {
    "header": "webhook-signature",
    "encoding": "base64",
    "timestamp": {"header": "webhook-timestamp"},
    "message": [{"header": "webhook-id"}, ".", "timestamp", ".", "body"],
}
STANDARD_HEADERS = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"}
STANDARD_BOTH = [
    {"hmac": "sha256", "tagged": "v1", "key": "whsec", **STANDARD},
    {"ed25519": True, "tagged": "v1a", **STANDARD},
]
STANDARD_BODY = b'{"test": 2432232314}'
V1A = "hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

ADYEN_ITEM = "notificationItems"
ADYEN = {
    "hmac": "sha256",
    "key": "hex",
    "encoding": "base64",
    "each": ADYEN_ITEM,
    "json": "NotificationRequestItem.additionalData.hmacSignature",
    "message": [
        {"json": "NotificationRequestItem.pspReference"},
        ":",
        {"json": "NotificationRequestItem.originalReference", "default": ""},
        ":",
        {"json": "NotificationRequestItem.merchantAccountCode"},
        ":",
        {"json": "NotificationRequestItem.merchantReference"},
        ":",
        {"json": "NotificationRequestItem.amount.value"},
        ":",
        {"json": "NotificationRequestItem.amount.currency"},
        ":",
        {"json": "NotificationRequestItem.eventCode"},
        ":",
        {"json": "NotificationRequestItem.success"},
    ],
}
ADYEN_ONE = (
    b'{"NotificationRequestItem":{"additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="},'
    b'"amount":{"value":1130,"currency":"EUR"},"pspReference":"7914073381342284","eventCode":"AUTHORISATION",'
    b'"merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704","success":"true"}}'
)

VECTORS = {
    "GitHub": (
        [{"hmac": "sha256", "header": "X-Hub-Signature-256", "prefix": "sha256="}],
        "It's a Secret to Everybody",
        Request(
            headers={
                "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            },
            body=b"Hello, World!",
        ),
        0,
    ),
    "Slack": (
        [
            {
                "hmac": "sha256",
                "header": "X-Slack-Signature",
                "prefix": "v0=",
                "timestamp": {"header": "X-Slack-Request-Timestamp"},
                "message": ["v0:", "timestamp", ":", "body"],
            }
        ],
        "8f742231b10e8888abcd99yyyzzz85a5",
        Request(
            headers={
                "x-slack-request-timestamp": "1531420618",
                "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            },
            body=b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
            b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
            b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
            b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
        ),
        1531420618,
    ),
    "Standard Webhooks, v1": (
        STANDARD_BOTH,
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        Request(
            headers={**STANDARD_HEADERS, "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
            body=STANDARD_BODY,
        ),
        1614265330,
    ),
    "Standard Webhooks, v1a": (
        STANDARD_BOTH,
        "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        Request(headers={**STANDARD_HEADERS, "webhook-signature": f"v1a,{V1A}"}, body=STANDARD_BODY),
        1614265330,
    ),
    "Twilio": (
        [
            {
                "hmac": "sha1",
                "header": "X-Twilio-Signature",
                "encoding": "base64",
                "message": ["url", {"form": "sorted"}],
            }
        ],
        "12345",
        Request(
            headers={"x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", "content-type": FORM},
            url="https://mycompany.com/myapp.php?foo=1&bar=2",
            body=b"To=%2B18005551212&CallSid=CA1234567890ABCDE&Digits=1234&From=%2B12349013030&Caller=%2B12349013030",
        ),
        0,
    ),
    "HubSpot v2": (
        [{"hash": "sha256", "header": "X-HubSpot-Signature", "message": ["secret", "method", "url", "body"]}],
        "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
        Request(
            headers={"x-hubspot-signature": "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"},
            url="https://www.example.com/webhook_uri",
            body=b'{"example_field":"example_value"}',
        ),
        0,
    ),
    "Adyen": (
        [ADYEN],
        "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
        Request(headers={"content-type": "application/json"}, body=b'{"notificationItems":[%b]}' % ADYEN_ONE),
        0,
    ),
    "Grafana Incident": (
        [
            {
                "hmac": "sha256",
                "header": "GI-Signature",
                "pairs": {"signature": "v1", "timestamp": "t"},
                "message": [{"digest": "sha256-base64"}, ":", "timestamp", ":v1"],
            }
        ],
        "some-secret-value",
        Request(
            headers={
                "gi-signature": "t=1678360185,v1=66ed620915831e9ab71604bf35d9b7cf2e71978ed6e62be6fd0e5194289849c7",
            },
            body=(DATA / "grafana-incident.json").read_bytes(),
        ),
        1678360185,
    ),
    "SendGrid": (
        [
            {
                "ecdsa": "sha256",
                "header": "X-Twilio-Email-Event-Webhook-Signature",
                "encoding": "base64",
                "timestamp": {"header": "X-Twilio-Email-Event-Webhook-Timestamp"},
                "message": ["timestamp", "body"],
            }
        ],
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eN"
        "Ec6wEA3F+g==",
        Request(
            headers={
                "x-twilio-email-event-webhook-timestamp": "1600112502",
                "x-twilio-email-event-webhook-signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiX"
                "DWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
            },
            body=b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5'
            b'NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b'
            b'745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",'
            b'"timestamp":1600112492}]\r\n',
        ),
        1600112502,
    ),
    "Ed25519 (as Discord signs)": (
        [{"ed25519": True, "header": "X-Signature-Ed25519"}],
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        Request(
            headers={
                "x-signature-ed25519": "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16"
                "f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            },
            body=b"\xaf\x82",
        ),
        0,
    ),
    "JWT, HS256": (
        [{"jwt": "HS256", "header": "Authorization", "prefix": "Bearer ", "key": "base64", "issuer": "joe"}],
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==",
        Request(
            headers={
                "authorization": "Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAi"
                "OjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            },
        ),
        1300819380,
    ),
    "ECDSA, raw": (
        [{"ecdsa": "sha256", "style": "raw", "header": "X-Sig", "encoding": "base64url"}],
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRi"
        "MohYjlrQ==\n-----END PUBLIC KEY-----\n",
        Request(
            headers={
                "x-sig": "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            },
            body=b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y"
            b"b290Ijp0cnVlfQ",
        ),
        0,
    ),
}


def passes(documents, secret, request, now) -> bool:
    """Whether the request is authentic by one of the schemes."""
    try:
        verify(parse_schemes(documents), [secret], Content(request), now)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("name", VECTORS)
def test_published_signatures(name):
    """The published signature proves the published request, and no other body, by no other secret, at no other time."""
    documents, secret, request, now = VECTORS[name]
    assert passes(documents, secret, request, now)
    assert not passes(documents, secret[:-2] + "00", request, now)
    assert not passes(documents, "another", request, now)
    if request.body:
        changed = request.body.replace(b"1", b"2") if b"1" in request.body else request.body + b"!"
        assert not passes(documents, secret, replace(request, body=changed), now)
    if now:
        assert not passes(documents, secret, request, now + 400)


def test_each_element_needs_a_signature_of_its_own():
    """A second item that nobody signed takes the proof from the first."""
    documents, secret, request, now = VECTORS["Adyen"]
    twice = b'{"notificationItems":[%b,%b]}' % (ADYEN_ONE, ADYEN_ONE)
    assert passes(documents, secret, replace(request, body=twice), now)
    forged = b'{"notificationItems":[%b,%b]}' % (ADYEN_ONE, ADYEN_ONE.replace(b"1130", b"9999"))
    assert not passes(documents, secret, replace(request, body=forged), now)
    assert not passes(documents, secret, replace(request, body=b'{"notificationItems":[]}'), now)


def test_a_public_key_is_no_secret():
    """Where schemes with secrets are in the list, too, nobody signs with a public key that everybody knows."""
    import hmac

    key = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
    documents = [{"hmac": "sha256", "header": "X-Sig"}, {"header": "X-Token"}, *STANDARD_BOTH]
    signed = Request(headers={"x-sig": hmac.digest(key.encode(), b"{}", "sha256").hex()}, body=b"{}")
    assert not passes(documents, key, signed, 0)
    assert not passes(documents, key, Request(headers={"x-token": key}), 0)
    bare = base64.b64decode(key.removeprefix("whpk_")).hex()
    v1a = VECTORS["Standard Webhooks, v1a"][2]
    assert passes([STANDARD_BOTH[1]], bare, v1a, 1614265330)
    assert not passes(documents, bare, v1a, 1614265330), "a text that may be a secret is none of a public key here"
