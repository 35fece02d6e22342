"""`deploy/mattermost/upgrade`: a newer release runs with what was there, or everything is exactly as before."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

STEPS = ["unpack", "stop", "backup", "replace", "start", "verify", "commit"]


def unharmed(bench, see, before):
    """Whether the tree is exactly what it was, its server is well, and no work is left."""
    assert see(bench.directory) == before
    return bench.well() and not (bench.directory / ".lifecycle").exists()


def test_a_newer_release_runs_with_what_was_there(bench):
    """The program is the new one; configuration, files, plugins and what else was there are still there."""
    bench.installed()
    said = bench.run("upgrade", bench.archive("10.6.0"))
    assert "Mattermost 10.6.0 is in" in said
    assert bench.well()
    directory = bench.directory
    assert bench.version() == "10.6.0"
    assert (directory / "client/root.html").read_text() == "10.6.0"
    assert (directory / "client/plugins/com.acme/bundle.js").read_text() == "js"
    assert (directory / "plugins/com.acme/plugin.json").read_text() == "{}"
    assert (directory / "data/20260101/photo").read_text() == "jpeg"
    assert (directory / "tls/key").stat().st_mode & 0o777 == 0o600
    config = json.loads((directory / "config/config.json").read_text())
    assert config["Seen"] == ["10.5.0", "10.6.0"]
    assert config["Theirs"] == {"Kept": [1, 2]}
    assert not (directory / ".lifecycle").exists()


def test_the_backup_is_for_its_owner_alone(bench):
    """The configuration in a backup holds passwords: nobody else may look into it."""
    bench.installed()
    bench.run("upgrade", bench.archive("10.6.0"))
    [backup] = bench.backups.iterdir()
    assert backup.stat().st_mode & 0o077 == 0
    assert (backup / "kept/data/victim").read_text() == "do not lose me"
    assert backup.name in bench.run("upgrade", "--list")


@pytest.mark.parametrize("fault", ["wrong", "dies", "silent", "unwell", "collapses", "other"])
def test_a_release_that_fails_is_rolled_back(bench, see, fault):
    """Whatever is wrong with the new server, every file is what it was, and the old server is well."""
    before = bench.installed()
    said = bench.fails("upgrade", "10.6.0", fault)
    assert "rolled back: 10.5.0 is in place and well" in said
    assert unharmed(bench, see, before)
    assert not list(bench.backups.glob("*"))


def test_stores_that_are_not_well_are_rolled_back_when_asked(bench, see):
    """With --check-stores a new server that cannot write to its database goes."""
    before = bench.installed()
    archive = bench.archive("10.6.0", fault="stores")
    bench.gives_up("it answers 500, status is 'UNHEALTHY', database_status", "upgrade", archive, "--check-stores")
    assert unharmed(bench, see, before)


def test_a_stubborn_server_is_killed_and_said_to_be(bench):
    """A server that does not stop in time is ended by force."""
    bench.installed(fault="stubborn")
    assert "did not end within 0.1 s: it is killed" in bench.run(
        "upgrade", bench.archive("10.6.0"), "--stop-timeout", "0.1"
    )
    assert bench.well()


def test_a_chain_is_verified_release_by_release(bench):
    """Several archives are installed one after the other, each with its backup."""
    bench.installed()
    said = bench.run("upgrade", bench.archive("10.6.0"), bench.archive("10.11.0"), bench.archive("11.0.0"))
    assert "Mattermost 11.0.0 is in" in said
    assert bench.version() == "11.0.0"
    assert bench.well()
    config = json.loads((bench.directory / "config/config.json").read_text())
    assert config["Seen"] == ["10.5.0", "10.6.0", "10.11.0", "11.0.0"]
    assert [path.name.rpartition("-")[2] for path in sorted(bench.backups.iterdir())] == ["10.5.0", "10.6.0", "10.11.0"]


def test_a_chain_stops_at_the_last_release_that_is_well(bench):
    """When the second release fails, the first stands, and the operator is told so."""
    bench.installed()
    bad = bench.archive("10.11.0", fault="dies")
    said = bench.run("upgrade", bench.archive("10.6.0"), bad, code=3)
    assert "the upgrade to 10.6.0 stands and is well" in said
    assert bench.version() == "10.6.0"
    assert bench.well()
    config = json.loads((bench.directory / "config/config.json").read_text())
    assert config["Seen"][:2] == ["10.5.0", "10.6.0"]
    assert "10.11.0" not in config["Seen"]


def test_what_is_no_upgrade_is_refused(bench, see):
    """Older releases, the same one and a wrong order are refused before anything is touched."""
    before = bench.installed()
    older, same, newer = bench.archive("10.4.9"), bench.archive("10.5.0"), bench.archive("10.6.0")
    assert "10.4.9 is older than 10.5.0" in bench.run("upgrade", older, code=1)
    assert "installed already" in bench.run("upgrade", same, code=1)
    assert "10.6.0 is older than 11.0.0" in bench.run("upgrade", bench.archive("11.0.0"), newer, code=1)
    assert "passed over" in bench.run("upgrade", bench.archive("12.0.0"), "--dry-run")
    assert "no such directory" in bench.run("upgrade", newer, "--directory", bench.folder / "nowhere", code=1)
    bench.run("upgrade", code=2)
    assert unharmed(bench, see, before)
    bench.run("upgrade", same, "--reinstall")


def test_mysql_ends_with_version_10(bench):
    """A release that is known not to work with the database is refused."""
    document = json.loads(bench.settings.read_text())
    bench.settings.write_text(json.dumps(document | {"SqlSettings": {"DriverName": "mysql"}}))
    bench.installed()
    assert "does not work with MySQL" in bench.run("upgrade", bench.archive("11.0.0"), code=1)
    assert bench.well()


def test_hostile_archives_are_refused_while_the_server_runs(bench, see):
    """An archive that leads outside its folder changes nothing."""
    before = bench.installed()
    archive = bench.archive("10.6.0", extra=[{"name": "mattermost/../../escaped"}])
    assert "the archive is refused" in bench.run("upgrade", archive, code=1)
    assert unharmed(bench, see, before)


def test_a_dry_run_touches_nothing(bench, see):
    """The steps are told, and nothing is changed."""
    before = bench.installed()
    said = bench.run("upgrade", bench.archive("10.6.0"), "--dry-run")
    assert all(f"would come: 10.6.0: {step}" in said for step in STEPS)
    assert unharmed(bench, see, before)
    assert not bench.backups.exists()


def test_a_server_that_did_not_run_is_left_so(bench, see):
    """After a roll-back a server that was stopped is stopped again."""
    bench.installed()
    bench.close()
    before = see(bench.directory)
    bench.run("upgrade", bench.archive("10.6.0", fault="dies"), code=3)
    assert see(bench.directory) == before
    assert not bench.pids()


def test_a_foreign_server_on_the_port_is_refused(bench):
    """What listens on the port and is not ours is not upgraded around."""
    bench.installed()
    bench.close()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", bench.port))
        listener.listen()
        assert "is in use" in bench.run("upgrade", bench.archive("10.6.0"), code=1)


def test_variables_of_the_running_server_live_on(bench):
    """A server that was told its port by a variable is told it again, though this shell does not know it."""
    bench.settings.write_text('{"ServiceSettings": {"ListenAddress": "127.0.0.1:1"}}')
    bench.environment["MM_SERVICESETTINGS_LISTENADDRESS"] = f"127.0.0.1:{bench.port}"
    bench.installed()
    del bench.environment["MM_SERVICESETTINGS_LISTENADDRESS"]
    bench.run("upgrade", bench.archive("10.6.0"))
    assert bench.well()
    code, said = bench.stop_at("start", signal.SIGKILL, "upgrade", bench.archive("10.7.0"))
    assert code == -9, said
    bench.close()
    bench.run("upgrade", "--recover")
    assert bench.version() == "10.6.0"
    assert bench.well()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_stop_signal_rolls_back(bench, see, step, number, gate):
    """SIGTERM and Ctrl-C at any step bring everything back."""
    before = bench.installed()
    code, said = bench.stop_at(step, number, "upgrade", bench.archive("10.6.0", gate=str(gate)))
    assert code == 3, said
    assert "rolled back" in said
    assert unharmed(bench, see, before)


@pytest.mark.parametrize("step", STEPS[:-1])
def test_after_a_kill_the_roll_back_is_made_up_for(bench, see, step, gate):
    """`kill -9` at any step is noticed by the next run, and undone."""
    before = bench.installed()
    code, said = bench.stop_at(step, signal.SIGKILL, "upgrade", bench.archive("10.6.0", gate=str(gate)))
    assert code == -9, said
    assert "rolled back" in bench.run("upgrade", "--recover")
    assert unharmed(bench, see, before)
    assert "nothing was left" in bench.run("upgrade", "--recover")


def test_after_a_kill_the_same_command_goes_through(bench, gate):
    """An operator who just repeats the command gets the upgrade."""
    bench.installed()
    archive = bench.archive("10.6.0", gate=str(gate))
    bench.stop_at("replace", signal.SIGKILL, "upgrade", archive)
    gate.open()
    assert "half done at the step" in bench.run("upgrade", archive)
    assert bench.version() == "10.6.0"
    assert bench.well()


def test_a_kill_while_tidying_is_completed(bench):
    """From the last step on the upgrade stands: the next run completes its backup."""
    bench.installed()
    code, said = bench.stop_at("commit", signal.SIGKILL, "upgrade", bench.archive("10.6.0"))
    assert code in {0, -9}, said
    bench.run("upgrade", "--recover")
    assert bench.version() == "10.6.0"
    assert "Mattermost 10.5.0" in bench.run("upgrade", "--list")


def test_a_kill_during_the_roll_back_is_made_up_for(bench, see, gate):
    """The roll-back may be killed as well: it begins again."""
    gate.open()
    before = bench.installed(gate=str(gate))
    gate.close()
    with bench.start("upgrade", bench.archive("10.6.0", fault="dies")) as process:
        bench.until_said(process, "rolling back")
        process.kill()
    assert process.returncode == -9
    bench.idle()
    gate.open()
    bench.run("upgrade", "--recover")
    assert unharmed(bench, see, before)


def test_the_old_server_has_more_time_than_the_new_one(bench, see, gate):
    """A short --timeout ends the upgrade, and not the roll-back: nothing is left half done because a server is slow."""
    gate.open()
    before = bench.installed(gate=str(gate))
    gate.close()
    with bench.start("upgrade", bench.archive("10.6.0", fault="dies"), "--timeout", "0.2") as process:
        bench.until_said(process, "rolling back")
        bench.until(gate.is_waited_for)
        time.sleep(0.5)
        gate.open()
        said, _ = process.communicate()
    assert process.returncode == 3
    assert "rolled back: 10.5.0 is in place and well" in said
    assert unharmed(bench, see, before)


def test_a_program_that_is_killed_is_a_failure(bench, see):
    """When a copy is killed in the middle of the backup, everything is rolled back."""
    before = bench.installed()
    tools = bench.folder / "tools"
    tools.mkdir()
    (tools / "cp").write_text("#!/bin/sh\nkill -9 $$\n")
    (tools / "cp").chmod(0o755)
    bench.environment["PATH"] = f"{tools}:{bench.environment['PATH']}"
    said = bench.run("upgrade", bench.archive("10.6.0"), code=3)
    assert "cp was ended by SIGKILL" in said
    assert unharmed(bench, see, before)


def test_a_reader_that_goes_away_changes_nothing(bench):
    """When nobody reads the progress any more, the upgrade goes through all the same."""
    bench.installed()
    with bench.start("upgrade", bench.archive("10.6.0")) as process:
        process.stdout.readline()
        process.stdout.close()
    assert process.returncode == 0
    assert bench.version() == "10.6.0"
    assert bench.well()


def test_only_one_run_at_a_time(bench, gate):
    """A second run is turned away while the first works."""
    bench.installed()
    with bench.start("upgrade", bench.archive("10.6.0", gate=str(gate))) as first:
        bench.until_said(first, "verify")
        assert "another run" in bench.run("upgrade", bench.archive("10.7.0"), code=4)
        gate.open()
        first.communicate()
    assert first.returncode == 0
    assert bench.version() == "10.6.0"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("kilobytes", [300, 2000])
def test_a_full_disk_is_noticed_before_or_rolled_back(bench, see, kilobytes):
    """Without room for the backup nothing is touched."""
    disk = bench.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", disk]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("cannot mount")
    try:
        before = bench.installed()
        (bench.directory / "data/video").write_bytes(bytes(2_500_000))
        before = see(bench.directory)
        words = [bench.archive("10.6.0"), "--backups", disk / "backups"]
        assert "not enough disk space" in bench.run("upgrade", *words, code=1)
        assert unharmed(bench, see, before)
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_backups_on_another_disk_are_copied_there(bench):
    """Where the program cannot be renamed into the backup, it is copied."""
    elsewhere = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        bench.installed()
        bench.run("upgrade", bench.archive("10.6.0"), "--backups", elsewhere / "backups")
        bench.run("upgrade", "--rollback", "--backups", elsewhere / "backups")
        assert bench.version() == "10.5.0"
        assert bench.well()
    finally:
        shutil.rmtree(elsewhere)


def test_links_and_folders_elsewhere_are_followed(bench, see):
    """Files that the settings or a link put outside the directory are backed up and put back there."""
    outside, linked = bench.folder / "files", bench.folder / "linked"
    document = json.loads(bench.settings.read_text())
    bench.settings.write_text(json.dumps(document | {"FileSettings": {"Directory": str(outside)}}))
    bench.installed()
    outside.mkdir()
    (outside / "photo").write_text("jpeg")
    shutil.move(bench.directory / "plugins", linked)
    (bench.directory / "plugins").symlink_to(linked)
    before = [see(folder) for folder in (bench.directory / "client", outside, linked)]
    bench.run("upgrade", bench.archive("10.6.0", fault="dies"), code=3)
    assert [see(folder) for folder in (bench.directory / "client", outside, linked)] == before
    assert (bench.directory / "plugins").is_symlink()
    assert bench.well()


def test_going_back_to_a_backup(bench, see):
    """--rollback restores program and files of a backup, and backs up what was there before."""
    bench.installed()
    bench.close()
    before = see(bench.directory)
    bench.run("upgrade", bench.archive("10.6.0"))
    (bench.directory / "data/later").write_text("posted after the upgrade")
    assert "Mattermost 10.5.0 is in" in bench.run("upgrade", "--rollback")
    assert bench.well()
    assert see(bench.directory) == before
    assert not (bench.directory / "data/later").exists()
    newest = sorted(bench.backups.iterdir())[-1]
    assert newest.name.endswith("10.6.0")
    bench.run("upgrade", "--rollback", newest.name)
    assert bench.version() == "10.6.0"
    assert (bench.directory / "data/later").exists()
    assert "no such backup" in bench.run("upgrade", "--rollback", "nothing", code=1)


def test_a_roll_back_that_fails_is_undone(bench, see):
    """Going back is a change like any other: when the old server is not well, the new one is back."""
    bench.installed()
    bench.run("upgrade", bench.archive("10.6.0"))
    [backup] = bench.backups.iterdir()
    facts = backup / "program/bin/standin.json"
    facts.write_text('{"version": "10.5.0", "fault": "dies"}')
    before = see(bench.directory)
    bench.run("upgrade", "--rollback", code=3)
    assert unharmed(bench, see, before)


def test_old_backups_go(bench):
    """Only the newest are kept, but all that one run has made."""
    bench.installed()
    for version in ("10.6.0", "10.7.0", "10.8.0"):
        bench.run("upgrade", bench.archive(version), "--keep", "2")
    assert [path.name.rpartition("-")[2] for path in sorted(bench.backups.iterdir())] == ["10.6.0", "10.7.0"]


def test_the_file_store_can_be_left_out(bench):
    """With --no-data files are neither backed up nor put back."""
    bench.installed()
    bench.run("upgrade", bench.archive("10.6.0", fault="unwell"), "--no-data", "--timeout", "1", code=3)
    assert (bench.directory / "data/made-by-10.6.0").exists()
    assert not (bench.directory / "plugins/made-by-10.6.0").exists()
    bench.run("upgrade", bench.archive("10.7.0"), "--no-data")
    [backup] = bench.backups.iterdir()
    assert not (backup / "kept/data").exists()


PASSWORD = "hunter2 & more"
TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >>"$STANDIN_CALLS"
test "$PGPASSWORD" = "hunter2 & more" && echo secret-came-by-variable >>"$STANDIN_CALLS"
case "$(basename "$0") $*" in
*server_version_num*) echo 150004 ;;
pg_dump*)
    test -z "$STANDIN_DUMP_FAILS" || { echo "no: $PGPASSWORD" >&2; exit 1; }
    while test "$1" != --file; do shift; done
    echo dump >"$2" ;;
esac
"""


