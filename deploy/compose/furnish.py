"""Furnish a new Mattermost by its REST API: administrator, team, channel, incoming webhook. What is there is kept.

The URL of the webhook goes into files: one that the gateway reads as its destination, and one for Alertmanager, which
tells of trouble with the gateway directly.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

USER, EMAIL = "admin", "admin@example.com"
TEAM, CHANNEL = "mattergate", "webhooks"
HOOK_FILES = ("gateway/hook", "monitoring/mattermost_hook")
READ = "docker compose --file deploy/compose/compose.yaml exec -T gateway cat /run/secrets/"
SITE, CONSOLE, GRAFANA = "http://localhost:8065", "http://localhost:9090", "http://localhost:3000"
"""As a browser on the same machine reaches them."""


class RefusalError(Exception):
    """Mattermost answered with an error: `status` and what it says."""

    def __init__(self, call: str, status: int, said: str) -> None:
        super().__init__(f"Mattermost answers {status} to {call}: {said}")
        self.status = status


class Mattermost:
    """The REST API of one server, by its URL inside the network."""

    def __init__(self, server: str) -> None:
        self.server = server.rstrip("/")
        self._token = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call; gives the answer. Raises RefusalError, or OSError when nobody answers."""
        return self._exchange(method, path, body)[0]

    def _exchange(self, method: str, path: str, body: Any) -> tuple[Any, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.server}/api/v4{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer), answer.headers
        except urllib.error.HTTPError as error:
            raise RefusalError(f"{method} {path}", error.code, _said(error)) from None

    def wait(self, seconds: float) -> None:
        """Wait until the server says that it is well; TimeoutError when it does not in time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self.call("GET", "/system/ping")["status"] == "OK":
                    return
                trouble = "it is not well yet"
            except (OSError, HTTPException, ValueError, KeyError, RefusalError) as error:
                trouble = str(error)
            if time.monotonic() > deadline:
                raise TimeoutError(f"Mattermost at {self.server} is not ready after {seconds:g} s: {trouble}")
            time.sleep(1)

    def sign_in(self, user: str, email: str, password: str) -> None:
        """Sign in as a user, who is made if there is none. The first of a server administers it."""
        try:
            return self._log_in(user, password)
        except RefusalError as error:
            if error.status != 401:
                raise
        self.call("POST", "/users", {"username": user, "email": email, "password": password})
        return self._log_in(user, password)

    def _log_in(self, user: str, password: str) -> None:
        _, headers = self._exchange("POST", "/users/login", {"login_id": user, "password": password})
        self._token = headers["Token"]

    def found_or_made(self, found: str, made: str, body: Any) -> Any:
        """What is at the path `found`, or else is made by a POST to `made`."""
        try:
            return self.call("GET", found)
        except RefusalError as error:
            if error.status != 404:
                raise
        return self.call("POST", made, body)


def _said(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return error.reason


def furnish(server: Mattermost, password: str, hook_files: Sequence[Path]) -> bool:
    """Make what is missing, and write the webhook's URL; whether it was the first time that this came to its end."""
    new = not all(file.exists() for file in hook_files)
    server.sign_in(USER, EMAIL, password)
    team = server.found_or_made(
        f"/teams/name/{TEAM}", "/teams", {"name": TEAM, "display_name": "mattergate", "type": "I"}
    )
    channel = server.found_or_made(
        f"/teams/{team['id']}/channels/name/{CHANNEL}",
        "/channels",
        {"team_id": team["id"], "name": CHANNEL, "display_name": "Webhooks", "type": "O"},
    )
    hooks = server.call("GET", f"/hooks/incoming?team_id={team['id']}&per_page=200")
    hook = next((hook for hook in hooks if hook["display_name"] == "mattergate"), None) or server.call(
        "POST", "/hooks/incoming", {"channel_id": channel["id"], "display_name": "mattergate"}
    )
    url = f"{server.server}/hooks/{hook['id']}"
    for file in hook_files:
        file.write_text(url)
    return new


def main() -> None:
    """Furnish, and say where everything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="the URL of Mattermost inside the network")
    parser.add_argument("--secrets", type=Path, default=Path("/secrets"), help="the folder with the volumes")
    parser.add_argument("--wait", type=float, default=300, help="seconds that Mattermost may take to start")
    options = parser.parse_args()
    server = Mattermost(options.server)
    try:
        server.wait(options.wait)
        password, token = (
            (options.secrets / "gateway" / name).read_text() for name in ("mattermost_password", "admin_token")
        )
        new = furnish(server, password, [options.secrets / name for name in HOOK_FILES])
    except (OSError, RefusalError) as error:
        sys.exit(f"furnish: {error}")
    print(f"Mattermost  {SITE}/{TEAM}/channels/{CHANNEL}")
    print(f"            user {USER}, password {password if new else f'by: {READ}mattermost_password'}")
    print(f"Console     {CONSOLE}  token {token if new else f'by: {READ}admin_token'}")
    print(f"Grafana     {GRAFANA}")


if __name__ == "__main__":
    main()
