"""The load: GitHub pushes of 8 kB as GitHub sends them, each with its own body, delivery id and signature."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

SECRET: Final = "a secret of the bench"
SIZE: Final = 8_000
"""Bytes of one body."""

REPOSITORIES: Final = 192
"""How many repositories usually push in turn; each is a subject of its own, so that deliveries have as many lanes."""

_API = "https://api.github.com"
_REPOSITORY_LINKS = (
    "forks keys collaborators teams hooks issue_events events assignees branches tags blobs git_tags git_refs trees "
    "statuses languages stargazers contributors subscribers subscription commits git_commits comments issue_comment "
    "contents compare merges archive downloads issues pulls milestones notifications labels releases deployments"
).split()
_USER_LINKS = "followers following gists starred subscriptions organizations repos events received_events".split()
_HEAD = (
    "POST /in/{route} HTTP/1.1\r\nHost: gateway.example.com\r\nUser-Agent: GitHub-Hookshot/0000000\r\nAccept: */*\r\n"
    "Content-Type: application/json\r\nX-GitHub-Event: push\r\nX-GitHub-Hook-ID: 292430182\r\n"
    "X-GitHub-Hook-Installation-Target-Type: organization\r\nContent-Length: {size}\r\n"
    "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-%012x\r\nX-Hub-Signature-256: sha256=%s\r\n\r\n"
)


def payload(name: str, after: str) -> dict[str, Any]:
    """A push of three commits to the main branch of `acme/NAME`; `after` is the last key."""
    full_name = f"acme/{name}"
    page = f"https://github.com/{full_name}"
    commits = [_commit(page, number) for number in range(3)]
    return {
        "ref": "refs/heads/main",
        "before": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{page}/compare/9fceb02d0ae5...c0ffee254729",
        "commits": commits,
        "head_commit": commits[-1],
        "repository": _repository(name, full_name, page),
        "pusher": {"name": "mona", "email": "mona@acme.example"},
        "organization": {"login": "acme", "id": 38302899, "url": f"{_API}/orgs/acme", "description": None},
        "sender": _user("mona"),
        "after": after,
    }


def body(name: str, after: str) -> bytes:
    """A push as SIZE bytes of JSON; what is missing to the size is told in the repository's description."""
    push = payload(name, after)
    push["repository"]["description"] += "." * (SIZE - len(_encoded(push)))
    return _encoded(push)


class Pushes:
    """An endless supply of distinct requests, spread over routes; a repository always posts to the same route."""

    def __init__(self, routes: Sequence[str], repositories: int = REPOSITORIES) -> None:
        self._numbers = itertools.count(1)
        self._starts = [
            _start(f"service-{number:03}", route)
            for number, route in zip(range(repositories), itertools.cycle(routes), strict=False)
        ]

    def requests(self) -> Iterator[bytes]:
        """HTTP requests, complete and signed; no two of one object are the same."""
        starts = self._starts
        for number in self._numbers:
            head, most, signing = starts[number % len(starts)]
            # Only the end of a body differs, so that the load generator need not sign all of it again.
            tail = b'%040x"}' % number
            signature = signing.copy()
            signature.update(tail)
            yield b"".join((head % (number, signature.hexdigest().encode()), most, tail))


def _start(name: str, route: str) -> tuple[bytes, bytes, "hmac.HMAC"]:
    """What all requests of one repository begin with: head, body but for its end, and the HMAC of that."""
    most = body(name, "0" * 40)[:-42]
    head = _HEAD.format(route=route, size=SIZE).replace("%s", "%b").encode()
    return head, most, hmac.new(SECRET.encode(), most, hashlib.sha256)


def _encoded(push: dict[str, Any]) -> bytes:
    return json.dumps(push, separators=(",", ":")).encode()


def _commit(page: str, number: int) -> dict[str, Any]:
    person = {"name": "Mona Lisa", "email": "mona@acme.example", "username": "mona"}
    commit = hashlib.sha1(f"{page}{number}".encode()).hexdigest()
    return {
        "id": commit,
        "tree_id": commit[::-1],
        "distinct": True,
        "message": f"Close the connection when the peer is silent (part {number + 1})\n\nIt was kept for ever.",
        "timestamp": "2026-03-02T10:20:30+01:00",
        "url": f"{page}/commit/{commit}",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": ["src/server/connection.py", "tests/server/test_connection.py"],
    }


def _repository(name: str, full_name: str, page: str) -> dict[str, Any]:
    api = f"{_API}/repos/{full_name}"
    return {
        "id": 186853002,
        "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=",
        "name": name,
        "full_name": full_name,
        "private": True,
        "owner": {"name": "acme", "email": None, **_user("acme")},
        "html_url": page,
        "description": "What answers when somebody calls",
        "fork": False,
        "url": page,
        **{f"{link}_url": f"{api}/{link}{{/id}}" for link in _REPOSITORY_LINKS},
        "created_at": 1557933565,
        "updated_at": "2026-02-28T15:20:41Z",
        "pushed_at": 1772443230,
        "size": 2143,
        "stargazers_count": 12,
        "language": "Python",
        "has_issues": True,
        "archived": False,
        "topics": ["server", "http"],
        "default_branch": "main",
    }


def _user(login: str) -> dict[str, Any]:
    api = f"{_API}/users/{login}"
    return {
        "login": login,
        "id": 21031067,
        "avatar_url": "https://avatars.githubusercontent.com/u/21031067?v=4",
        "html_url": f"https://github.com/{login}",
        "url": api,
        **{f"{link}_url": f"{api}/{link}" for link in _USER_LINKS},
        "type": "User",
        "site_admin": False,
    }