@pytest.fixture
def tools(bench):
    """PostgreSQL tools that note how they are called; and a data source with a password."""
    folder = bench.folder / "tools"
    folder.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (folder / name).write_text(TOOL)
        (folder / name).chmod(0o755)
    document = json.loads(bench.settings.read_text())
    source = "postgres://mmuser:hunter2%20%26%20more@db.example.com:5433/chat?sslmode=disable&connect_timeout=10"
    bench.settings.write_text(json.dumps(document | {"SqlSettings": {"DataSource": source}}))
    calls = bench.folder / "calls"
    bench.environment |= {"PATH": f"{folder}:{bench.environment['PATH']}", "STANDIN_CALLS": str(calls)}
    return calls


def test_the_password_is_in_no_command_line(bench, tools):
    """The tools of PostgreSQL get what is secret as variables, and nothing of it is shown or kept."""
    bench.installed()
    said = bench.run("upgrade", bench.archive("10.6.0"), dump=True)
    calls = tools.read_text()
    assert "pg_dump --format=custom" in calls
    assert "secret-came-by-variable" in calls
    assert "hunter2" not in calls + said
    assert "with the database" in bench.run("upgrade", "--list")


def test_a_dump_that_fails_shows_no_password(bench, tools, see):
    """A failed dump stops the upgrade, and even what the tool says is without the password."""
    before = bench.installed()
    bench.environment["STANDIN_DUMP_FAILS"] = "1"
    said = bench.run("upgrade", bench.archive("10.6.0"), code=3, dump=True)
    assert "pg_dump ended with code 1: no: <secret>" in said
    assert "hunter2" not in said
    assert unharmed(bench, see, before)


