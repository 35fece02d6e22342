"""A journal that has many events already: bulk INSERT beside the gateway's own schema, kept in a folder between runs.

The events are GitHub pushes, one every half second up to now, over the routes and destinations of the bench: seven of
eight with 4 kB, without the links that only GitHub sends, the others with 8 kB. One of ten is ignored, one of a
thousand broken; one of twenty was not taken by its destination, for one of REASONS.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import push

from gateway.catalog import catalog, files
from gateway.decode.content import Content
from gateway.journal import sqlite
from gateway.journal.sqlite.bodies import pack
from gateway.journal.sqlite.file import prepare
from gateway.mattermost.fit import Limits
from gateway.mattermost.payload import encode
from gateway.model import Request
from gateway.pipeline.interpret import Wishes, interpret

REASONS: Final = (
    "404: not found (web.incoming_webhook.app_error): the URL is not that of a hook, so check its path",
    "403: the hook may not post there",
    "400: the message is not understood",
    "gave up after 1 d: last: 503: the server or a proxy before it failed",
)
_STEP: Final = 0.5
"""Seconds between two events."""

_EVENTS: Final = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO event (number, id, received, size, route, service, outcome, name, translator, subject, reason, method,
                   path_secret, url, query, headers, body, body_size)
SELECT i, printf('%027x', i), :now - (:count - i) * :step, length(iif(i % 8, :small, :large)) + 1500,
       :routes ->> (i % json_array_length(:routes)), 'github',
       CASE WHEN i % 10 = 7 THEN 'ignored' WHEN i % 1000 = 1 THEN 'broken' ELSE 'message' END,
       'push', 'github/push', printf('acme/service-%03d@main', i % 192), '', 'POST', '', '', '{}',
       :headers, iif(i % 8, :small, :large), iif(i % 8, :small_size, :large_size)
  FROM n"""

_DELIVERIES: Final = """
INSERT INTO delivery (event, received, destination, lane, state, attempts, not_before, reason, post_id, address, card,
                      payload, log)
SELECT number, received, destination, destination || ' github:' || subject, iif(dead, 'dead', 'delivered'), 1, 0.0,
       iif(dead, :reasons ->> (number % json_array_length(:reasons)), ''), '', '', '', :message,
       json_array(received, iif(dead, 'never', 'delivered'), 200, '2xx', '') || char(10)
  FROM (SELECT number, received, subject, number % 20 = 2 AS dead,
               printf('hook%d', number % json_array_length(:routes) % :destinations) AS destination
          FROM event WHERE outcome <> 'ignored' ORDER BY number)"""

_KINDS: Final = """
INSERT INTO kind (route, service, outcome, note, newest)
SELECT route, service, outcome, '', max(number) FROM event GROUP BY route, service, outcome"""

_KINDS_OF_EVENTS: Final = """
INSERT INTO kind_of_event
SELECT event.number, kind.number FROM event CROSS JOIN kind USING (route, service, outcome) ORDER BY event.number"""


def made(folder: Path, count: int, routes: Sequence[str], destinations: int) -> Path:
    """The file of a journal with `count` events, of this release's schema; it is made when it is not there yet."""
    schema = resources.files(sqlite).joinpath("schema.sql").read_bytes()
    made_by = (Path(__file__), Path(push.__file__))
    recipe = hashlib.sha256(schema + b"".join(file.read_bytes() for file in made_by)).hexdigest()[:8]
    path = folder / f"mattergate-bench-{count}-{recipe}.db"
    if not path.exists():
        for old in folder.glob(f"mattergate-bench-{count}-*.db*"):
            old.unlink()
        unfinished = path.with_suffix(".part.db")
        prepare(unfinished)
        _fill(unfinished, {**_shapes(), "count": count, "routes": json.dumps(routes), "destinations": destinations})
        unfinished.rename(path)
    return path


def event_id(number: int) -> str:
    """The id of one of the events, the oldest being number 1."""
    return f"{number:027x}"


def _fill(path: Path, values: dict[str, Any]) -> None:
    values |= {"now": time.time(), "step": _STEP, "reasons": json.dumps(REASONS)}
    connection = sqlite3.connect(path, isolation_level=None)
    # Nothing is lost when this is interrupted: the file has its name only when it is whole.
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("BEGIN")
    connection.execute(_EVENTS, values)
    connection.execute(_DELIVERIES, values)
    connection.execute(_KINDS)
    connection.execute(_KINDS_OF_EVENTS)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.close()


def _shapes() -> dict[str, Any]:
    """What the events hold: headers, a small and a large body, and the message that they become."""
    whole = push.payload("service-000", "0" * 40)
    small = json.dumps({**whole, "repository": _bare(whole["repository"]), "sender": _bare(whole["sender"])}).encode()
    headers = {"content-type": "application/json", "user-agent": "GitHub-Hookshot/0000000", "x-github-event": "push"}
    service = catalog.load([files.builtin_folder()], {"github"}).services["github"]
    reading = interpret(service, Content(Request("POST", headers, {}, small)), Wishes(), Limits())
    packed, size = pack(small)
    large, large_size = pack(push.body("service-000", "0" * 40))
    return {
        "headers": json.dumps(headers),
        "small": packed,
        "small_size": size,
        "large": large,
        "large_size": large_size,
        "message": encode(reading.pieces[0].messages[0]),
    }


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    """Without the links that only GitHub sends."""
    return {key: value for key, value in part.items() if key == "html_url" or not key.endswith("_url")}
