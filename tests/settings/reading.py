"""Reading settings: any text, and the one that writes every key, with the files and variables that it names."""

from pathlib import Path

import pytest

from gateway import settings
from gateway.errors import SettingsError
from gateway.settings import Settings

DATA = Path(__file__).parents[1] / "data" / "settings"
ENVIRON = {
    "EMPTY_HOOK": "",
    "NOT_A_HOOK": "https://chat.example.com/api/v4/k3yk3yk3yk3yk3yk3yk3yk3yk3",
    "DEV_HOOK": "https://chat.example.com/sub/hooks/d3vd3vd3vd3vd3vd3vd3vd3vd3",
    "GITHUB_SECRET": "s3cr3t-of-the-environment",
    "GATE_PASSWORD": "p4ssw0rd-of-the-environment",
    "ADMIN_TOKEN": "4dm1n-token-of-the-environment",
}
FILES = {
    "not_a_hook": "ftp://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3\n",
    "blank": " \n",
    "ca.pem": "certificates",
    "third_hook": "https://chat.example.com/hooks/th1rdth1rdth1rdth1rdth1rdt\n",
    "github_secret": "s3cr3t-of-a-file\n",
    "bot_token": "t0k3n-of-a-file\n",
    "read_token": "r34d-token-of-a-file\n",
}


def read_file(path: Path) -> str:
    """Read one of FILES; the one called binary is no text."""
    if path.name == "binary":
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    if path.name not in FILES:
        raise FileNotFoundError(2, "No such file or directory", str(path))
    return FILES[path.name]


def parse(text: str, environ: dict[str, str] | None = None, mode: int = 0o600) -> Settings:
    """Parse a text as conf/mattergate.toml; files beside it hold their own names."""
    return settings.parse(text, "conf/mattergate.toml", environ or {}, lambda path: f"of-{path.name}\n", mode)


def faults_of(text: str, environ: dict[str, str] | None = None) -> list[str]:
    """What is wrong with a text."""
    with pytest.raises(SettingsError) as caught:
        parse(text, environ)
    return list(map(str, caught.value.faults))


def complete() -> Settings:
    """Parse the file that writes every key, with ENVIRON and FILES."""
    text = (DATA / "complete.ok.toml").read_text()
    return settings.parse(text, "conf/mattergate.toml", ENVIRON, read_file, 0o600)
