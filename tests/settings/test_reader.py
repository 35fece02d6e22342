"""Reading tables: faults are collected, secrets are fetched, variables are accounted for."""

from pathlib import Path
from typing import Annotated

from msgspec import Struct

from gateway.secret import Secret
from gateway.settings.keys import doc
from gateway.settings.lines import Report
from gateway.settings.reader import TableReader, reason


class Table(Struct, frozen=True, kw_only=True):
    """A number, a secret and a list of secrets."""

    count: Annotated[int, doc("a.")] = 1
    key: Annotated[Secret, doc("a.")]
    more: Annotated[tuple[Secret, ...], doc("a.")] = ()


def reader(environ: dict[str, str]) -> TableReader:
    """Make a reader whose only file is folder/key."""

    def read_file(path: Path) -> str:
        if path != Path("folder/key"):
            raise PermissionError(13, "Permission denied", str(path))
        return " from-a-file\n"

    return TableReader(Report("folder/f.toml", ""), {"MATTERGATE_T_COUNT": ("t", "count")}, environ, read_file)


def test_right_values_are_given_and_wrong_ones_are_faults() -> None:
    """Reading goes on behind a fault; only what is right is in the result."""
    under_test = reader({"MORE_KEY": "from-a-variable"})
    raw = {"count": "x", "key_file": "key", "more": ["in-line"], "more_env": ["MORE_KEY"], "more_file": ["other"]}
    values = under_test.values(Table, raw, ("t",))
    assert values == {"key": Secret("from-a-file"), "more": (Secret("in-line"), Secret("from-a-variable"))}
    assert [fault.where for fault in under_test.report.faults] == ["t.count", "t.more_file[0]"]


def test_the_environment_wins_for_its_own_place_only() -> None:
    """A variable overrides the key that it is mapped to, and no key of that name elsewhere."""
    under_test = reader({"MATTERGATE_T_COUNT": "5"})
    assert under_test.values(Table, {"key": "abcd"}, ("t",))["count"] == 5
    assert "count" not in under_test.values(Table, {"key": "abcd"}, ("u",))
    assert under_test.overridden("t")
    assert not under_test.overridden("u")


def test_consulted_variables_are_known() -> None:
    """A variable of the gateway's prefix that holds a secret is not reported; another one is."""
    under_test = reader({"MATTERGATE_KEY": "abcd", "MATTERGATE_T_COUNTS": "5", "OTHER": "x"})
    under_test.values(Table, {"key_env": "MATTERGATE_KEY"}, ("t",))
    under_test.check_variables()
    assert list(map(str, under_test.report.faults)) == [
        "environment: MATTERGATE_T_COUNTS: unknown setting (did you mean MATTERGATE_T_COUNT?)"
    ]


def test_exposed_lists_secrets_of_the_file_itself() -> None:
    """Secrets from variables and files of their own are not in the settings file."""
    under_test = reader({"K": "abcd"})
    under_test.values(Table, {"key_env": "K", "more": ["in-line"]}, ("t",))
    assert [fault.where for fault in under_test.exposed()] == ["t.more[0]"]


def test_reasons_name_no_path() -> None:
    """The path may be a secret in the wrong place."""
    assert reason(PermissionError(13, "Permission denied", "/s3cr3t")) == "Permission denied"
    assert reason(OSError("s3cr3t")) == "OSError"
    assert reason(ValueError("embedded null byte")) == "it is no path"
