"""Style and script: read once, answered from memory, and named by their content so that browsers may keep them."""

import hashlib
from pathlib import Path
from typing import Final

from aiohttp import web
from msgspec import Struct

FOLDER: Final = Path(__file__).parents[1] / "static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _File(Struct, frozen=True):
    body: bytes
    content_type: str
    digest: str


class Static:
    """The files of the folder `static`."""

    def __init__(self) -> None:
        self._files = {path.name: _read_file(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}

    def url(self, name: str) -> str:
        """Where a file is, with its content in the URL. Raises KeyError when there is none of this name."""
        return f"/static/{name}?v={self._files[name].digest}"

    async def answer(self, request: web.Request) -> web.Response:
        """Answer with one file; one that is asked for by its content never changes."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        named = request.query_string == f"v={file.digest}"
        headers = {"Cache-Control": "max-age=31536000, immutable" if named else "no-cache", "ETag": f'"{file.digest}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.body, content_type=file.content_type, charset="utf-8", headers=headers)


def _read_file(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])
