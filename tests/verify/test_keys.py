"""Keys in fetched documents: those of SNS, PayPal and Travis prove their requests, and strangers ask for none."""

import base64
import json
import zlib

import pytest
from cryptography.hazmat.primitives import hashes

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Cause, Request
from gateway.verify.diagnosis import diagnose
from gateway.verify.keys import MOST_BYTES, KeyRequest, holds
from gateway.verify.verify import parse_schemes, verify, wanted
from tests.verify import pki

NOW = pki.NOW
ARN = "arn:aws:sns:eu-west-1:123456789012:alarms"
CERT = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
LINES = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
SNS = [
    {
        "rsa": digest,
        "json": "Signature",
        "encoding": "base64",
        "message": [{"lines": LINES}],
        "timestamp": {"json": "Timestamp"},
        "unit": "iso",
        "window": "1h",
        "keys": {
            "certificate": {"json": "SigningCertURL"},
            "hosts": ["sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"],
            "names": ["sns.amazonaws.com"],
        },
        "also": {"token": "TopicArn"},
    }
    for digest in ("sha256", "sha1")
]
NOTICE = {
    "Type": "Notification",
    "MessageId": "m-1",
    "TopicArn": ARN,
    "Message": '{"AlarmName": "disk"}\nsecond line',
    "Timestamp": "2025-10-09T08:53:20.000Z",
    "SigningCertURL": CERT,
    "SignatureVersion": "2",
}
LEAF = pki.certificate("sns.amazonaws.com", "root", issuer_key="root")
CHAIN = LEAF + pki.certificate("root", key="root")


def sns(change=None, digest=None, key="sender", **more) -> Request:
    """A request of SNS, signed; then changed."""
    body = {**NOTICE, **more}
    text = "".join(f"{name}\n{body[name]}\n" for name in LINES if name in body)
    body["Signature"] = base64.b64encode(pki.signed(text.encode(), digest or hashes.SHA256(), key)).decode()
    return Request(headers={"content-type": "text/plain"}, body=json.dumps({**body, **(change or {})}).encode())


def passes(schemes, secret: str, request: Request, keys, now=NOW) -> bool:
    """Whether it is authentic."""
    try:
        return bool(verify(parse_schemes(schemes), [secret], Content(request), now, keys))
    except Refused as refused:
        return refused.status != 401


def test_sns():
    """Both versions of the signature, with and without subject, by a chain or the certificate alone."""
    for keys in ({CERT: CHAIN}, {CERT: LEAF}):
        assert passes(SNS, ARN, sns(), keys)
    keys = {CERT: CHAIN}
    assert passes(SNS, ARN, sns(digest=hashes.SHA1()), keys)
    assert passes(SNS, ARN, sns(Subject="Alarm"), keys)
    confirmation = {
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/",
    }
    assert passes(SNS, ARN, sns(**confirmation), keys)
    for change in ({"Message": "x"}, {"Subject": "added"}, {"Type": "x"}, {"SubscribeURL": "https://evil.example"}):
        assert not passes(SNS, ARN, sns(change), keys)
    assert not passes(SNS, ARN, sns(key="another"), keys)
    assert not passes(SNS, ARN.replace("alarms", "others"), sns(), keys), "another topic"
    assert not passes(SNS, ARN, sns(), keys, NOW + 3700)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (pki.certificate("sns.example.com"), "not valid now, or of another name"),
        (pki.certificate("sns.amazonaws.com", days=-2), "not valid now, or of another name"),
        (LEAF + pki.certificate("root", key="another"), "not valid now, or of another name"),
        (b"<html>", "not valid now, or of another name"),
    ],
    ids=["name", "time", "chain", "no certificate"],
)
def test_certificates_that_prove_nothing(document, words):
    """A certificate of another name, out of its time, or of a broken chain; the operator learns which it may be."""
    assert not passes(SNS, ARN, sns(), {CERT: document})
    found = diagnose(parse_schemes(SNS), [ARN], Content(sns()), NOW, {CERT: document})
    assert found.cause is Cause.WRONG_SECRET
    assert words in found.why


