"""Refusals of the stand-in: the error document of Mattermost (contract 1.8)."""

import re
import secrets

import msgspec
from aiohttp import web

VERSION = "11.2.0"
_ID = re.compile(r"[A-Za-z0-9]{26}")
_ID_LETTERS = "ybndrfg8ejkmcpqxot1uwisza345h769"


def new_id() -> str:
    """An id like the server's: 26 characters of lower-case base32."""
    return "".join([_ID_LETTERS[byte & 31] for byte in secrets.token_bytes(26)])


def is_id(text: str) -> bool:
    """Whether a text has the form of an id."""
    return _ID.fullmatch(text) is not None


class RefusedError(Exception):
    """The server's answer to a request that it does not take; `detail` is shown only to developers.

    `error_id` is complete, ending included. `forget` says that the answer clears the cookie of a browser.
    """

    def __init__(self, status: int, error_id: str, detail: str = "", *, forget: bool = False) -> None:
        super().__init__(f"{status} {error_id}: {detail}")
        self.status = status
        self.error_id = error_id
        self.detail = detail
        self.forget = forget


def permissions(needed: str) -> RefusedError:
    """The refusal of a caller without the permission `needed`."""
    return RefusedError(403, "api.context.permissions.app_error", f"permission={needed}")


def bad_body(name: str) -> RefusedError:
    """The refusal of a body of the wrong shape."""
    return RefusedError(400, "api.context.invalid_body_param.app_error", name)


def bad_address(name: str) -> RefusedError:
    """The refusal of an id in the address that is none."""
    return RefusedError(400, "api.context.invalid_url_param.app_error", name)


def answer_headers() -> dict[str, str]:
    """What every handled answer carries: an id of the request, and the version."""
    return {"X-Request-Id": new_id(), "X-Version-Id": f"{VERSION}.{VERSION}.stand-in.false"}


def document(error: RefusedError, message: str = "", *, developer: bool) -> web.Response:
    """The answer for a refusal; `developer` shows the detail."""
    headers = answer_headers()
    if error.forget:
        headers["Set-Cookie"] = "MMAUTHTOKEN=; Path=/; Max-Age=0; HttpOnly"
    body = {
        "id": error.error_id,
        "message": message or f"The stand-in refuses: {error.error_id}.",
        "detailed_error": error.detail if developer else "",
        "request_id": headers["X-Request-Id"],
        "status_code": error.status,
    }
    headers["Content-Type"] = "application/json"
    return web.Response(status=error.status, body=msgspec.json.encode(body), headers=headers)
