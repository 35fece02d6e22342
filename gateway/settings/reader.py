"""The reader converts raw TOML tables to the values of Structs, applies environment variables and fetches secrets.

Every fault goes into a Report and reading goes on, so that a person sees all faults at once. A fault never repeats the
text of a value that could be a secret in the wrong place.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from gateway.errors import Fault
from gateway.secret import Secret
from gateway.settings.keys import Key, described, expected, keys, read, read_item, read_text
from gateway.settings.lines import Place, Report, meant

Sections = Mapping[str, Mapping[str, Any]]
"""The raw tables of the top level by name."""

PREFIX: Final = "MATTERGATE_"
"""The prefix of all environment variables of the gateway."""

ADMIN_TOKEN: Final = "MATTERGATE_CONNECT_TOKEN"  # noqa: S105 - its name
"""The variable with the access token of a Mattermost administrator, for commands that work or look there."""

_ELSEWHERE: Final = frozenset({"MATTERGATE_CONFIG", ADMIN_TOKEN})
"""Variables that are no settings."""

_CONNECTED: Final = frozenset({"callbacks", "bots"})
"""The tables whose files of tokens `mattergate connect` writes."""

# Kubernetes sets variables of these forms in every container, for a Service called mattergate or mattergate-something.
_KUBERNETES = re.compile(
    r"MATTERGATE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_KUBERNETES_PORT = re.compile(r"(tcp|udp|sctp)://")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_NAME_REMEDY: Final = "use a-z, 0-9, _ . and -, beginning with a letter or digit, 64 characters at most"
# The secret itself may stand in place of the name of its variable: a fault repeats only what is clearly a name.
_TELLING = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


class TableReader:
    """Reads the tables of one file.

    `variables` maps each variable that overrides a key to the key's table and name, `environ` holds these variables and
    the secrets, `read_file` reads a UTF-8 file (raises OSError, UnicodeDecodeError); paths are relative to `folder`.
    """

    def __init__(
        self,
        report: Report,
        variables: Mapping[str, tuple[str, str]],
        environ: Mapping[str, str],
        read_file: Callable[[Path], str],
    ) -> None:
        self.report = report
        self.folder = Path(report.file).parent
        self._environ = environ
        self._read_file = read_file
        self._variables = variables
        # `${NAME:-}` in a compose file makes an unset variable an empty one.
        self._overrides: dict[Place, str] = {place: name for name, place in variables.items() if environ.get(name)}
        self._consulted: set[str] = set()
        self._inline: list[Place] = []

    def sections(self, raw: Mapping[str, Any], known: Mapping[str, type[Struct]]) -> Sections:
        """Return every known table of the top level; an absent one, or a value that is no table, is empty."""
        sections: dict[str, Mapping[str, Any]] = {name: {} for name in known}
        for name, value in raw.items():
            if name not in known:
                owner = next((table for table, struct in known.items() if name in keys(struct)), "")
                remedy = f"it belongs under [{owner}]" if owner else meant(name, known)
                self.report.add((name,), f"unknown {'table' if isinstance(value, dict) else 'key'}", remedy)
            elif isinstance(value, dict):
                sections[name] = value
            else:
                self.report.add((name,), f"expected a table, got {described(value)}", f"write it as [{name}]")
        return sections

    def named(self, section: str, raw: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
        """Check the names in a section of named tables, and return the tables."""
        for name, value in raw.items():
            if not isinstance(value, dict):
                self.report.add((section, name), f"expected a table, got {described(value)}", f"write [{section}.NAME]")
            elif not _NAME.fullmatch(name):
                self.report.add((section, name), "cannot be a name", _NAME_REMEDY)
        return [(name, value) for name, value in raw.items() if isinstance(value, dict)]

    def values(self, table: type[Struct], raw: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """Read the keys that the file or the environment gives for a table; a key with a fault is left out."""
        known = keys(table)
        names = tuple(name for key in known.values() for name in key.written)
        for name in raw:
            if name not in names:
                self.report.add((*place, name), "unknown key", meant(name, names))
        values = {}
        for name, key in known.items():
            value = self._read(key, raw, place)
            if value is not None:
                values[name] = value
        return values

    def overridden(self, table: str) -> bool:
        """Whether the environment sets any key of a fixed table."""
        return any(place[0] == table for place in self._overrides)

    def fault(self, place: Place, problem: str, remedy: str = "", written: str = "") -> None:
        """Add a fault of a key of a fixed table, at the source of its value: the file or the environment.

        `written` is the name of the key in the file if it differs: `token_file` for `token`.
        """
        if place in self._overrides:
            self.report.add_variable(self._overrides[place], problem, remedy)
        else:
            self.report.add((*place[:-1], written or place[-1]), problem, remedy)

    def file_text(self, path: str, place: Place) -> str:
        """Read a file that a key names; when it cannot be read, add a fault and return an empty text."""
        try:
            return self._read_file(self.folder / path).strip()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            absent = isinstance(error, FileNotFoundError) and place[0] in _CONNECTED
            remedy = "`mattergate connect` writes it" if absent else "check path and permissions"
            self.report.add(place, f"the file named here cannot be read: {reason(error)}", remedy)
        return ""

    def settle_file(self, values: dict[str, Any], key: str, place: Place) -> None:
        """Make the path in a value one from the folder of the settings; that the file can be read is checked."""
        if key in values:
            values[key] = str(self.folder / values[key])
            self.file_text(values[key], (*place, key))

    def check_variables(self) -> None:
        """Add a fault for every unknown variable with the gateway's prefix; call it when all else is read."""
        for name, value in self._environ.items():
            known = name in self._variables or name in self._consulted or name in _ELSEWHERE
            foreign = _KUBERNETES.fullmatch(name) or (name.endswith("_PORT") and _KUBERNETES_PORT.match(value))
            if name.startswith(PREFIX) and not known and not foreign:
                self.report.add_variable(name, "unknown setting", _variable_remedy(name, self._variables))

    def exposed(self) -> tuple[Fault, ...]:
        """Return a fault for each secret in the settings file itself, for a file that everybody may read."""
        remedy = "chmod o-r the file, or move the secret to a variable or a file of its own"
        return tuple(
            self.report.fault(place, "a secret in a file that everybody may read", remedy) for place in self._inline
        )

    def is_no_secret(self, place: Place) -> None:
        """Take note that the value at a place, of a key that may hold a secret, holds none."""
        if place in self._inline:
            self._inline.remove(place)

    def _read(self, key: Key, raw: Mapping[str, Any], table: Place) -> Any:
        if key.secret:
            return self._secret(key, raw, table)
        if key.secrets_by_name:
            return self._named_secrets(key, raw, table)
        return self._value(key, raw, table)

    def _value(self, key: Key, raw: Mapping[str, Any], table: Place) -> Any:
        """Read one key; None when it is absent or has a fault."""
        place = (*table, key.name)
        variable = self._overrides.get(place)
        try:
            if variable:
                return read_text(key, self._environ[variable])
            if key.name not in raw:
                if key.required:
                    self.report.add(place, "is missing", f"expected {expected(key)}")
                return None
            return self._list(key, raw[key.name], place) if key.listed else read(key, raw[key.name])
        except ValueError as error:
            if variable:
                self.report.add_variable(variable, str(error))
            else:
                self.report.add(place, str(error))
        return None

    def _list(self, key: Key, value: Any, place: Place) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValueError(f"expected {expected(key)}, got {described(value)}")  # noqa: TRY004 - a fault of the file
        items = []
        for index, item in enumerate(value):
            try:
                items.append(read_item(key, item))
            except ValueError as error:
                self.report.add((*place, index), str(error))
        return tuple(items)

    def _secret(self, key: Key, raw: Mapping[str, Any], table: Place) -> Any:
        """Fetch the secret or secrets of a key; None when there is none, or a fault."""
        if variable := self._overrides.get((*table, key.name)):
            return Secret(self._environ[variable].strip())
        given = [name for name in key.written if name in raw]
        if key.listed:
            return tuple(secret for name in given for secret in self._secrets(name, raw[name], (*table, name)))
        if not given and not key.required:
            return None
        if len(given) != 1:
            problem = f"{' and '.join(given)} are given together" if given else f"{key.name} is missing"
            self.report.add((*table, given[-1]) if given else table, problem, f"give one of {', '.join(key.written)}")
            return None
        return self._fetch(given[0], raw[given[0]], (*table, given[0]))

    def _named_secrets(self, key: Key, raw: Mapping[str, Any], table: Place) -> dict[str, Secret] | None:
        """The secrets of a table of them: NAME, or NAME_env or NAME_file, which say where the text comes from."""
        value, place = raw.get(key.name), (*table, key.name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.report.add(
                place, f"expected a table, got {described(value)}", f"write it as [{'.'.join(map(str, place))}]"
            )
            return None
        found: dict[str, Secret] = {}
        for written, text in value.items():
            name = written.removesuffix("_env").removesuffix("_file")
            secret = self._fetch(written, text, (*place, written))
            if name in found:
                self.report.add((*place, written), f"{name} is given twice", "leave one of them out")
            elif secret is not None:
                found[name] = secret
        return found

    def _secrets(self, name: str, value: Any, place: Place) -> list[Secret]:
        if not isinstance(value, list):
            self.report.add(place, f"expected a list of texts, got {described(value)}", f'write {name} = ["..."]')
            return []
        fetched = [self._fetch(name, item, (*place, index)) for index, item in enumerate(value)]
        return [secret for secret in fetched if secret is not None]

    def _fetch(self, name: str, value: Any, place: Place) -> Secret | None:
        """Fetch one secret from the source that the name of its key gives: text, variable or file."""
        if not isinstance(value, str):
            # Not `described`, which repeats numbers: this value may be a secret.
            self.report.add(place, f"expected text, got a value of type {type(value).__name__}", "put it in quotes")
            return None
        before = len(self.report.faults)
        from_variable = name.endswith("_env")
        if from_variable:
            text = self._variable_text(value, place)
        elif name.endswith("_file"):
            text = self.file_text(value, place)
        else:
            text = value
            self._inline.append(place)
        if not text.strip() and len(self.report.faults) == before:
            self.report.add(place, "the secret is empty", "leave the key out, or give a secret")
        return Secret(text, value if from_variable else "") if text.strip() else None

    def _variable_text(self, name: str, place: Place) -> str:
        self._consulted.add(name)
        text = self._environ.get(name, "")
        if not text.strip():
            which = name if _TELLING.fullmatch(name) else "named here"
            state = "empty" if name in self._environ else "not set"
            self.report.add(
                place, f"the environment variable {which} is {state}", "set it where the gateway is started"
            )
        return text


def reason(error: Exception) -> str:
    """The reason why a file could not be read, without its path or content."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "it is no path"


def _variable_remedy(name: str, known: Mapping[str, object]) -> str:
    # Compared without the prefix, which makes all variables similar.
    close = get_close_matches(name.removeprefix(PREFIX), [other.removeprefix(PREFIX) for other in known], 1)
    return f"did you mean {PREFIX}{close[0]}?" if close else "see the settings reference"
