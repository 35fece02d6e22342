"""Whether a started server is the one that was wanted, and well: `/api/v4/system/ping`."""

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from lifecycle.release import Version
from lifecycle.report import Failure
from lifecycle.server import Server, looks

PATIENCE = 900.0
"""Seconds until a server must be well, unless the operator names others."""

STORES = ("database_status", "filestore_status")
"""What Mattermost adds to its answer when it is asked for the status of the server."""


@dataclass(frozen=True)
class Check:
    """How a server is checked: `url` without the path of the API, times in seconds."""

    url: str
    timeout: float
    settle: float
    stores: bool

    @property
    def ping(self) -> str:
        """The address that is asked."""
        return f"{self.url.rstrip('/')}/api/v4/system/ping" + ("?get_server_status=true" if self.stores else "")


def wait_until_well(server: Server, check: Check, version: Version) -> None:
    """Wait until the server answers that it is well, and once more after `settle` seconds.

    Raises:
        Failure: it ended, is not well in time, or is of another version.
    """
    do = f"read {server.log}"
    until = time.monotonic() + check.timeout
    for _ in looks():
        trouble = ask(check, version)
        if not trouble:
            break
        if server.died():
            raise Failure("the server ended while it started", check.ping, do)
        if time.monotonic() > until:
            raise Failure(f"the server is not well after {check.timeout:g} s: {trouble}", check.ping, do)
    time.sleep(check.settle)
    trouble = "it ended" if server.died() or not server.running() else ask(check, version)
    if trouble:
        raise Failure(f"the server was well, and {check.settle:g} s later it is not: {trouble}", check.ping, do)


def ask(check: Check, version: Version) -> str | None:
    """What is wrong with the answer to one ping; None where nothing is.

    The server is on this machine: a proxy is never asked, and its certificate is for another name.
    """
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    try:
        with opener.open(check.ping, timeout=10) as response:
            body, served = response.read(100_000), response.headers.get("X-Version-Id", "")
    except urllib.error.HTTPError as error:
        return f"it answers {error.code}{_unwell(error.read(100_000))}"
    except (OSError, ValueError) as error:
        return f"no answer ({getattr(error, 'reason', None) or error})"
    answer = _object(body)
    if answer.get("status") != "OK":
        return "it answers, but not as Mattermost does" if "status" not in answer else f"it answers{_unwell(body)}"
    unwell = [key for key in STORES if check.stores and answer.get(key) != "OK"]
    if unwell:
        return f"{' and '.join(unwell)} not OK"
    if served and not served.startswith(f"{str(version).partition('-')[0]}."):
        return "a server of another version answers"
    return None


def _object(body: bytes) -> dict[str, object]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _unwell(body: bytes) -> str:
    """Which states in an answer are not OK."""
    answer = _object(body)
    states = [key for key in ("status", *STORES) if isinstance(answer.get(key), str) and answer[key] != "OK"]
    return "".join(f", {key} is {str(answer[key])[:40]!r}" for key in states)
