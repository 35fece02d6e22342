"""What Mattermost sends when something is said or clicked, smoothed to one shape for all occasions.

Forms and JSON are alike, times are seconds, lists are lists. What an occasion lacks is missing. The keys of the input:

    text words trigger command user{id,name} channel{id,name} team{id,name} post{id,root} files mentions[{name,id}]
    channels[{name,id}] at context option submission field state cancelled

Contract sections 3 to 6.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from gateway.decode import forms, jsontext
from gateway.model import JSON
from gateway.secret import Secret

Input = dict[str, JSON]


class Occasion(StrEnum):
    """What a callback answers: an outgoing webhook, a slash command, a button or menu, a dialog, a bot's message."""

    OUTGOING = "outgoing"
    COMMAND = "command"
    ACTION = "action"
    DIALOG = "dialog"
    MESSAGE = "message"


class Said(Struct, frozen=True):
    """One thing said or clicked: the `input` of templates, and what is no business of theirs.

    `id` is the same in repeats and no other's ("": nothing tells). `trigger` opens a dialog within three seconds,
    `response` is the URL for later answers to a command: both let their bearer act, so they are secrets. `lookup` says
    that a dialog asks for the options of a field, and submits nothing.
    """

    occasion: Occasion
    input: Input
    id: str = ""
    token: Secret | None = None
    trigger: Secret | None = None
    response: Secret | None = None
    lookup: bool = False


_LISTS: Final = 1_000
"""The most mentions, channels and files that are taken."""
_MILLISECONDS: Final = 100_000_000_000
"""A time from here on is one in milliseconds: in seconds it lies beyond the year 5000."""


def fields(body: bytes, content_type: str) -> dict[str, JSON]:
    """The fields of a body or query, which is JSON where the content type says so and else a form. Raises ValueError.

    Its depth, values and fields are bounded as those of every request.
    """
    if "json" not in content_type.lower():
        return forms.fields(forms.urlencoded(body))
    found = jsontext.parse(body)
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object")  # noqa: TRY004 - the value of a sender
    return found


def smoothed(occasion: Occasion, sent: Mapping[str, JSON]) -> Said:
    """What the fields that Mattermost sent at an occasion say. Raises ValueError for a post that is not JSON."""
    read = _READERS[occasion]
    said = {**_common(sent), **read(sent)}
    return Said(
        occasion,
        {key: value for key, value in said.items() if value not in (None, "", {}, []) or key in _KEPT},
        id=_identity(occasion, sent, said),
        token=_secret(sent, "token"),
        trigger=_secret(sent, "trigger_id"),
        response=_secret(sent, "response_url"),
        lookup=occasion is Occasion.DIALOG and sent.get("type") == "dialog_lookup",
    )


def _identity(occasion: Occasion, sent: Mapping[str, JSON], said: Input) -> str:
    """What is the same in repeats: the post, where one was written, else the trigger of the command or click."""
    if occasion in (Occasion.OUTGOING, Occasion.MESSAGE):
        return str(said.get("post", {}).get("id", ""))
    return _text(sent, "trigger_id")


_KEPT: Final = frozenset({"text", "words", "context", "submission", "cancelled"})
"""The keys that the occasions which have them always have, empty or not."""


def without_first_word(given: Input) -> Input:
    """The input of a command behind the word of its sub-command."""
    text = str(given.get("text", "")).lstrip()
    rest = text[len(text.split(maxsplit=1)[0]) :].lstrip() if text else ""
    return {**given, "text": rest, "words": rest.split()}


def _common(sent: Mapping[str, JSON]) -> Input:
    return {
        "user": _pair(sent, "user_id", "user_name"),
        "channel": _pair(sent, "channel_id", "channel_name"),
        "team": _pair(sent, "team_id", "team_domain"),
    }


def _outgoing(sent: Mapping[str, JSON]) -> Input:
    trigger = _text(sent, "trigger_word")
    text = _behind(_text(sent, "text"), trigger)
    return {
        "text": text,
        "words": text.split(),
        "trigger": trigger,
        "post": _object(id=_text(sent, "post_id")),
        "files": _ids(sent.get("file_ids")),
        "at": _seconds(sent.get("timestamp")),
    }


