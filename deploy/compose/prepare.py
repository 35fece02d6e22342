"""Make the passwords and tokens of the composition, and Mattermost's first config.json. What is there is kept.

Runs as root in a container without network, because each file is handed to the user that reads it.
"""

import argparse
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

GATEWAY, MATTERMOST, POSTGRES, GRAFANA, PROMETHEUS = 10001, 2000, 70, 472, 65534
"""The users that the images run as."""

READERS = {
    "postgres_password": POSTGRES,
    "mattermost_password": GATEWAY,  # `furnish` runs as the gateway's user
    "grafana_password": GRAFANA,
    "admin_token": GATEWAY,
    "read_token": GATEWAY,
    "route_secret": GATEWAY,
}
COPIES = {"prometheus_token": ("read_token", PROMETHEUS)}
"""The same secret once more, for a second reader."""

Owner = Callable[[Path, int], None]


def write(path: Path, text: str, user: int, own: Owner) -> None:
    """Write a file that only `user` may read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    own(unfinished, user)
    unfinished.rename(path)


def prepare(folder: Path, mattermost: Path, own: Owner) -> list[str]:
    """Give the names of what was made; an empty list when all of it was there."""
    made = []
    folder.chmod(0o711)  # the files in it are protected one by one
    own(folder, GATEWAY)  # `furnish` adds the webhook
    for name, user in READERS.items():
        if not (folder / name).exists():
            write(folder / name, secrets.token_urlsafe(24), user, own)
            made.append(name)
    for name, (source, user) in COPIES.items():
        if not (folder / name).exists() or source in made:
            write(folder / name, (folder / source).read_text(), user, own)
            made.append(name)
    own(mattermost, MATTERMOST)
    config = mattermost / "config.json"
    if not config.exists():
        write(config, first_config((folder / "postgres_password").read_text()), MATTERMOST, own)
        config.chmod(0o600)  # Mattermost completes it
        made.append(config.name)
    return made


def first_config(password: str) -> str:
    """Where the database is; Mattermost fills in the rest when it starts."""
    source = f"postgres://mattermost:{password}@postgres:5432/mattermost?sslmode=disable&connect_timeout=10"
    return json.dumps({"SqlSettings": {"DriverName": "postgres", "DataSource": source}})


def main() -> None:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--secrets", type=Path, default=Path("/secrets"))
    parser.add_argument("--mattermost", type=Path, default=Path("/mattermost-config"))
    options = parser.parse_args()
    made = prepare(options.secrets, options.mattermost, lambda path, user: os.chown(path, user, user))
    print("made: " + ", ".join(made) if made else "everything is there")


if __name__ == "__main__":
    main()
