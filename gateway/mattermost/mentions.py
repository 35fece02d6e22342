"""Defusing of third-party text: mentions, channel links and emoji names stay visible and have no effect.

Mattermost does two things to a text on every way, and each is prevented at its first character:

- The server looks for mentions in Markdown text, in the text of autolinked URLs and in character references that spell
  an `@` (contract 1.6). A zero-width space behind the sigil ends the name before it begins: `@` U+200B `channel`.
  Inside a URL that would break the link, so there the first letter of the name is percent-encoded, which RFC 3986
  section 6.2.2.2 makes the same address: `https://host/@%75ser`.
- The client links `~channel` and draws `:emoji:`. A name of no emoji is left alone where it touches a word, so that
  what people copy is whole: `arn:aws:sns:eu-west-1`. Clients draw one there only up to version 11, and of a server's
  own emoji.

Apply these to raw text, before Markdown escaping. The sigils are ASCII: no other character starts any of this. What
only a webhook rewrites is left to its sender (`for_hook`).
"""

import re

from gateway.mattermost.emoji import character

BLANK = "\u200b"

# Each pattern begins behind its first character, which a lookbehind tests: `re` then skips fast to the next candidate.
_URL = r"(?P<url>(?:(?<=[hH])[tT]{2}[pP][sS]?://|(?<=[fF])[tT][pP]://|(?<=[wW])[wW]{2}\.)[^\s<>`|\ufeff]+)"
_NO_ADDRESS = r"(?<![A-Za-z0-9]@)(?<![A-Za-z0-9]_@)(?<![A-Za-z0-9]__@)"
_AT = rf"(?<=@){_NO_ADDRESS}(?=[A-Za-z0-9_.&\\-])"
_REFERENCE = r"(?<=&)(?:\#0{0,5}64|\#[xX]0{0,5}40|commat);(?!\u200b)"
_CHANNEL = r"(?<=~)(?<![A-Za-z0-9_]~)(?<!~~~)(?=[0-9._-]{0,63}[A-Za-z])"
_EMOJI = r"(?<=:)(?=(?P<emoji>[0-9_+-]{0,63}[A-Za-z][A-Za-z0-9_+-]{0,63}|[+-]1|100|1234):)"

_NOTIFYING = re.compile(f"[@&hHfFwW](?:{_AT}|{_REFERENCE}|{_URL})")
_ACTING = re.compile(f"[@:~&hHfFwW](?:{_AT}|{_EMOJI}|{_CHANNEL}|{_REFERENCE}|{_URL})")
_AUTHORITY = re.compile(r"(?:[^/]*//)?[^/?#]*")
_SPELT = re.compile(f"&{_REFERENCE}")
_OF_WORD = re.compile(r"[A-Za-z0-9_]")
_NAME = re.compile(rf"@{_NO_ADDRESS}([A-Za-z0-9_.-])")

_RESTORABLE = re.compile(rf"([@~:;]){BLANK}|@%([2-7][0-9A-F])")
_ANNOUNCEMENT = re.compile(rf"<{BLANK}?!(channel|here|all)>")


def harmless(text: str) -> str:
    """Make every mention, channel link and emoji name inert; idempotent."""
    if "@" in text or "~" in text or "&" in text or text.count(":") > 1:
        return _ACTING.sub(_defuse_all, text)
    return text


def silent(text: str) -> str:
    """Make only mentions inert: links and emoji that an author wrote keep working; idempotent."""
    if "@" in text or "&" in text:
        return _NOTIFYING.sub(_defuse, text)
    return text


def without_links(title: str) -> str:
    """A title without links and images: clients read Markdown in those of fields, and in those that lead nowhere."""
    return title.replace("](", f"]{BLANK}(") if "](" in title else title


def restore(text: str) -> str:
    """Undo `harmless` and `silent`; exact for every text that had no U+200B and no `@%` of its own."""
    if BLANK in text or "@%" in text:
        return _RESTORABLE.sub(_arm, text)
    return text


def announce(text: str) -> str:
    """Slack's announcements as those of Mattermost: `<!here>` is `@here` over every way where mentions may notify."""
    return _ANNOUNCEMENT.sub(r"@\1", text) if "!" in text else text


def _defuse_all(match: re.Match[str]) -> str:
    name = match["emoji"]
    if name and _touches_word(match, len(name)) and not character(name.lower()):
        return match[0]
    return _defuse(match)


def _touches_word(match: re.Match[str], size: int) -> bool:
    """Whether a letter, digit or underscore stands right before the name of an emoji or right behind it."""
    text, start, end = match.string, match.start(), match.end() + size + 1
    return bool(_OF_WORD.match(text, start - 1) if start else None) or _OF_WORD.match(text, end) is not None


def _defuse(match: re.Match[str]) -> str:
    if match["url"] is None:
        return match[0] + BLANK
    url = _SPELT.sub(rf"\g<0>{BLANK}", match[0]) if "&" in match[0] else match[0]
    if "@" not in url:
        return url
    # A host cannot be percent-encoded: there a broken link is better than a ping.
    authority = _AUTHORITY.match(url)
    path = authority.end() if authority else 0
    return _NAME.sub(rf"@{BLANK}\1", url[:path]) + _NAME.sub(lambda name: f"@%{ord(name[1]):02X}", url[path:])


def _arm(match: re.Match[str]) -> str:
    return match[1] or f"@{chr(int(match[2], 16))}"
