"""The settings of a server: config.json, with MM_* variables before it, as Mattermost itself reads them."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lifecycle.report import Failure

Document = dict[str, Any]


def read(path: Path) -> Document:
    """A JSON object from a file.

    Raises:
        Failure: it cannot be read, or is something else. The text is not shown: settings hold passwords.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Failure(f"the settings cannot be read: {error.strerror}", path, "make the file readable") from error
    except ValueError as error:
        place = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "its text"
        raise Failure(f"this is not JSON: see {place}", path, "correct the file") from error
    if not isinstance(document, dict):
        raise Failure("this is JSON, but not an object", path, 'write {"ServiceSettings": {...}}')
    return document


def write(path: Path, document: Document) -> None:
    """Write settings whole or not at all, readable by their owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=4, ensure_ascii=False)
        file.write("\n")
    Path(name).replace(path)


def merge(base: Document, patch: Document) -> Document:
    """`base` with `patch` laid over it, object by object; null removes a key (JSON Merge Patch, RFC 7396)."""
    merged = dict(base)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def read_environment(path: Path) -> dict[str, str]:
    """NAME=value lines, as in an EnvironmentFile of systemd; # begins a comment line, quotes around a value go.

    Raises:
        Failure: it cannot be read, or a line has no name. The line is not shown: it may hold a password.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise Failure("the file of variables cannot be read", path, "give a readable text file") from error
    variables = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line[0] in "#;":
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise Failure(f"line {number} is not NAME=value", path, "correct the line")
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        variables[name.strip()] = value[1:-1] if quoted else value
    return variables


@dataclass(frozen=True)
class Settings:
    """What the scripts need to know of a server's settings."""

    directory: Path
    document: Document
    environment: Mapping[str, str]

    @classmethod
    def of(cls, directory: Path, environment: Mapping[str, str]) -> "Settings":
        """The settings of an installation; those in a database (MM_CONFIG is a data source) are left to variables."""
        place = config_file(directory, environment)
        return cls(directory, read(place) if place and place.exists() else {}, environment)

    def get(self, section: str, key: str, default: str = "") -> str:
        """One setting as text: the variable MM_SECTION_KEY, else config.json, else the default."""
        found = self.environment.get(f"MM_{section}_{key}".upper())
        if found is None:
            below = self.document.get(section)
            found = below.get(key) if isinstance(below, dict) else None
        return default if found is None or found == "" else str(found)

    @property
    def listen(self) -> tuple[str, int]:
        """Host and port that the server listens on; an empty host is every address."""
        address = self.get("ServiceSettings", "ListenAddress", ":8065")
        host, _, port = address.rpartition(":")
        if not port.isdigit():
            raise Failure(
                f"ListenAddress {address!r} names no port", "ServiceSettings.ListenAddress", 'write it as ":8065"'
            )
        return host.strip("[]"), int(port)

    @property
    def url(self) -> str:
        """Where the server is reached from this machine; the path of SiteURL is part of it."""
        host, port = self.listen
        scheme = "https" if self.get("ServiceSettings", "ConnectionSecurity") == "TLS" else "http"
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
        path = urlsplit(self.get("ServiceSettings", "SiteURL")).path.rstrip("/")
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{path}"

    @property
    def driver(self) -> str:
        """The kind of database."""
        return self.get("SqlSettings", "DriverName", "postgres")

    @property
    def data_source(self) -> str:
        """How the database is reached. A secret."""
        return self.get("SqlSettings", "DataSource")

    def folders(self) -> dict[str, Path]:
        """What is the operator's own and outlives every release: name in a backup, and path.

        Mattermost's upgrade guide names config, logs, plugins, client/plugins and data. Logs are left alone: nothing
        reads them back. Folders that the settings put elsewhere are followed there.
        """
        local = self.get("FileSettings", "DriverName", "local") == "local"
        named = {
            "config": "config",
            "data": self.get("FileSettings", "Directory", "data") if local else "data",
            "plugins": self.get("PluginSettings", "Directory", "plugins"),
            "client-plugins": self.get("PluginSettings", "ClientDirectory", "client/plugins"),
        }
        # Not resolved: a link inside the installation is to be moved as a link.
        paths = {name: Path(os.path.normpath(self.directory / folder)) for name, folder in named.items()}
        file = config_file(self.directory, self.environment)
        if file and not file.is_relative_to(paths["config"]):
            paths["config.json"] = file
        return paths


def config_file(directory: Path, environment: Mapping[str, str]) -> Path | None:
    """Where config.json is; None when MM_CONFIG puts the settings into a database."""
    place = environment.get("MM_CONFIG", "")
    if "://" in place:
        return None
    return directory / (place or "config/config.json")