def test_what_is_asked_for():
    """One certificate from the hosts that are listed, for who knows the topic, and nothing for anybody else."""
    schemes = parse_schemes(SNS)
    [asked] = wanted(schemes, [ARN], Content(sns()), NOW)
    assert asked == KeyRequest("certificate", CERT, ("sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"))
    for url in ("https://evil.example/x.pem", "http://sns.eu-west-1.amazonaws.com/x", "https://s3.amazonaws.com/x", ""):
        assert wanted(schemes, [ARN], Content(sns(SigningCertURL=url)), NOW) == ()
        assert "names no key on the hosts" in diagnose(schemes, [ARN], Content(sns(SigningCertURL=url)), NOW).why
    assert wanted(schemes, [ARN], Content(sns({"TopicArn": "guess"})), NOW) == ()
    assert wanted(schemes, [ARN], Content(sns({"Signature": ""})), NOW) == ()
    assert wanted(schemes, [ARN], Content(sns()), NOW + 3700) == ()
    with pytest.raises(Refused) as refused:
        verify(schemes, [ARN], Content(sns()), NOW)
    assert (refused.value.status, refused.value.cause) == (503, Cause.KEYS)
    assert diagnose(schemes, [ARN], Content(sns()), NOW).cause is Cause.KEYS


def test_holds():
    """A document has a key, or it is none."""
    assert holds(KeyRequest("certificate", CERT, ()), CHAIN)
    assert holds(KeyRequest("pem", CERT, ()), pki.pem(pki.ec_key()).encode())
    assert not holds(KeyRequest("certificate", CERT, ()), b"-----BEGIN CERTIFICATE-----")
    assert not holds(KeyRequest("pem", CERT, (), at=("a",)), pki.pem(pki.ec_key()).encode())
    assert not holds(KeyRequest("pem", CERT, (), at=("a",)), b'{"b": 1}')
    assert not holds(KeyRequest("jwks", CERT, ()), b'{"keys": {}}')
    assert not holds(KeyRequest("jwks", CERT, ()), b"[" * 5000)
    assert not holds(KeyRequest("certificate", CERT, ()), CHAIN + b" " * MOST_BYTES)


def test_paypal():
    """PayPal signs ids, time and a CRC of the body together with the id of the webhook, which is the secret."""
    url, webhook = "https://api.paypal.com/v1/notifications/certs/CERT-1", "1JE4291016473214C"
    scheme = {
        "rsa": "sha256",
        "header": "PAYPAL-TRANSMISSION-SIG",
        "encoding": "base64",
        "timestamp": {"header": "PAYPAL-TRANSMISSION-TIME"},
        "unit": "iso",
        "message": [
            {"header": "PAYPAL-TRANSMISSION-ID"}, "|", "timestamp", "|", "secret", "|", {"digest": "crc32"},
        ],
        "keys": {"certificate": {"header": "PAYPAL-CERT-URL"}, "hosts": ["api.paypal.com", "api.sandbox.paypal.com"]},
    }  # fmt: skip
    body = b'{"event_type": "PAYMENT.CAPTURE.COMPLETED"}'
    text = f"id-1|2025-10-09T08:53:20Z|{webhook}|{zlib.crc32(body)}"
    headers = {
        "paypal-transmission-id": "id-1",
        "paypal-transmission-time": "2025-10-09T08:53:20Z",
        "paypal-transmission-sig": base64.b64encode(pki.signed(text.encode(), hashes.SHA256())).decode(),
        "paypal-cert-url": url,
    }
    keys = {url: pki.certificate("messageverificationcerts.paypal.com")}
    assert passes([scheme], webhook, Request(headers=headers, body=body), keys)
    assert not passes([scheme], "another webhook", Request(headers=headers, body=body), keys)
    assert not passes([scheme], webhook, Request(headers=headers, body=b"{}"), keys)


def test_travis():
    """Travis signs one field of a form with a key that its API hands out inside of JSON."""
    url = "https://api.travis-ci.com/config"
    scheme = {
        "rsa": "sha1",
        "header": "Signature",
        "encoding": "base64",
        "message": [{"form": "payload"}],
        "keys": {"pem": url, "at": "config.notifications.webhook.public_key"},
        "also": "secret",
    }
    signature = base64.b64encode(pki.signed(b'{"id": 1}', hashes.SHA1())).decode()
    headers = {"signature": signature, "content-type": "application/x-www-form-urlencoded"}
    config = {"config": {"notifications": {"webhook": {"public_key": pki.pem(pki.rsa_key())}}}}
    keys = {url: json.dumps(config).encode()}
    body = b"payload=%7B%22id%22%3A+1%7D"
    assert passes([scheme], "s1", Request(headers=headers, body=body, path_secret="s1"), keys)
    assert passes([scheme], "s1", Request(headers=headers, body=body, query={"token": "s1"}), keys)
    assert not passes([scheme], "s1", Request(headers=headers, body=body, path_secret="s2"), keys)
    assert not passes([scheme], "s1", Request(headers=headers, body=b"payload=1", path_secret="s1"), keys)
    assert not passes([scheme], "s1", Request(headers=headers, body=body, path_secret="s1"), {url: b"{}"})
