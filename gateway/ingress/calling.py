"""What the doors by which Mattermost calls have in common."""

from typing import Final
from urllib.parse import unquote

from gateway.callbacks.smoothing import Occasion, Said, fields, smoothed
from gateway.errors import Refused
from gateway.ingress.response import Response
from gateway.model import Request
from gateway.settings import Settings
from gateway.settings.callbacks import CallbackSettings

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


def in_json(body: bytes) -> Response:
    """An answer to Mattermost, which takes status 200 alone for one."""
    return Response(200, body, _JSON)


def nothing() -> Response:
    """The answer that shows nothing."""
    return in_json(b"{}")


def table_of(settings: Settings, path: str, door: str) -> CallbackSettings | None:
    """The table that the path of a door names; None for another path."""
    return settings.callbacks.get(part_of(path, door) or "")


def part_of(path: str, door: str) -> str | None:
    """What stands behind the name of a door in its path: a name or a secret; None for another path."""
    parts = path.rstrip("/").split("/")
    return unquote(parts[2]) if len(parts) == 3 and parts[1] == door else None


def read_said(occasion: Occasion, request: Request) -> Said:
    """What a request of Mattermost says; a GET says it in its query. Raises Refused (400)."""
    if request.method not in ("GET", "POST"):
        raise Refused(405, "Method Not Allowed", "Mattermost calls by GET or POST")
    try:
        if request.method == "GET":
            query = request.url.partition("?")[2]
            return smoothed(occasion, fields(query.encode(), _FORM))
        return smoothed(occasion, fields(request.body, request.headers.get("content-type", "")))
    except ValueError as error:
        raise Refused(400, "Bad Request", f"the request cannot be read: {error}") from None
