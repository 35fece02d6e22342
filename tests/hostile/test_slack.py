"""Slack payloads with hostile texts in every key: they mention nobody, link nowhere else, and stay in their place."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.catalog import catalog, files
from gateway.decode.content import Content
from gateway.mattermost.limits import DEFAULT
from gateway.model import Outcome, Request
from gateway.pipeline.interpret import Wishes, interpret

SLACK = catalog.load([files.builtin_folder()], ["slack"]).services["slack"]

HOSTILE = [
    "@channel hi",
    "<!here>",
    "<!channel|@all>",
    "<@U1|@all>",
    "&#64;channel",
    "`<!here>`",
    "```\n@all <https://evil.example|x>",
    "[a](https://evil.example)",
    "![a](https://evil.example/i.png)",
    "# head",
    "> quote",
    "|a|b|\n|---|---|",
    "*@channel*",
    "<https://ok.example|@channel>",
    "<https://ok.example|a](https://evil.example)>",
    "<https://ok.example/@all>",
    "<https://ok.example|![a](https://evil.example/i.png)>",
    "<javascript:alert(1)|x>",
    "*a\n# b*",
    "_<https://ok.example|*x>_",
    "<https://ok.example|`a`](https://evil.example)`>",
    "<https://ok.example|a `b](https://evil.example) c>",
    ":x: @here",
    "<https://ok.example|<!here>>",
    "<mailto:@all|x>",
    "<tel:1|@channel>",
    "<!date^1^@channel {date}|>",
    "<!subteam^S1|@all>",
    "<https://ok.example|*a*](https://evil.example)*b*>",
    "<https://ok.example|\\>(https://evil.example)",
    "\x1b[31mred",
    "<https://ok.example|a\n\n# b\n[x](https://evil.example)>",
    "```\n<https://evil.example|x>",
    "**a**",
    "~~~\n@all",
]
_CODE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$|(`+)(?!`).+?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)
_ACTING = re.compile(
    r"(?<![\w\u200b/%])@(?=[a-zA-Z0-9])|<!(?!\u200b)|&#64;(?!\u200b)|\]\((?!https://ok\.example|mailto:|tel:)|!\[[^\]\n]*\]\("
    r"|^(?:# |\|---)|\x1b",
    re.MULTILINE,
)
_PLAIN = ("title", "fallback", "author_name", "username")


def payloads(text: str) -> Iterator[dict[str, Any]]:
    """Payloads that have the text in every key that is shown."""
    keys = ("pretext", "author_name", "title", "text", "footer", "fallback")
    actions = [{"text": text, "url": "https://ok.example"}, {"text": text}]
    part = dict.fromkeys(keys, text) | {"fields": [{"title": text, "value": text}], "actions": actions}
    yield {"text": text, "username": text, "channel": f"#{text}", "attachments": [part]}
    marked, plain = {"type": "mrkdwn", "text": text}, {"type": "plain_text", "text": text}
    inline = [
        {"type": "text", "text": text, "style": {"bold": True}},
        {"type": "link", "url": "https://ok.example", "text": text},
        {"type": "user", "user_id": text},
        {"type": "emoji", "name": text},
    ]
    code = {"type": "rich_text_preformatted", "elements": inline[:1], "language": text}
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inline}, code]}
    task = {
        "title": text,
        "status": text,
        "details": rich,
        "output": rich,
        "sources": [{"url": "https://ok.example", "text": text}],
    }
    button = {"type": "button", "text": plain, "url": "https://ok.example"}
    yield {
        "blocks": [
            {"type": "header", "text": plain},
            {"type": "section", "text": marked, "fields": [marked, plain]},
            rich,
            {"type": "context", "elements": [marked, plain]},
            {"type": "alert", "level": "error", "text": marked},
            {"type": "plan", "title": text, "tasks": [task]},
            {"type": "file", "external_id": text},
            {"type": "card", "title": marked, "body": marked, "actions": [button]},
            {"type": "video", "title": plain, "author_name": text, "title_url": "https://ok.example"},
            {"type": "input", "label": plain, "element": {"type": "radio_buttons", "options": [{"text": plain}]}},
        ]
    }
    for kind in ("reaction_added", "pin_added", "file_shared", "member_joined_channel", "message", "of_tomorrow"):
        item = {"type": text, "channel": text, "ts": text, "message": {"text": text, "user": text, "permalink": text}}
        yield {
            "event": {
                "type": kind,
                "subtype": text,
                "user": text,
                "reaction": text,
                "channel": text,
                "channel_id": text,
                "item": item,
                "file_id": text,
                "file": {"title": text},
                "text": text,
                "lamp": text,
            }
        }


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a message with its key."""
    if isinstance(value, str):
        yield key, value
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield from texts(inner, name)
    for inner in value if isinstance(value, list) else ():
        yield from texts(inner, key)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_does_nothing(text: str) -> None:
    """In no key of no kind of payload; code stays closed, and what is plain text stays on one line."""
    for payload in payloads(text):
        body = json.dumps(payload).encode()
        request = Request(headers={"content-type": "application/json"}, body=body)
        reading = interpret(SLACK, Content(request), Wishes(), DEFAULT)
        assert reading.outcome is Outcome.MESSAGE
        for message in reading.pieces[0].messages:
            for key, shown in texts(msgspec.to_builtins(message)):
                if key in _PLAIN:
                    assert "\n" not in shown
                    assert "\x1b" not in shown
                    continue
                assert not len(re.findall(r"^`{3,}", shown, re.MULTILINE)) % 2, shown
                found = _ACTING.search(_CODE.sub("", shown))
                assert found is None, shown[max(0, found.start() - 40) : found.end() + 40]
