"""What `mattergate connect` would do about webhooks and commands at a Mattermost server, by what is there. Pure.

What is a table's own there is known by its URL: PUBLIC/out/NAME, PUBLIC/command/NAME. Whatever else the server has
stays as it is, and nothing is ever deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from msgspec import Struct

from gateway.callbacks.commandhelp import Command, hint_of
from gateway.callbacks.document import CallbackShape
from gateway.mattermost.integrations import COMMANDS, HOOKS, Fields, Integration, Team
from gateway.secret import Secret, redact
from gateway.settings.callbacks import CallbackSettings
from gateway.settings.tokenfiles import TokenFile

_NAME: Final = 64
_DESCRIPTION: Final = 128
"""Bytes that Mattermost takes as the shown name and as the description of an integration."""

_CREDENTIALS: Final = "credentials in its URL"


class Step(Struct, frozen=True, omit_defaults=True):
    """A line of the plan: `action` is create, update, add, write, nothing or cannot; `table` is one of the settings.

    `team` is the name of a team, "" where none is concerned; `why` says what differs, or why it cannot be done.
    """

    action: str
    table: str
    what: str
    team: str = ""
    why: str = ""


class Change(Struct, frozen=True):
    """What becomes of one webhook (`kind` HOOKS) or command (COMMANDS).

    `found` is the one at the server, None where there is none yet; `fields` are those that it is to have by the names
    of REST, `differences` say in words what changes, `problem` why it cannot be had.
    """

    kind: str
    what: str
    team: Team
    fields: Fields = {}
    found: Integration | None = None
    differences: tuple[str, ...] = ()
    problem: str = ""

    @property
    def action(self) -> str:
        """What is done."""
        if self.problem:
            return "cannot"
        if self.found is None:
            return "create"
        return "update" if self.differences else "nothing"

    def step(self, table: str) -> Step:
        """The line of the plan for it."""
        return Step(self.action, table, self.what, self.team.name, self.problem or "; ".join(self.differences))


class Place(Struct, frozen=True):
    """A channel: its id and its name as it was given; "" for both means every channel."""

    id: str = ""
    name: str = ""


def hook_url(public_url: str, table: CallbackSettings) -> str:
    """The URL for outgoing webhooks of a table, with its first credentials."""
    url = f"{public_url.rstrip('/')}/out/{table.name}"
    if not table.credentials:
        return url
    user, _, password = table.credentials[0].reveal().partition(":")
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def command_url(public_url: str, table: CallbackSettings) -> str:
    """The URL for slash commands of a table."""
    return f"{public_url.rstrip('/')}/command/{table.name}"


def same_place(url: str, other: str) -> bool:
    """Whether two URLs are the same, apart from credentials in them."""
    return _place(url) == _place(other)


def own_hooks(url: str, found: Sequence[Integration]) -> list[Integration]:
    """Those webhooks that call a URL."""
    return [one for one in found if any(same_place(url, to) for to in _urls(one))]


def own_commands(url: str, found: Sequence[Integration]) -> list[Integration]:
    """Those commands that call a URL."""
    return [one for one in found if same_place(url, str(one.fields.get("url", "")))]


def hooks_of(
    table: CallbackSettings, url: str, team: Team, places: Sequence[Place], words: Sequence[str],
    found: Sequence[Integration], names: Mapping[str, str],
) -> list[Change]:  # fmt: skip
    """What becomes of the outgoing webhooks of a table in a team, one for each place; `names` are those of channels.

    `found` are the webhooks of the team. Those that are there keep their channels where no place is asked for, and
    their trigger words where none are; without either, none is made.
    """
    own = own_hooks(url, found)
    asked: Fields = {"trigger_words": [*words], "trigger_when": 0} if words else {}
    if not places and (own or not words):
        return [_hook(url, team, asked, one, names) for one in own]
    changes = []
    for place in places or (Place(),):
        there = next((one for one in own if (one.fields.get("channel_id") or "") == place.id), None)
        if there is None and len(places) == 1:
            there = next(iter(own), None)  # the one that moves to this channel
        if there is not None:
            own.remove(there)
        changes.append(_hook(url, team, {**asked, "channel_id": place.id}, there, names, table.name))
    return changes + [_hook(url, team, {}, one, names) for one in own]


def commands_of(
    table: CallbackSettings, shapes: Mapping[str, CallbackShape], url: str, team: Team, found: Sequence[Integration]
) -> list[Change]:
    """What becomes of the slash commands of a table in a team: one for each trigger of its callbacks.

    `found` are the commands of the team. A trigger that calls another URL is taken.
    """
    by_trigger: dict[str, dict[str, Command]] = {}
    for name, shape in shapes.items():
        if shape.command is not None:
            by_trigger.setdefault(shape.command.trigger, {})[name] = shape.command
    return [_command(table, trigger, those, url, team, found) for trigger, those in sorted(by_trigger.items())]


class Tokens(Struct, frozen=True):
    """The token for what is made new, and the files to write, each with its token; None: one that nothing names yet."""

    new: Secret
    writes: tuple[tuple[TokenFile | None, Secret], ...] = ()


def tokens_of(
    known: Sequence[Secret], files: Sequence[TokenFile], found: Sequence[Secret], fresh: Callable[[], Secret]
) -> Tokens:
    """The tokens of a table: those that the server has are kept, and what is made new gets one that the table knows.

    A file is written over where it is empty, or the server knows its token no more: somebody made a new one there.
    """
    found = [one for one in dict.fromkeys(found) if one]
    both = [one for one in known if one in found]
    new = next(iter([*both, *found, *known]), None) or fresh()
    used = {*found, new}
    free = [one for one in files if one.token is None or one.token not in used]
    missing = [one for one in dict.fromkeys([new, *found]) if one not in known]
    slots = [*free, *[None] * len(missing)]
    return Tokens(new, tuple(zip(slots, missing, strict=False)))


def _hook(
    url: str, team: Team, asked: Fields, found: Integration | None, names: Mapping[str, str], name: str = ""
) -> Change:
    """One webhook, with the channel and words that are `asked` for."""
    fields: dict[str, Any] = {"content_type": "application/json", "callback_urls": [url], **asked}
    words = fields.get("trigger_words", found.fields.get("trigger_words") if found else None) or ()
    channel = fields.get("channel_id", found.fields.get("channel_id") if found else "") or ""
    where = names.get(channel, channel)
    what = f"outgoing webhook{' in ' if where else ''}{where} for {', '.join(words) or 'every message'}"
    if found is None:
        fields |= {"team_id": team.id, "display_name": _cut(f"mattergate {name}", _NAME)}
        return Change(HOOKS, what, team, fields)
    urls = _urls(found)
    fields["callback_urls"] = [url if same_place(one, url) else one for one in urls]
    told = [*_differences(fields, found.fields, names)]
    if fields["callback_urls"] != urls:
        told.append(_CREDENTIALS)
    if not found.token:
        told.append("it has no token")
    return Change(HOOKS, what, team, fields, found, tuple(told))


def _command(
    table: CallbackSettings, trigger: str, those: Mapping[str, Command], url: str, team: Team,
    found: Sequence[Integration],
) -> Change:  # fmt: skip
    what = f"slash command /{trigger}"
    described = those[min(those, key=lambda name: those[name].sub)].description
    if len(those) > 1:
        described = f"Try /{trigger} help"
    fields: dict[str, Any] = {
        "url": url,
        "method": "P",
        "auto_complete": True,
        "auto_complete_hint": hint_of(those),
        "auto_complete_desc": described,
    }
    there = next((one for one in found if one.fields.get("trigger") == trigger), None)
    if there is None:
        fields |= {"team_id": team.id, "trigger": trigger}
        fields |= {
            "display_name": _cut(f"mattergate {table.name}", _NAME),
            "description": _cut(described, _DESCRIPTION),
        }
        return Change(COMMANDS, what, team, fields)
    before = str(there.fields.get("url", ""))
    if not same_place(before, url):  # another gateway's, maybe, which would lose it
        parts = urlsplit(before)
        host = parts.netloc.rpartition("@")[2] or "another address"
        problem = f"the team has a command of this trigger already: it calls {host}"
        own = "; if that was this gateway, delete the command there" if parts.path == urlsplit(url).path else ""
        return Change(COMMANDS, what, team, problem=f"{problem}{own}")
    return Change(COMMANDS, what, team, fields, there, tuple(_differences(fields, there.fields)))


def _differences(fields: Fields, found: Fields, names: Mapping[str, str] | None = None) -> list[str]:
    """What becomes of which field; the URLs of webhooks are left out. `names` are those of channels."""
    return [
        f"{key}: {_shown(found.get(key), names or {})} becomes {_shown(value, names or {})}"
        for key, value in fields.items()
        if key != "callback_urls" and (found.get(key) or None) != (value or None)
    ]


def _shown(value: Any, names: Mapping[str, str]) -> str:
    """A value of a field, without the credentials of a URL."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    text = names.get(str(value), str(value))
    if "://" in text and "@" in text:
        text = f"{text.partition('://')[0]}://{text.rpartition('@')[2]}"
    return redact(text) if value not in (None, "") else "nothing"


def _urls(hook: Integration) -> list[str]:
    return [str(one) for one in hook.fields.get("callback_urls") or ()]


def _place(url: str) -> tuple[str, str, str]:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return scheme.lower(), host.rpartition("@")[2].lower(), f"{slash}{path}".rstrip("/")


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode("utf-8", "ignore")
