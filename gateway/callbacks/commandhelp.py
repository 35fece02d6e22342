"""Slash commands of several documents: which one answers, and the help that is made from all of them."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from msgspec import Struct

from gateway.language.functions.markdown import escape
from gateway.mattermost.payload import Message

HELP: Final = "help"
"""The word that asks for help; no sub-command has this name."""

_WORD: Final = 50
"""Characters of a wrong word that are looked at: what is near to it is found in the square of its length."""


class Command(Struct, frozen=True):
    """The line of one document in the help of its command; `sub` is "" for the command itself."""

    trigger: str
    sub: str = ""
    hint: str = ""
    description: str = ""

    @classmethod
    def of(cls, raw: Mapping[str, Any], title: str) -> "Command":
        """The command of a document, which its title describes where nothing else does."""
        about = {key: str(raw.get(key, "")) for key in ("sub", "hint")}
        return cls(raw["trigger"].lower(), description=str(raw.get("description") or title), **about)

    @property
    def typed(self) -> str:
        """What everybody types: "/deploy status"."""
        return " ".join(filter(None, (f"/{self.trigger}", self.sub)))

    @property
    def usage(self) -> str:
        """What is typed, and what comes behind it: "/deploy status [service]"."""
        return " ".join(filter(None, (self.typed, self.hint)))


def chosen(commands: Mapping[str, Command], text: str) -> str:
    """The name of the callback that answers a text behind the command; "" when that is the help.

    The first word names a sub-command in any case; what names none is for the command itself, if there is one.
    """
    word = text.split(maxsplit=1)[0].lower() if text.strip() else ""
    if word == HELP:
        return ""
    by_sub = {command.sub.lower(): name for name, command in commands.items()}
    return by_sub.get(word) or by_sub.get("", "")


def help_message(commands: Mapping[str, Command], text: str = "") -> Message:
    """The help of a command, for somebody who typed `text` behind it."""
    every = sorted(commands.values(), key=lambda one: (one.sub, one.usage))
    lines = [f"- `{_in_code(one.usage)}`: {escape(one.description)}" for one in every]
    word = text.split(maxsplit=1)[0][:_WORD].lower() if text.strip() else HELP
    if word != HELP:
        near = get_close_matches(word, [one.sub for one in every if one.sub], 1)
        hint = f" Did you mean `{_in_code(near[0])}`?" if near else ""
        lines.insert(0, f"There is no `{_in_code(word)}` here.{hint}\n")
    return Message(text="\n".join(lines))


def hint_of(commands: Mapping[str, Command]) -> str:
    """What Mattermost's completion shows behind the command: "[status|rollback|help]"."""
    subs = sorted(one.sub for one in commands.values() if one.sub)
    if not subs:
        return next((one.hint for one in commands.values()), "")
    return f"[{'|'.join([*subs, HELP])}]"


def _in_code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
