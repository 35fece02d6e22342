"""Hostile payloads stay inside their messages: no mention, no foreign link, no layout outside of the attachment.

Every document of the catalog is tried, with what Mattermost, Slack, terminals, HTML and Markdown make something of in
each of its texts, as a webhook stores it and as it is over REST.
"""

import html
import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.mattermost.for_hook import for_hook
from gateway.mattermost.payload import Message, decode, encode
from gateway.model import JSON
from gateway.pipeline import sample
from gateway.standin import incoming
from tests import builtin
from tests.builtin import SAMPLES

PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])
USER = "u" * 26
KINDS = [
    "<!here> <!channel>", f"<@{USER}>", "@all @joe ~town :cat:", "&#64;all &commat;here", "<http://a.x|http://b.x>",
    "Promise<string|null>", "`Map<K|V> | >`", "![i](https://x.example/i.png)", "[r](/rel) ![r](rel)",
    "[j](javascript:x)", "<a href='/rel'>y</a> <img src=x>", "<b><details><table><tr><td>", "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://x.example\x07l", "\x1b[8mha:////AA==\x1b[0m", "```\nopen", "~~~", "`", "\n# h\n", "\n> q\n",
    "\n- l\n1. m\n", "\n| a |\n|---|\n", "\n***\n", "[z][1]\n\n[1]: /rel", "**", "_", "[", "](",
    "https://x.example/a|@all*", "\n\n", "\\", "\u202e\x00\x85", "<!--", "=====",
    "!<a href='https://x.example/i.png'>y</a>", "!<http://x.example|y>", "!![i](https://x.example/i.png)",
    '!"y":https://x.example', "![y|https://x.example]", "\u2424```\u2424# h\u2424\u2424", "\u2028# h\x85> q",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(KINDS), min_size=1, max_size=6).map(" ".join)


def poisoned(value: JSON, text: str, *, everywhere: bool) -> JSON:
    """The payload with a text behind every text of it: those with a blank, or all."""
    if isinstance(value, dict):
        return {key: poisoned(of, text, everywhere=everywhere) for key, of in value.items()}
    if isinstance(value, list):
        return [poisoned(one, text, everywhere=everywhere) for one in value]
    return f"{value} {text}" if isinstance(value, str) and (everywhere or " " in value) else value


def check_markdown(text: str | None, *, labels: bool) -> None:
    """Nobody is mentioned, nothing is loaded, links say where they lead, and what follows stands alone."""
    if not text:
        return
    blocks = PARSER.parse(text.replace("\u2424", "\n") + "\n\nafter")
    assert (blocks[-2].content, blocks[-2].level) == ("after", 1), text
    tokens = [token for block in blocks for token in block.children or ()]
    words = " ".join(token.content for token in tokens if token.type in ("text", "text_special"))
    for word in re.findall(r"[\w:.\-@]+", html.unescape(words)):
        parts = [word.lstrip(":.-_"), *re.split(r"[.\-:]", word)]
        assert not [part for part in parts if re.match(r"@(?:all|here|channel|joe)\b", part)], text
    for index, token in enumerate(tokens):
        assert token.type != "image", text
        if token.type == "link_open":
            target, label = str(token.attrs["href"]), tokens[index + 1].content
            assert target.startswith(("http://", "https://", "mailto:")), text
            assert labels or not re.match(r"https?://(?!x\.)", label) or label.rstrip("/") in target, text


def check(message: Message, service: str) -> None:
    """What readers see of a message, over REST and by way of a hook, which stores what it was sent."""
    sent = for_hook(encode(message))
    (stored,) = incoming.posts(incoming.read(sent), {USER: "joe"})
    assert stored.message == (decode(sent).text or "")
    for kept, own in zip(stored.attachments, decode(sent).attachments, strict=True):
        texts = (kept["pretext"], kept["text"], kept["title"], *(field["value"] for field in kept["fields"] or ()))
        assert texts == (own.pretext or "", own.text or "", own.title or "", *(one.value for one in own.fields))
    for one in (message, decode(sent)):
        labels = service == "slack"  # there `<target|label>` is how its senders write links
        check_markdown(one.text, labels=labels)
        for part in one.attachments:
            for text in (part.pretext, part.text, part.footer, *(field.value for field in part.fields)):
                check_markdown(text, labels=labels)
            for line in (part.title, part.author_name, part.fallback, *(field.title for field in part.fields)):
                assert "\n" not in (line or "")
    assert not re.search(rb"\\u00(?:1b|00|9b)|\xc2[\x9b\x9d]", sent)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SAMPLES), HOSTILE, st.booleans())
def test_whatever_stands_in_every_text(one: tuple[str, object], text: str, everywhere: bool) -> None:
    """Also where it makes another event of the payload, or one that no document knows."""
    service, path = one
    request = builtin.sample(path).request
    if not isinstance(request.body, dict | list):
        return
    changed = msgspec.structs.replace(request, body=poisoned(request.body, text, everywhere=everywhere))
    for piece in sample.read(builtin.service(service), sample.as_request(changed)).pieces:
        for message in piece.messages:
            check(message, service)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_in_a_few_services(kind: str) -> None:
    """In texts that are escaped, quoted, third-party Markdown, HTML, Slack's and those of the generic translator."""
    seen = set()
    for service, path in SAMPLES:
        if service in ("github", "gitlab", "slack", "jira", "alertmanager", "generic") and service not in seen:
            request = builtin.sample(path).request
            if isinstance(request.body, dict | list):
                seen.add(service)
                changed = msgspec.structs.replace(request, body=poisoned(request.body, kind, everywhere=False))
                for piece in sample.read(builtin.service(service), sample.as_request(changed)).pieces:
                    for message in piece.messages:
                        check(message, service)
