"""Who may use a callback: names, groups, roles and membership of the channel, as the server tells them.

    "@ann"                 the user with that name
    "group:NAME"           members of a group (a licence of Mattermost is needed)
    "role:channel_admin"   who administers the channel; role:team_admin its team; role:system_admin the server
    "channel"              members of the channel

One entry that holds is enough. What the server does not tell is no permission, and the reason is said.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple

from msgspec import Struct

from gateway.mattermost.answers import error_id
from gateway.mattermost.session import Session, decoded
from gateway.outbound.exchange import Unsent

CACHED: Final = 60.0
"""Seconds for which an answer of the server counts."""

KNOWN: Final = 2_000
"""Answers that are remembered."""

TIMEOUT: Final = 10.0
"""Default limit in seconds of all requests for one question."""

_BYTES: Final = 1_000_000
_ID: Final = re.compile(r"[a-z0-9]{26}")
_ENTRY: Final = re.compile(r"(@|group:)([A-Za-z0-9._-]{1,64})|role:(channel_admin|team_admin|system_admin)|channel")
_ROLES: Final = {
    "channel_admin": "administrators of this channel",
    "team_admin": "administrators of this team",
    "system_admin": "administrators of Mattermost",
}
_EXPECTED: Final = "@NAME, group:NAME, role:channel_admin, role:team_admin, role:system_admin, or channel (its members)"
_NO_SUCH: Final = frozenset(
    {
        "app.user.missing_account.const",
        "app.channel.get_member.missing.app_error",
        "app.team.get_member.missing.app_error",
    }
)
"""The error ids of who is not there: these are answers."""

_HIDDEN: Final = "Mattermost does not tell the gateway {needed}"
_NO_GROUPS: Final = "this Mattermost has no groups: they need a licence"


class _User(Struct):
    username: str
    roles: str = ""
    delete_at: int = 0


class _Channel(Struct):
    team_id: str = ""


class _Member(Struct):
    user_id: str
    roles: str = ""
    scheme_admin: bool | None = False
    delete_at: int = 0  # of a team: who has left is still told, roles and all


class _Group(Struct):
    name: str | None = None
    delete_at: int = 0


class _Question(NamedTuple):
    """A GET below /api/v4, the type of its answer, and what is not known without it, with the remedy."""

    path: str
    kind: Any
    needed: str


class _Answer:
    """What is known of one question; `lock` is held by who asks it.

    `value` is None for who is not there. `until` and `failed_at` are times of the monotonic clock.
    """

    __slots__ = ("failed_at", "lock", "problem", "until", "value")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.value: Any = None
        self.until = 0.0
        self.problem = ""
        self.failed_at = 0.0


class _Unknown(Exception):  # noqa: N818 - states a condition
    """The server does not tell; the text is the reason."""


class Members:
    """Answers who may, over the session of an account that is in the channels and teams it is asked about.

    `timeout` is seconds, logins included; `clock` is a monotonic one.
    """

    def __init__(self, session: Session, timeout: float = TIMEOUT, clock: Callable[[], float] = monotonic) -> None:
        self._session = session
        self._timeout = timeout
        self._clock = clock
        self._answers: dict[str, _Answer] = {}

    async def allowed(self, allow: Sequence[str], user_id: str, channel_id: str) -> str:
        """Why a user may not, and who may, in words; "" for one that may, and for all where `allow` is empty.

        What the server says counts for CACHED seconds. Nothing is raised for what it does or does not.
        """
        if not allow:
            return ""
        try:
            async with asyncio.timeout(self._timeout):
                found, problem = await self._permitted(allow, user_id, channel_id)
        except TimeoutError:
            found, problem = False, f"Mattermost did not answer within {self._timeout:g} s"
        if found:
            return ""
        aside = f", and whether you are among them is not known ({problem})" if problem else ""
        return f"{_listed(allow)} may do this{aside}."

    async def _permitted(self, allow: Sequence[str], user_id: str, channel_id: str) -> tuple[bool, str]:
        """Whether one entry holds, the cheap ones first; if none does, what the server did not tell."""
        if not (_ID.fullmatch(user_id) and _ID.fullmatch(channel_id)):
            return False, ""
        problem = ""
        for entry in sorted(set(allow), key=_cost):
            try:
                if await self._holds(entry, user_id, channel_id):
                    return True, ""
            except _Unknown as unknown:
                problem = problem or str(unknown)
        return False, problem

    async def _holds(self, entry: str, user_id: str, channel_id: str) -> bool:
        """Whether an entry holds for a user. Raises _Unknown."""
        match = _ENTRY.fullmatch(entry)
        if match is None:
            return False
        user = await self._ask(_Question(f"/users/{user_id}", _User, "who the user is"))
        if user is None or user.delete_at:
            return False
        if match[1] == "@":
            return bool(user.username == match[2].lower())
        if match[1] == "group:":
            return await self._is_in_group(match[2].lower(), user_id)
        if match[3] == "system_admin":
            return "system_admin" in user.roles.split()
        if match[3] == "team_admin":
            return await self._administers_team(user_id, channel_id)
        member = await self._member(channel_id, user_id)
        return member is not None and (entry == "channel" or _administers(member, "channel_admin"))

    async def _member(self, channel_id: str, user_id: str) -> _Member | None:
        needed = "who is in this channel: add its account to the channel"
        found: _Member | None = await self._ask(_Question(f"/channels/{channel_id}/members/{user_id}", _Member, needed))
        return found

    async def _administers_team(self, user_id: str, channel_id: str) -> bool:
        needed = "of which team this channel is: add its account to the channel"
        channel = await self._ask(_Question(f"/channels/{channel_id}", _Channel, needed))
        if channel is None or not _ID.fullmatch(channel.team_id):  # a direct channel is of no team
            return False
        needed = "who is in this team: add its account to the team"
        member = await self._ask(_Question(f"/teams/{channel.team_id}/members/{user_id}", _Member, needed))
        return member is not None and not member.delete_at and _administers(member, "team_admin")

    async def _is_in_group(self, name: str, user_id: str) -> bool:
        needed = "who is in which group: that takes an account with the role system_admin"
        groups = await self._ask(_Question(f"/users/{user_id}/groups", list[_Group], needed))
        return any(group.name is not None and group.name.lower() == name and not group.delete_at for group in groups)

    async def _ask(self, question: _Question) -> Any:
        """The answer, of the last minute or of now. Raises _Unknown; those who waited for another fail as he did."""
        asked = self._clock()
        known = self._answers.get(question.path)
        if known is None:
            if len(self._answers) >= KNOWN:
                del self._answers[next(iter(self._answers))]
            known = self._answers[question.path] = _Answer()
        async with known.lock:
            if known.until > self._clock():
                return known.value
            if known.failed_at > asked:
                raise _Unknown(known.problem)
            try:
                known.value = await self._get(question)
            except _Unknown as unknown:
                known.problem, known.failed_at = str(unknown), self._clock()
                raise
            known.until = self._clock() + CACHED
            return known.value

    async def _get(self, question: _Question) -> Any:
        try:
            reply = await self._session.call("GET", question.path, limit=_BYTES)
            name = error_id(reply.body)
            if reply.status == 404 and name in _NO_SUCH:
                return None
            if reply.status == 403 and name:
                raise _Unknown(_HIDDEN.format(needed=question.needed))
            if reply.status == 501 and name:
                raise _Unknown(_NO_GROUPS)
            return decoded(reply, question.kind)
        except Unsent as unsent:
            raise _Unknown(unsent.result.reason) from None


def faults(allow: Sequence[str]) -> list[str]:
    """What is wrong with entries of `allow`, one text for each that is none."""
    wrong = [entry for entry in allow if not _ENTRY.fullmatch(entry)]
    return [f"{entry!r} names nobody: expected {_EXPECTED}" for entry in wrong]


def _administers(member: _Member, role: str) -> bool:
    """Whether a member has the role, which a scheme of the server's may call by another name."""
    return bool(member.scheme_admin) or role in member.roles.split()


def _cost(entry: str) -> tuple[int, str]:
    """Entries in the order of the requests that they take: those about the user alone take one."""
    kinds = ("@", "role:system_admin", "channel", "role:channel_admin", "role:team_admin", "group:")
    return next((rank for rank, kind in enumerate(kinds) if entry.startswith(kind)), len(kinds)), entry


def _listed(allow: Sequence[str]) -> str:
    names = [words for entry in dict.fromkeys(allow) if (words := _named(entry))]
    if not names:
        return "Nobody"
    return "Only " + " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _named(entry: str) -> str:
    """Whom an entry means, in words; "" for what is no entry."""
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return ""
    if match[3]:
        return _ROLES[match[3]]
    return {"@": f"@{match[2]}", "group:": f"members of the group {match[2]}"}.get(match[1], "members of this channel")
