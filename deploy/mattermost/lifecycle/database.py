"""The PostgreSQL database: dumped before an upgrade, put back when the roll-back needs it.

What the tools of PostgreSQL have to know goes to them as variables (PGHOST, PGPASSWORD, ...): no password is ever in a
list of processes.
"""

import os
import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from lifecycle.commands import find, run
from lifecycle.report import Failure

VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
"""Connection parameters and their variables (PostgreSQL documentation, libpq); others are the driver's own."""

MINIMUM = (((11, 0, 0), 14), ((10, 6, 0), 13))
"""From which Mattermost on which PostgreSQL is needed, newest first (Mattermost's important upgrade notes)."""

TOOLS = ("pg_dump", "pg_restore", "psql")
DO = "check that the database can be reached from here with SqlSettings.DataSource"

EMPTY = r"""
DO $$
DECLARE statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP %s IF EXISTS %I.%I CASCADE', CASE c.relkind WHEN 'v' THEN 'VIEW'
             WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
             n.nspname, c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %I.%I CASCADE', n.nspname, t.typname)
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE t.typtype IN ('e', 'd') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
  LOOP
    EXECUTE statement;
  END LOOP;
END $$;
"""
"""Empties the database of everything but extensions: a newer server may have added what the dump does not know."""


def parse(data_source: str) -> dict[str, str]:
    """A data source of Mattermost as variables of libpq; it is a URL or `key=value` words.

    Raises:
        Failure: it is neither. It is not shown.
    """
    try:
        if "://" in data_source:
            url = urlsplit(data_source)
            parts = {"user": unquote(url.username or ""), "password": unquote(url.password or "")}
            parts |= {"dbname": unquote(url.path.lstrip("/"))}
            hosts = url.netloc.rpartition("@")[2].split(",")
            named = [re.fullmatch(r"(\[[^]]*\]|[^:]*)(?::(\d+))?", host) for host in hosts]
            parts["host"] = ",".join(match[1].strip("[]") for match in named if match)
            parts["port"] = ",".join(match[2] or "" for match in named if match).strip(",")
            parts |= {key: value for key, value in parse_qsl(url.query) if value}
        else:
            parts = dict(word.split("=", 1) for word in shlex.split(data_source))
    except ValueError as error:
        raise Failure(
            "the data source cannot be read",
            "SqlSettings.DataSource",
            "write it as postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=...",
        ) from error
    return {VARIABLES[key]: value for key, value in parts.items() if key in VARIABLES and value}


class Database:
    """One PostgreSQL database, reached with the standard tools."""

    def __init__(self, data_source: str) -> None:
        self.environment = {**os.environ, **parse(data_source)}
        self.name = self.environment.get("PGDATABASE", "?")

    @staticmethod
    def missing_tools() -> list[str]:
        """Which of PostgreSQL's tools are not installed."""
        return [tool for tool in TOOLS if not find(tool)]

    def server(self) -> int:
        """The major version of the PostgreSQL server."""
        return int(self._psql("SHOW server_version_num").strip()) // 10_000

    def dump(self, target: Path) -> None:
        """The whole database as one file, consistent in itself."""
        run(["pg_dump", "--format=custom", "--file", target], DO, environment=self.environment)
        run(["pg_restore", "--list", target], "see that the disk is not full and repeat: the dump is not whole")

    def restore(self, dump: Path) -> None:
        """Make the database what it was at the dump; may be repeated after a stop in the middle.

        What belongs to the administrator (the schema itself, extensions, comments) was never ours to change.
        """
        do = f"keep {dump}; end what else uses the database, and repeat"
        entries = run(["pg_restore", "--list", dump], do).splitlines()
        left_out = re.compile(r"\d+; \d+ \d+ (SCHEMA|EXTENSION|COMMENT|ACL - SCHEMA) ")
        listing = dump.with_suffix(".list")
        listing.write_text("\n".join(entry for entry in entries if not left_out.match(entry)) + "\n")
        self._psql(EMPTY)
        command: list[str | Path] = [
            "pg_restore",
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--use-list",
            listing,
        ]
        run([*command, "--dbname", self.name, dump], do, environment=self.environment)
        listing.unlink()

    def _psql(self, statement: str) -> str:
        command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
        return run([*command, "--single-transaction", "--command", statement], DO, environment=self.environment)


def minimum(numbers: tuple[int, int, int]) -> int:
    """The oldest PostgreSQL that a Mattermost version works with; 0 where that is not known for sure."""
    return next((needed for since, needed in MINIMUM if numbers >= since), 0)