def test_the_database_is_put_back_only_after_a_new_server_ran(bench, tools):
    """Before the new server is started, nothing can have changed the database."""
    bench.installed()
    bench.stop_at("backup", signal.SIGTERM, "upgrade", bench.archive("10.6.0"), dump=True)
    assert "--single-transaction --exit-on-error" not in tools.read_text()
    bench.run("upgrade", bench.archive("10.6.0", fault="dies"), code=3, dump=True)
    assert "--single-transaction --exit-on-error" in tools.read_text()


def test_an_old_postgresql_is_refused(bench, tools):
    """A release that needs a newer PostgreSQL is refused before anything is touched."""
    psql = bench.folder / "tools/psql"
    psql.write_text(psql.read_text().replace("150004", "130011"))
    bench.installed()
    assert "does not work with PostgreSQL 13" in bench.run("upgrade", bench.archive("11.0.0"), code=1, dump=True)
    bench.run("upgrade", bench.archive("10.6.0"), dump=True)


def test_without_the_tools_it_is_said_or_refused(bench):
    """Without a database to dump the operator is warned; who requires the dump is refused."""
    bench.installed()
    said = bench.run("upgrade", bench.archive("10.6.0"), "--database", "required", code=1, dump=True)
    assert "cannot be dumped" in said
    assert "WARNING: the database is not backed up" in bench.run("upgrade", bench.archive("10.6.0"), dump=True)


SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture
def postgres():
    """A real PostgreSQL with the database and the user that Mattermost's guide has one make; its superuser's psql."""
    if not SERVERS or os.geteuid():
        pytest.skip("needs root and a PostgreSQL server")
    programs, folder = SERVERS[-1].parent, Path(tempfile.mkdtemp())
    shutil.chown(folder, "postgres")

    def as_postgres(*command):
        words = ["runuser", "-u", "postgres", "--", *command]
        return subprocess.run(words, check=True, capture_output=True, text=True, cwd="/").stdout

    as_postgres(programs / "initdb", "-D", folder / "data", "--auth=trust", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    as_postgres(programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-o", options, "-w", "start")

    def psql(statement, database="chat"):
        return as_postgres("psql", "-h", folder, "-d", database, "-Atc", statement)

    try:
        psql("CREATE DATABASE chat", "postgres")
        psql("CREATE USER mmuser PASSWORD 'hunter2'", "postgres")
        psql("GRANT ALL PRIVILEGES ON DATABASE chat TO mmuser", "postgres")
        psql("ALTER DATABASE chat OWNER TO mmuser", "postgres")
        psql("GRANT USAGE, CREATE ON SCHEMA public TO mmuser")
        psql("CREATE EXTENSION pg_trgm")
        yield f"postgres://mmuser:hunter2@/chat?host={folder}", psql
    finally:
        as_postgres(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder)


OLD = """CREATE TYPE channel_type AS ENUM ('O', 'P'); CREATE TABLE posts (id int PRIMARY KEY, message text);
CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM posts; INSERT INTO posts VALUES (1, 'hello')"""
NEW = """DROP MATERIALIZED VIEW counts; ALTER TABLE posts DROP COLUMN message;
CREATE TABLE bots (id int REFERENCES posts); CREATE TYPE added AS ENUM ('x');
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW seen AS SELECT * FROM posts"""


@pytest.mark.slow
def test_a_real_database_is_put_back(bench, postgres):
    """After a failed migration a real database is what it was: schema, rows, and nothing that was added."""
    source, psql = postgres
    document = json.loads(bench.settings.read_text())
    bench.settings.write_text(json.dumps(document | {"SqlSettings": {"DataSource": source}}))
    bench.installed()
    psql("SET ROLE mmuser; " + OLD)

    def schema():
        dump = subprocess.run(["pg_dump", source], check=True, capture_output=True, text=True).stdout
        return [line for line in dump.splitlines() if not line.startswith("\\")]

    before = schema()
    bad = bench.archive("10.6.0", fault="dies", sql=NEW)
    said = bench.run("upgrade", bad, code=3, dump=True)
    assert "putting back the database" in said
    assert schema() == before
    bench.run("upgrade", bench.archive("10.6.0", sql=NEW), dump=True)
    assert psql("SELECT count(*) FROM bots").strip() == "0"
    bench.run("upgrade", "--rollback", dump=True)
    assert psql("SELECT message FROM posts").strip() == "hello"
    assert schema() == before


@pytest.mark.slow
def test_a_killed_roll_back_of_a_real_database_is_made_up_for(bench, postgres):
    """`kill -9` while the database is put back is made up for by the next run."""
    source, psql = postgres
    document = json.loads(bench.settings.read_text())
    bench.settings.write_text(json.dumps(document | {"SqlSettings": {"DataSource": source}}))
    bench.installed()
    psql("SET ROLE mmuser; " + OLD)
    with bench.start("upgrade", bench.archive("10.6.0", fault="dies", sql=NEW), dump=True) as process:
        bench.until_said(process, "putting back the database")
        time.sleep(0.05)  # wherever this finds it
        process.kill()
    bench.idle()  # the tool that the killed run had started may still work
    bench.run("upgrade", "--recover", dump=True)
    assert psql("SELECT message FROM posts").strip() == "hello"
    assert bench.version() == "10.5.0"
    assert bench.well()
