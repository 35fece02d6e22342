"""Attacks that once worked, or would be the next to try: requests of strangers, and of senders that turned against us.

A new attack is one entry of `ATTACKS`: its name, and a function that gives the requests, each sent once.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote_plus

from tests.hostile import corpus, values
from tests.hostile.drafts import Draft, Header, prove

Requests = Sequence[bytes]

_JSON: Final = b"application/json"
_XML: Final = b"application/xml"
_FORM: Final = b"application/x-www-form-urlencoded"
_PARTS: Final = b"multipart/form-data; boundary=x"
_LIMIT: Final = 4_900_000
"""Bytes of the largest bodies, just below the limit of a route."""

_PUSH: Final = ((b"X-GitHub-Event", b"push"), (b"X-GitHub-Delivery", b"72d3162e-cc78-11e3-81ab-4c9367dc0958"))
_GZIP: Final = ((b"Content-Encoding", b"gzip"),)
_TWICE: Final = ((b"Content-Encoding", b"gzip, gzip"),)


def draft(path: str, kind: bytes, body: bytes, headers: Sequence[Header] = ()) -> Draft:
    """A request without a proof."""
    return Draft("POST", path, "", [(b"Content-Type", kind), *headers], body)


def sent(path: str, kind: bytes, body: bytes, headers: Sequence[Header] = ()) -> bytes:
    """The bytes of a request without a proof."""
    return draft(path, kind, body, headers).wire()


def signed(service: str, kind: bytes, body: bytes, headers: Sequence[Header] = ()) -> bytes:
    """The bytes of a request as the service signs it."""
    made = draft(f"/in/{service}", kind, body, headers)
    assert prove(made, corpus.schemes()[service][0])
    return made.wire()


def everywhere(kind: bytes, body: bytes, headers: Sequence[Header] = ()) -> Requests:
    """The same body without a proof to two routes that need one, to an open one, and signed.

    Slack's and Jira's secrets may be in body or URL; GitHub's signature covers the body as it is.
    """
    stranger = (sent(path, kind, body, headers) for path in ("/in/slack", "/in/jira", "/in/github", "/in/generic-open"))
    return [*stranger, signed("slack", kind, body, headers), signed("github", kind, body, (*headers, *_PUSH))]


def packed(body: bytes, times: int = 1) -> bytes:
    """A body in gzip, so many times."""
    for _ in range(times):
        body = gzip.compress(body, 9, mtime=0)
    return body


def _elements(count: int) -> bytes:
    return b"<r>" + b"<a/>" * count + b"</r>"


def push(**more: object) -> bytes:
    """A push with other values in it."""
    repository = {"full_name": "acme/api", "html_url": "https://github.com/acme/api", "name": "api"}
    push = {"ref": "refs/heads/main", "before": "0" * 40, "after": "1" * 40, "commits": [], "repository": repository,
            "pusher": {"name": "mona"}, "compare": "https://github.com/acme/api/compare/a...b", "created": False,
            "deleted": False, "forced": False, "sender": {"login": "mona"}}  # fmt: skip
    return json.dumps(push | more).encode()


def _comment(text: str) -> Requests:
    """A text where people write, in each of the markups that templates read."""
    issue = {
        "title": text[:300],
        "number": 1,
        "html_url": "https://github.com/acme/api/issues/1",
        "user": {"login": "m"},
        "state": "open",
    }
    comment = {"body": text, "html_url": "https://github.com/acme/api/issues/1#c", "user": {"login": "mona"}}
    repository = {"full_name": "acme/api", "html_url": "https://github.com/acme/api", "name": "api"}
    github = {
        "action": "created",
        "issue": issue,
        "comment": comment,
        "repository": repository,
        "sender": {"login": "mona"},
    }
    fields = {"summary": text[:300], "description": text, "project": {"name": "A"}, "issuetype": {"name": "Bug"}}
    jira = {
        "webhookEvent": "jira:issue_created",
        "user": {"displayName": text[:200]},
        "issue": {"key": "A-1", "self": "https://j.example/rest/1", "fields": fields},
    }
    slack = {
        "text": text,
        "attachments": [{"text": text, "title": text[:300], "fields": [{"title": "t", "value": text}]}],
    }
    blocks = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text[:12_000]}}] * 3}
    adf = {
        "type": "doc",
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text, "marks": [{"type": "code"}]}]}],
    }
    jira_cloud = json.loads(json.dumps(jira))
    jira_cloud["issue"]["fields"]["description"] = adf
    redmine = {
        "payload": {
            "action": "opened",
            "url": "https://r.example",
            "issue": {"id": 1, "subject": text[:300], "description": text},
        }
    }
    html = {"html": f"<p>{text}</p>", "description": f"<div>{text}</div>"}
    stranger = (
        ("jira", jira), ("jira", jira_cloud), ("slack", slack), ("slack", blocks), ("redmine", redmine),
        ("generic", {"message": text}), ("generic", html),
    )  # fmt: skip
    return [
        signed("github", _JSON, json.dumps(github).encode(), ((b"X-GitHub-Event", b"issue_comment"),)),
        *(sent(f"/in/{key}-open", _JSON, json.dumps(body).encode()) for key, body in stranger),
    ]


def _baits() -> Mapping[str, Callable[[], Requests]]:
    """Texts on which a pattern could look for its end again and again, as long as functions take them."""
    pieces = {
        "brackets": "[", "links": "[a](", "images": "![", "angles": "<a|", "jira links": "[a|", "code": "`",
        "runs of code": "` `` ``` ", "stars": "*a ", "underscores": "_a ", "tildes": "~a ", "dashes": "-a ",
        "pluses": "+a ", "cites": "??a ", "braces": "{{", "macros": "{code}a", "quotes": "{quote}",
        "colours": "{color:red", "tables": "||a|", "cells": "|[a|", "fences": "```\n", "quote marks": "> ", "bars": "|",
        "tags": "<a ", "comments": "<!--", "entities": "&#", "ats": "@a", "addresses": "a@", "colons": ":a",
        "emoji": ":+1:", "channels": "~0", "schemes": "http://", "hosts": "www.", "credentials": "https://a:",
        "keys": "token=", "basic": "basic ", "begin": "-----BEGIN PRIVATE KEY-----", "jwt": "eyJaaaaaaaaaaa.",
        "line ends": "\r", "lines": "\n", "blanks": " ", "tabs": "\t", "backslashes": "\\", "numbers": "1.",
        "bullets": "- ", "nested tags": "<div>", "lists": "<ul><li>", "bold tags": "<b>", "dates": "<!date^1^",
        "marks": "e\u0301", "joiners": "\U0001f468\u200d",
    }  # fmt: skip
    return {
        f"bait: {name}": lambda text=text: _comment((text * (39_999 // len(text)))[:39_999])
        for name, text in pieces.items()
    } | {
        "bait: one long word": lambda: _comment("a" * 39_990),
        "bait: every mark": lambda: _comment(
            (" ".join(values.MARKS) * 200)[:39_999].encode("utf-8", "replace").decode()
        ),
    }


def _replies(number: int) -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="payload"' + b"; name=b" * number + b"\r\n\r\n{}\r\n--x--\r\n"


ATTACKS: Final[Mapping[str, Callable[[], Requests]]] = {
    "xml of 1.2 million elements in 121 bytes": lambda: everywhere(_XML, packed(_elements(1_200_000), 2), _TWICE),
    "xml of 1.2 million elements, packed once": lambda: everywhere(_XML, packed(_elements(1_200_000)), _GZIP),
    "xml of 1.2 million elements as it is": lambda: everywhere(_XML, _elements(1_200_000)),
    "xml as deep as it is long": lambda: everywhere(_XML, b"<a>" * 600_000 + b"</a>" * 600_000),
    "xml of 200,000 attributes": lambda: everywhere(
        _XML, b"<r " + b" ".join(b"a%d=''" % n for n in range(200_000)) + b"/>"),
    "xml of entities": lambda: everywhere(_XML, b"<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
        b"<!ENTITY %b '%b'>" % (bytes([98 + n]), b"&%b;" % bytes([97 + n]) * 10) for n in range(9)) + b"]><r>&j;</r>"),
    "xml of text and comments in turn": lambda: everywhere(_XML, b"<r>" + b"a<!---->" * 600_000 + b"</r>"),
    "a part of 600,000 parameters": lambda: everywhere(_PARTS, _replies(600_000)),
    "a part of 600,000 parameters, packed": lambda: everywhere(_PARTS, packed(_replies(600_000)), _GZIP),
    "a part of a million lines": lambda: everywhere(_PARTS, b"--x\r\n" + b"a:b\n" * 1_000_000 + b"\r\n\r\nx\r\n--x--"),
    "a part with a name of backslashes": lambda: everywhere(
        _PARTS, b'--x\r\nContent-Disposition: form-data; name="' + b"\\a" * 2_000_000 + b'"\r\n\r\nx\r\n--x--'),
    "a thousand parts of headers": lambda: everywhere(_PARTS, (b"--x\r\n" + b"a:b\r\n" * 900 + b"\r\nx\r\n") * 1000),
    "boundaries and nothing else": lambda: everywhere(_PARTS, b"--x\r\n" * 900_000),
    "a million schema errors": lambda: [
        sent("/in/alertmanager-open", _JSON,
             b'{"status":"firing","version":"4","groupKey":"a","receiver":"r","alerts":[' + b"0," * 1_000_000 + b"0]}"),
        sent("/in/bitbucket-open", _JSON, b'{"push":{"changes":[' + b"0," * 400_000 + b"0]}}",
             ((b"X-Event-Key", b"repo:push"),)),
        signed("github", _JSON, push(commits=[0] * 400_000), _PUSH),
        signed("github", _JSON, push(commits=["x" * 1000] * 4_000), _PUSH),
    ],
    "a form of nested forms": lambda: everywhere(
        _FORM, b"payload=" + quote_plus("payload=" + quote_plus("payload=" + "%25" * 300_000)).encode()),
    "a form of fields that each hold an event": lambda: everywhere(
        _FORM, b"&".join(b"%b=%b" % (name, b"[" + b"[]," * 300_000 + b"[]]")
                         for name in (b"payload", b"data", b"json", b"rawrequest"))),
    "a form of a million fields": lambda: everywhere(_FORM, b"a=&" * 1_200_000),
    "a form of percents": lambda: everywhere(_FORM, b"payload=" + b"%" * (_LIMIT - 100)),
    "a form of escapes": lambda: everywhere(_FORM, b"payload=" + b"%7B" * 1_600_000),
    "arrays as deep as they are long": lambda: everywhere(_JSON, b"[" * _LIMIT),
    "objects as deep as they are long": lambda: everywhere(_JSON, b'{"a":' * 900_000),
    "arrays as deep as allowed, and as many": lambda: everywhere(
        _JSON, b"[" + (b"[" * 60 + b"]" * 60 + b",") * 40_000 + b"0]"),
    "a million empty objects": lambda: everywhere(_JSON, b"[" + b"{}," * 1_500_000 + b"{}]"),
    "two million numbers": lambda: everywhere(_JSON, b"[" + b"0," * 2_400_000 + b"0]"),
    "two million numbers, packed": lambda: everywhere(_JSON, packed(b"[" + b"0," * 2_400_000 + b"0]"), _GZIP),
    "numbers that are slow to read": lambda: everywhere(_JSON, b"[" + b"9e300," * 450_000 + b"0]"),
    "numbers that are slow to read, in a small body": lambda: [
        sent("/in/alertmanager-open", _JSON,
        b'{"status":"firing","version":"4","groupKey":"a","receiver":"r","alerts":[' + b"1e308," * 7_900 + b"0]}"),
        *everywhere(_JSON, b"[" + b"9e300," * 7_900 + b'"\\ud800"]'),
    ],
    "300,000 keys": lambda: everywhere(_JSON, b"{" + b",".join(b'"k%d":0' % n for n in range(300_000)) + b"}"),
    "one number of millions of digits": lambda: everywhere(_JSON, b"[" + b"9" * _LIMIT + b"]"),
    "one fraction of millions of digits": lambda: everywhere(_JSON, b"[0." + b"1" * _LIMIT + b"e-5]"),
    "escapes, and half a surrogate": lambda: everywhere(_JSON, b'["' + b"\\n" * 2_400_000 + b'\\ud800"]'),
    "surrogates": lambda: everywhere(_JSON, b'["' + b"\\ud83d\\ude00" * 400_000 + b'\\ud800"]'),
    "bytes that are no text": lambda: everywhere(_JSON, b'["' + b"\xff" * _LIMIT + b'"]'),
    "what is no JSON": lambda: everywhere(_JSON, b'{"a":1,' + b"\n" * _LIMIT),
    "blanks": lambda: everywhere(_JSON, b" " * _LIMIT),
    "UTF-16": lambda: everywhere(b"application/json; charset=utf-16", ("[" + "0," * 1_200_000 + "0]").encode("utf-16")),
    "a charset of two bytes": lambda: everywhere(b"text/plain; charset=gb18030", b"\x81\x30\x81\x30" * 1_200_000),
    "text": lambda: everywhere(b"text/plain", b"<!channel> *a* " * 320_000),
    "zeros, packed": lambda: everywhere(_JSON, packed(b"\0" * 4_999_000), _GZIP),
    "zeros, packed twice": lambda: everywhere(_JSON, packed(b"\0" * 4_999_000, 2), _TWICE),
    "zeros, packed beyond the limit": lambda: everywhere(_JSON, packed(b"\0" * 200_000_000), _GZIP),
    "zeros, packed by a thousand": lambda: everywhere(_JSON, packed(b"\0" * 5_000) * 1000, _GZIP),
    "zeros, deflated": lambda: everywhere(
        _JSON, zlib.compress(b"\0" * 4_999_000, 9), ((b"Content-Encoding", b"deflate"),)),
    "noise that is called gzip": lambda: everywhere(_JSON, b"\x1f\x8b\x08\0" + bytes(range(256)) * 19_000, _GZIP),
    "a thousand codings": lambda: everywhere(_JSON, b"{}", ((b"Content-Encoding", b"identity, " * 1000),)),
    "a batch of 480,000 events": lambda: everywhere(
        b"application/cloudevents-batch+json", b"[" + b'{"id":""},' * 480_000 + b"{}]"),
    "a batch of events with data": lambda: everywhere(
        b"application/cloudevents-batch+json", b"[" + b'{"data_base64":"e30="},' * 200_000 + b"{}]"),
    "an event whose data is XML": lambda: everywhere(
        b"application/cloudevents+json",
        json.dumps({"datacontenttype": "text/xml",
                    "data_base64": base64.b64encode(_elements(800_000)).decode()}).encode()),
    "a number that is none, where handshakes look": lambda: [
        *everywhere(_JSON, b'{"type":1e999,"token":-1e999,"challenge":1e999,"event_id":1e999,"event":{"type":1e999}}'),
        *everywhere(_JSON, b'{"type":"\\ud800","token":"\\udfff","challenge":' + b"9" * 5000 + b"}"),
    ],
    "15 kB of a signature": lambda: [
        sent("/in/github", _JSON, b"{}", ((b"X-Hub-Signature-256", b"sha256=" + b"a" * 15_000),)),
        sent("/in/standard-webhooks", _JSON, b"{}" * 1_000_000, (
            (b"webhook-id", b"a"), (b"webhook-timestamp", b"9" * 15), (b"webhook-signature", b"v1,AAAA " * 1_800))),
        sent("/in/gitlab", _JSON, b"{}",
             ((b"webhook-signature", b"v1," * 5_000), (b"X-Gitlab-Token", b"\xff" * 15_000))),
        sent("/in/jira", _JSON, b"{}", ((b"Authorization", b"Basic " + b"QTpB" * 3_900),)),
    ],
    "a head as large as allowed": lambda: [
        sent("/in/github", _JSON, b"{}", [(b"X-%d" % n, b"a" * 200) for n in range(60)]),
        sent("/in/github?" + "a=b&" * 3_900, _JSON, b"{}"),
        sent("/in/jira?" + "token=%41&" * 1_500, _JSON, b"{}"),
        sent("/in/github/" + "%41" * 5_000, _JSON, b"{}"),
        sent("/in/" + "/" * 15_000, _JSON, b"{}"),
        sent("/in/generic-open?" + "a=[[[[[[[[[[[[&" * 1_000, _JSON, b""),
    ],
    "cookies and traces": lambda: [
        sent("/in/github", _JSON, b"{}", ((b"Cookie", b"a=b; " * 3_000), (b"traceparent", b"0" * 15_000))),
        sent("/in/github", _JSON, b"{}",
             ((b"X-Forwarded-For", b"1.1.1.1, " * 1_700), (b"Forwarded", b"for=1;" * 2_500))),
    ],
    "the largest event that is right": lambda: [
        signed("github", _JSON, push(more="a" * 4_000_000), _PUSH),
        signed("github", _JSON, push(commits=[{"id": "a" * 40, "message": "m" * 200, "url": "https://x.example",
                                               "author": {"name": "n"}}] * 10_000), _PUSH),
        sent("/in/generic-open", _JSON, json.dumps({f"k{n}": {"v": "x" * 90} for n in range(20_000)}).encode()),
        sent("/in/alertmanager-open", _JSON, json.dumps({
            "version": "4", "status": "firing", "receiver": "r", "groupKey": "g", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {}, "externalURL": "https://a.example", "truncatedAlerts": 0,
            "alerts": [{
                "status": "firing", "labels": {"alertname": "a" * 90}, "annotations": {"summary": "s" * 200},
                "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://p.example", "fingerprint": "f"}] * 8_000}).encode()),
    ],
    **_baits(),
}  # fmt: skip
