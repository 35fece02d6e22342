"""The load: GitHub pushes of 8 kB as GitHub sends them, each with its own body, delivery id and signature."""

import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

SECRET: Final = "a secret of the bench"
SIZE: Final = 8_000
"""Bytes of one body."""

REPOSITORIES: Final = 192
"""How many repositories usually push in turn; each is a subject of its own, so that deliveries have as many lanes."""

_API = "https://api.github.com"
_REPOSITORY_LINKS = (
    "forks keys{/key_id} collaborators{/collaborator} teams hooks issue_events=issues/events{/number} events "
    "assignees{/user} branches{/branch} tags blobs=git/blobs{/sha} git_tags=git/tags{/sha} git_refs=git/refs{/sha} "
    "trees=git/trees{/sha} statuses/{sha} languages stargazers contributors subscribers subscription commits{/sha} "
    "git_commits=git/commits{/sha} comments{/number} issue_comment=issues/comments{/number} contents/{+path} "
    "compare/{base}...{head} merges archive={archive_format}{/ref} downloads issues{/number} pulls{/number} "
    "milestones{/number} notifications{?since,all,participating} labels{/name} releases{/id} deployments"
).split()
_USER_LINKS = (
    "followers following{/other_user} gists{/gist_id} starred{/owner}{/repo} subscriptions organizations=orgs repos "
    "events{/privacy} received_events"
).split()
"""Links of a repository and of a user: the name, and the path where it differs, or goes on."""

_PEOPLE = ("Mona Lisa", "Ada Obi", "Jun Watanabe", "Ines Duarte", "Piet de Vries", "Sara Lind", "Omar Haddad")
_VERBS = "Fix Add Remove Rename Document Test Cache Retry Bound Log Simplify Restore Move Explain".split()
_THINGS = (
    "the connection pool|a flaky test of the importer|the retry budget|rounding of invoices|the login redirect|"
    "stale locks|pagination of search results|the session cookie|time zones in exports|the health check|uploads|"
    "unused feature flags|memory of the parser|the Dockerfile|the nightly report|error pages|keyboard shortcuts"
).split("|")
_WORDS = (
    "the it was not that when for and a server client request answer queue after before only which every other first "
    "timeout kept closed peer silent header twice value index row lock page token user so because since while until "
    "still now never waits reads writes fails returns drops grows needs second minute key batch"
).split()
_FOLDERS = "src/server src/client src/jobs src/web/forms lib/storage tests/server tests/jobs docs deploy/helm".split()
_FILES = "connection pool retry invoice session search export health upload flags parser report errors index".split()
_HEAD = (
    "POST /in/{route} HTTP/1.1\r\nHost: gateway.example.com\r\nUser-Agent: GitHub-Hookshot/0000000\r\nAccept: */*\r\n"
    "Content-Type: application/json\r\nX-GitHub-Event: push\r\nX-GitHub-Hook-ID: 292430182\r\n"
    "X-GitHub-Hook-Installation-Target-Type: organization\r\nContent-Length: {size}\r\n"
    "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-%012x\r\nX-Hub-Signature-256: sha256=%s\r\n\r\n"
)


def payload(name: str, after: str, more: int = 0) -> dict[str, Any]:
    """A push of three commits to the main branch of `acme/NAME`; `after` is the last key.

    Who committed what, ids and texts differ from repository to repository, and are the same in every run. The first
    commit's message has `more` further bytes.
    """
    full_name = f"acme/{name}"
    page = f"https://github.com/{full_name}"
    chance = Random(name)
    commits = [_commit(page, minute, chance) for minute in range(3)]
    commits[0]["message"] += _prose(Random(page), more)
    return {
        "ref": "refs/heads/main",
        "before": _digest(chance),
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{page}/compare/{_digest(chance)[:12]}...{_digest(chance)[:12]}",
        "commits": commits,
        "head_commit": commits[-1],
        "repository": _repository(name, full_name, page, chance),
        "pusher": {"name": "mona", "email": "mona@acme.example"},
        "organization": {"login": "acme", "id": 38302899, "url": f"{_API}/orgs/acme", "description": None},
        "sender": _user("mona", 21031067),
        "after": after,
    }


def body(name: str, after: str) -> bytes:
    """A push as SIZE bytes of JSON."""
    return _encoded(payload(name, after, SIZE - len(_encoded(payload(name, after)))))


def headers(body: bytes, delivery: str, *, event: str = "push", secret: str = SECRET) -> dict[str, str]:
    """The headers of a request with this body and delivery id, signed with the secret."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex(),
    }


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


def _digest(chance: Random) -> str:
    return f"{chance.getrandbits(160):040x}"


def _commit(page: str, minute: int, chance: Random) -> dict[str, Any]:
    author = chance.choice(_PEOPLE)
    login = author.partition(" ")[0].lower()
    person = {"name": author, "email": f"{login}@acme.example", "username": login}
    commit = _digest(chance)
    title = f"{chance.choice(_VERBS)} {chance.choice(_THINGS)} (#{chance.randrange(100, 9000)})"
    return {
        "id": commit,
        "tree_id": _digest(chance),
        "distinct": True,
        "message": f"{title}\n\n{_prose(chance, 20)}.",
        "timestamp": f"2026-03-02T10:2{minute}:{chance.randrange(60):02}+01:00",
        "url": f"{page}/commit/{commit}",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": [f"{chance.choice(_FOLDERS)}/{chance.choice(_FILES)}.py" for _ in range(2)],
    }


def _prose(chance: Random, size: int) -> str:
    """So many letters of a text; that it makes no sense is no concern of anybody who transports it."""
    return " ".join(chance.choices(_WORDS, k=size // 2 + 1))[:size]


def _repository(name: str, full_name: str, page: str, chance: Random) -> dict[str, Any]:
    return {
        "id": 186853002,
        "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=",
        "name": name,
        "full_name": full_name,
        "private": True,
        "owner": {"name": "acme", "email": None, **_user("acme", 38302899)},
        "html_url": page,
        "description": f"{chance.choice(_VERBS)} {chance.choice(_THINGS)}".capitalize(),
        "fork": False,
        "url": page,
        **_links(f"{_API}/repos/{full_name}", _REPOSITORY_LINKS),
        "created_at": 1557933565,
        "updated_at": "2026-02-28T15:20:41Z",
        "pushed_at": 1772443230,
        "size": chance.randrange(90_000),
        "stargazers_count": 12,
        "language": "Python",
        "has_issues": True,
        "archived": False,
        "topics": ["server", "http"],
        "default_branch": "main",
    }


def _user(login: str, number: int) -> dict[str, Any]:
    api = f"{_API}/users/{login}"
    return {
        "login": login,
        "id": number,
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "html_url": f"https://github.com/{login}",
        "url": api,
        **_links(api, _USER_LINKS),
        "type": "User",
        "site_admin": False,
    }


def _links(api: str, links: Sequence[str]) -> dict[str, str]:
    found = {}
    for link in links:
        name = re.match(r"\w+", link)[0]
        found[f"{name}_url"] = f"{api}/{link.removeprefix(f'{name}=')}"
    return found
