"""Make the passwords and tokens of the composition, and Mattermost's first config.json. What is there is kept.

Each container that needs secrets has a volume of its own for them, and sees no other. Runs as root, without network.
"""

import argparse
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

GATEWAY, MATTERMOST = 10001, 2000
"""The users that these two images run as."""

SECRETS = (
    ("postgres/password",),
    ("grafana/password",),
    ("gateway/mattermost_password",),
    ("gateway/admin_token",),
    ("gateway/read_token", "monitoring/mattergate_read_token"),
    ("gateway/route_secret",),
    ("gateway/alerts_secret", "monitoring/alerts_secret"),
)
"""One secret a line: volume and file, for each that reads it."""

Owner = Callable[[Path, int], None]


def write(path: Path, text: str, mode: int) -> None:
    """Write a file, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.chmod(mode)
    unfinished.rename(path)


def prepare(folder: Path, mattermost: Path, own: Owner) -> list[str]:
    """Give the names of what was made; an empty list when all of it was there."""
    made = []
    for names in SECRETS:
        there = [folder / name for name in names if (folder / name).exists()]
        text = there[0].read_text() if there else secrets.token_urlsafe(24)
        for name in names:
            if not (folder / name).exists():
                write(folder / name, text, 0o444)
                made.append(name)
    for volume in ("gateway", "monitoring"):
        own(folder / volume, GATEWAY)  # `furnish`, which adds the webhook, runs as the gateway does
    config = mattermost / "config.json"
    if not config.exists():
        write(config, first_config((folder / "postgres" / "password").read_text()), 0o600)
        made.append(config.name)
    for path in (mattermost, config):
        own(path, MATTERMOST)  # it completes the file
    return made


def first_config(password: str) -> str:
    """Where the database is; Mattermost fills in the rest when it starts."""
    source = f"postgres://mattermost:{password}@postgres:5432/mattermost?sslmode=disable&connect_timeout=10"
    return json.dumps({"SqlSettings": {"DriverName": "postgres", "DataSource": source}})


def main() -> None:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--secrets", type=Path, default=Path("/secrets"), help="the folder with the volumes")
    parser.add_argument(
        "--mattermost", type=Path, default=Path("/mattermost-config"), help="its volume for config.json"
    )
    options = parser.parse_args()
    made = prepare(options.secrets, options.mattermost, lambda path, user: os.chown(path, user, user))
    print("made: " + ", ".join(made) if made else "everything is there")


if __name__ == "__main__":
    main()