def _command(sent: Mapping[str, JSON]) -> Input:
    text = _text(sent, "text").strip()
    return {
        "text": text,
        "words": text.split(),
        "trigger": _text(sent, "command").removeprefix("/"),
        "command": _text(sent, "command"),
        "post": _object(root=_text(sent, "root_id")),
        "mentions": _named(sent, "user_mentions"),
        "channels": _named(sent, "channel_mentions"),
    }


def _action(sent: Mapping[str, JSON]) -> Input:
    given = sent.get("context")
    context = dict(given) if isinstance(given, Mapping) else {}
    return {
        "option": context.pop("selected_option", None),
        "context": context,
        "post": _object(id=_text(sent, "post_id")),
    }


def _dialog(sent: Mapping[str, JSON]) -> Input:
    given = sent.get("submission")
    submission = dict(given) if isinstance(given, Mapping) else {}
    said: Input = {"state": _text(sent, "state"), "cancelled": sent.get("cancelled") is True}
    if sent.get("type") == "dialog_lookup":
        text = str(submission.pop("query", None) or "")
        field = str(submission.pop("selected_field", None) or "")
        said |= {"text": text, "words": text.split(), "field": field}
    return {**said, "submission": submission}


def _message(sent: Mapping[str, JSON]) -> Input:
    """What the data of a WebSocket event `posted` say: `post` is a JSON text in them."""
    raw = sent.get("post")
    post = jsontext.parse(raw) if isinstance(raw, str) else raw
    if not isinstance(post, Mapping):
        return {}
    text = _text(post, "message").strip()
    return {
        "text": text,
        "words": text.split(),
        "user": _object(id=_text(post, "user_id"), name=_text(sent, "sender_name").removeprefix("@")),
        "channel": _object(id=_text(post, "channel_id"), name=_text(sent, "channel_name")),
        "team": _object(id=_text(sent, "team_id")),
        "post": _object(id=_text(post, "id"), root=_text(post, "root_id")),
        "files": _ids(post.get("file_ids")),
        "at": _seconds(post.get("create_at")),
    }


_READERS: Final[Mapping[Occasion, Callable[[Mapping[str, JSON]], Input]]] = {
    Occasion.OUTGOING: _outgoing,
    Occasion.COMMAND: _command,
    Occasion.ACTION: _action,
    Occasion.DIALOG: _dialog,
    Occasion.MESSAGE: _message,
}


def _behind(text: str, trigger: str) -> str:
    """The text behind the trigger word; all of it where it does not begin with that word (of several hooks, one's)."""
    text = text.strip()
    first, _, rest = text.partition(trigger) if trigger else ("-", "", "")
    return rest.strip() if not first and (not rest or rest[0].isspace()) else text


def _text(sent: Mapping[str, JSON], key: str) -> str:
    """The text of a field; of a field that is there several times, the first."""
    value = sent.get(key)
    if isinstance(value, list):
        value = value[0] if value else ""
    return value if isinstance(value, str) else "" if value is None or isinstance(value, dict) else str(value)


def _secret(sent: Mapping[str, JSON], key: str) -> Secret | None:
    text = _text(sent, key)
    return Secret(text) if text else None


def _object(**values: str) -> dict[str, JSON]:
    """The object of the values that are there."""
    return {key: value for key, value in values.items() if value}


def _pair(sent: Mapping[str, JSON], key: str, name: str) -> dict[str, JSON]:
    return _object(id=_text(sent, key), name=_text(sent, name))


def _list(value: JSON) -> list[JSON]:
    return [] if value in (None, "") else value[:_LISTS] if isinstance(value, list) else [value]


def _ids(value: JSON) -> list[str]:
    """The ids of a list, or of a text with commas between them."""
    parts: Iterable[JSON] = value.split(",", _LISTS) if isinstance(value, str) else _list(value)
    return [str(one).strip() for one in parts if one][:_LISTS]


def _named(sent: Mapping[str, JSON], key: str) -> list[JSON]:
    """The names of one field beside the ids of another one."""
    names, ids = _list(sent.get(key)), _list(sent.get(f"{key}_ids"))
    return [{"name": str(name), "id": str(one)} for name, one in zip(names, ids, strict=False)]


def _seconds(value: JSON) -> float | None:
    """A time in seconds, of one in seconds or milliseconds."""
    try:
        time = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not 0 < time < float("inf"):
        return None
    return time / 1000 if time >= _MILLISECONDS else time
