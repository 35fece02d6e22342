"""`deploy/mattermost/install`: a release archive becomes a running server, or the directory stays empty."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
STEPS = ["unpack", "settings", "place", "start", "verify"]


def untouched(bench):
    """Whether nothing is installed and nothing runs."""
    return not bench.directory.exists() and not bench.pids()


def test_an_archive_becomes_a_running_server(bench):
    """The server is started, well, of the archive's version, and has the settings laid over its own."""
    said = bench.run("install", bench.archive("10.5.0"))
    assert "Mattermost 10.5.0 is installed" in said
    assert bench.well()
    config = json.loads((bench.directory / "config/config.json").read_text())
    assert config["ServiceSettings"] == {"ListenAddress": f"127.0.0.1:{bench.port}", "SiteURL": ""}
    assert config["Theirs"] == {"Kept": [1, 2]}
    assert (bench.directory / "config/config.json").stat().st_mode & 0o777 in {0o600, 0o644}
    assert int((bench.directory / "mattermost.pid").read_text()) in bench.pids()
    assert not (bench.directory / ".lifecycle").exists()


def test_variables_are_before_the_settings(bench):
    """MM_* variables of the shell and of a file reach the server and the check alike."""
    bench.settings.write_text("{}")
    variables = bench.folder / "chat.env"
    variables.write_text(f'# ours\nMM_SERVICESETTINGS_LISTENADDRESS="127.0.0.1:{bench.port}"\n')
    bench.environment["MM_TEAMSETTINGS_SITENAME"] = "Acme"
    bench.run("install", bench.archive("10.5.0"), "--environment", variables)
    assert bench.well()
    told = json.loads((bench.directory / "data/environment").read_text())
    assert set(told) == {"MM_SERVICESETTINGS_LISTENADDRESS", "MM_TEAMSETTINGS_SITENAME"}


def test_the_path_of_the_site_is_part_of_the_ping(bench):
    """A server below a path of its site is asked there."""
    document = json.loads(bench.settings.read_text())
    document["ServiceSettings"]["SiteURL"] = "https://acme.example.com/chat/"
    bench.settings.write_text(json.dumps(document))
    bench.environment["STANDIN_PATH"] = "/chat"
    assert "/chat/api/v4/system/ping" in bench.run("install", bench.archive("10.5.0"))


def test_a_dry_run_touches_nothing(bench):
    """All is checked and said, and nothing is there afterwards."""
    said = bench.run("install", bench.archive("10.5.0"), "--dry-run")
    assert all(f"would come: {step}" in said for step in STEPS)
    assert untouched(bench)


@pytest.mark.parametrize("fault", ["wrong", "dies", "silent", "unwell", "collapses", "other"])
def test_a_server_that_fails_is_cleared_away(bench, fault):
    """Whatever is wrong with the server, the directory is gone again and nothing runs."""
    said = bench.fails("install", "10.5.0", fault)
    assert "FAILED" in said
    assert "to do" in said
    assert untouched(bench)


def test_the_stores_are_checked_when_asked(bench):
    """With --check-stores a server whose database is not well is not well."""
    archive = bench.archive("10.5.0", fault="stores")
    bench.gives_up("it answers 500, status is 'UNHEALTHY', database_status", "install", archive, "--check-stores")
    bench.run("install", archive)


HOSTILE = {
    "outside": {"name": "../escaped"},
    "deeper": {"name": "mattermost/../../escaped"},
    "absolute": {"name": "/tmp/escaped"},
    "neighbour": {"name": "other/escaped"},
    "link-out": {"name": "mattermost/out", "type": tarfile.SYMTYPE, "linkname": "../../etc"},
    "link-absolute": {"name": "mattermost/out", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
    "hard-link-out": {"name": "mattermost/out", "type": tarfile.LNKTYPE, "linkname": "../etc/passwd"},
    "device": {"name": "mattermost/null", "type": tarfile.CHRTYPE},
    "pipe": {"name": "mattermost/pipe", "type": tarfile.FIFOTYPE},
    "setuid": {"name": "mattermost/bin/su", "mode": 0o4755},
    "behind-a-link": {"name": "mattermost/client/latest.html/x"},
}


@pytest.mark.parametrize("extra", HOSTILE.values(), ids=HOSTILE)
def test_hostile_archives_are_refused(bench, extra):
    """What leads outside the archive's folder, or is more than files, is not unpacked at all."""
    said = bench.run("install", bench.archive("10.5.0", extra=[extra]), code=1)
    assert "the archive is refused" in said
    assert untouched(bench)
    assert not list(bench.folder.rglob("escaped"))


def test_what_is_no_release_is_refused(bench, member):
    """A torn file, other content, a name without version and a wrong checksum are each told apart."""
    archive = bench.archive("10.5.0")
    torn = bench.folder / "mattermost-10.6.0-torn.tar.gz"
    torn.write_bytes(archive.read_bytes()[:-2000])
    assert "no whole .tar.gz" in bench.run("install", torn, code=1)
    other = bench.folder / "mattermost-10.6.0-other.tar.gz"
    with tarfile.open(other, "w:gz") as tar:
        member(tar, "mattermost/README.md", b"hello")
    assert "no Mattermost server" in bench.run("install", other, code=1)
    nameless = bench.folder / "mattermost.tar.gz"
    shutil.copy(archive, nameless)
    assert "no version" in bench.run("install", nameless, code=1)
    assert "SHA-256" in bench.run("install", archive, "--checksum", "0" * 64, code=1)
    assert "cannot be read" in bench.run("install", bench.folder / "mattermost-1.2.3.tar.gz", code=1)
    assert untouched(bench)
    bench.run("install", archive, "--checksum", hashlib.sha256(archive.read_bytes()).hexdigest())


def test_an_occupied_directory_is_refused(bench):
    """An installation is for upgrade, and other files are not ours."""
    archive = bench.archive("10.5.0")
    bench.directory.mkdir()
    (bench.directory / "thesis.txt").write_text("mine")
    assert "not empty" in bench.run("install", archive, code=1)
    (bench.directory / "thesis.txt").unlink()
    bench.run("install", archive)
    assert "use upgrade" in bench.run("install", archive, code=1)
    assert bench.well()


def test_a_port_in_use_is_refused(bench):
    """Before anything is unpacked, the operator hears who is in the way."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", bench.port))
        listener.listen()
        assert f"port {bench.port} is in use" in bench.run("install", bench.archive("10.5.0"), code=1)
    assert untouched(bench)


def test_faulty_settings_do_not_show_themselves(bench):
    """A fault in the settings is told by its place alone: the text may hold a password."""
    bench.settings.write_text('{"SqlSettings": {"DataSource": "postgres://u:hunter2@h/d" oops}}')
    said = bench.run("install", bench.archive("10.5.0"), code=1)
    assert "line 1" in said
    assert "hunter2" not in said


@ROOT
def test_a_full_disk_is_noticed_before(bench, member):
    """An archive that does not fit is refused, and the disk is as empty as before."""
    disk = bench.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("cannot mount")
    try:
        bench.directory = disk / "chat"
        archive = bench.archive("10.5.0", extra=[{"name": "mattermost/big", "content": bytes(4_000_000)}])
        assert "not enough disk space" in bench.run("install", archive, code=1)
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)


@ROOT
def test_root_gives_it_to_another_user(bench):
    """Files and server belong to the user that is named; one that does not exist is refused unless to be created."""
    open_folder = Path(tempfile.mkdtemp())
    try:
        open_folder.chmod(0o755)
        bench.directory = open_folder / "chat"
        archive = bench.archive("10.5.0")
        assert "--create-user" in bench.run("install", archive, "--user", "no-such-user", code=1)
        bench.run("install", archive, "--user", "nobody")
        owners = {path.lstat().st_uid for path in bench.directory.rglob("*") if path.name != "mattermost.pid"}
        assert len(owners) == 1
        assert owners != {0}
        [process] = bench.pids()
        assert Path(f"/proc/{process}").stat().st_uid in owners
    finally:
        bench.close()
        shutil.rmtree(open_folder)


@pytest.mark.parametrize("step", STEPS)
def test_a_stop_signal_clears_away(bench, step, gate):
    """SIGTERM at any step leaves the directory as it was."""
    code, said = bench.stop_at(step, signal.SIGTERM, "install", bench.archive("10.5.0", gate=str(gate)))
    assert code == 3, said
    assert "SIGTERM" in said
    assert untouched(bench)


@pytest.mark.parametrize("step", STEPS)
def test_after_a_kill_the_next_run_begins_anew(bench, step, gate):
    """`kill -9` at any step leaves what the next run clears away by itself."""
    archive = bench.archive("10.5.0", gate=str(gate))
    code, said = bench.stop_at(step, signal.SIGKILL, "install", archive)
    assert code == -9, said
    gate.open()
    bench.run("install", archive)
    assert bench.well()
    assert bench.version() == "10.5.0"


def test_a_server_that_a_killed_run_has_left_is_not_in_the_way(bench, gate):
    """The port that it listens on by now is free once the next run has ended it."""
    archive = bench.archive("10.5.0", gate=str(gate))
    code, said = bench.stop_at("verify", signal.SIGKILL, "install", archive)
    assert code == -9, said
    [left] = bench.pids()
    gate.open()
    bench.until_it_listens()
    bench.run("install", archive)
    assert bench.well()
    assert left not in bench.pids()


def test_only_one_run_at_a_time(bench, gate):
    """A second run is turned away while the first works."""
    with bench.start("install", bench.archive("10.5.0", gate=str(gate))) as first:
        bench.until_said(first, "verify")
        assert "another run" in bench.run("upgrade", bench.archive("10.6.0"), code=4)
        gate.open()
        first.communicate()
    assert first.returncode == 0


SYSTEMCTL = """#!/bin/sh
echo "$@" >>"$STANDIN_LOG"
case "$1" in
start) exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    cd "$STANDIN_HOME" && setsid sh -c 'while test -e "$STANDIN_LOG.job"; do sleep 0.02; done; exec ./bin/mattermost' \
        >/dev/null 2>&1 </dev/null & echo $! >"$STANDIN_LOG.pid" ;;
stop) server=$(cat "$STANDIN_LOG.pid"); kill "$server" 2>/dev/null
    while test -e "/proc/$server/exe"; do sleep 0.02; done ;;
show)
    job=$(cat "$STANDIN_LOG.job" 2>/dev/null)
    if test -n "$job"; then state=inactive
    elif test -e "/proc/$(cat "$STANDIN_LOG.pid" 2>/dev/null)/exe"; then state=active
    else state=failed; fi
    case "$2" in
    *MainPID) cat "$STANDIN_LOG.pid" ;;
    *Job) echo "ActiveState=$state"; echo "Job=$job" ;;
    *) echo $state ;;
    esac ;;
esac
"""


@pytest.fixture
def systemctl(bench):
    """A systemctl that starts and stops the server of the directory, and notes what it is asked.

    As long as a file `.job` is beside its notes, the start is in the queue behind other jobs.
    """
    folder = bench.folder / "tools"
    folder.mkdir()
    (folder / "systemctl").write_text(SYSTEMCTL)
    (folder / "systemctl").chmod(0o755)
    log = bench.folder / "systemctl.log"
    bench.environment |= {
        "PATH": f"{folder}:{bench.environment['PATH']}",
        "STANDIN_LOG": str(log),
        "STANDIN_HOME": str(bench.directory),
    }
    return log


def test_a_unit_is_written_and_used(bench, systemctl):
    """With --systemd the unit is written once, enabled, and what starts and stops the server."""
    units = bench.folder / "units"
    units.mkdir()
    bench.run("install", bench.archive("10.5.0"), "--systemd", "chat", "--units", units)
    text = (units / "chat.service").read_text()
    assert f'ExecStart="{bench.directory}/bin/mattermost"' in text
    asked = systemctl.read_text()
    assert "enable chat.service" in asked
    assert bench.well()
    bench.run("upgrade", bench.archive("10.6.0"), "--systemd", "chat")
    assert "stop chat.service" in systemctl.read_text()
    assert bench.version() == "10.6.0"
    assert bench.well()


def test_a_unit_that_waits_for_others_is_waited_for(bench, systemctl):
    """A start that systemd has queued is not taken for a server that has ended."""
    units, job = bench.folder / "units", systemctl.with_suffix(".log.job")
    units.mkdir()
    job.write_text("17")
    with bench.start("install", bench.archive("10.5.0"), "--systemd", "chat", "--units", units) as process:
        bench.until(lambda: systemctl.exists() and ",Job chat" in systemctl.read_text())
        job.unlink()
        said, _ = process.communicate()
    assert process.returncode == 0, said
    assert bench.well()


def test_a_unit_of_a_failed_installation_goes(bench, systemctl):
    """A unit that the run wrote is not left behind."""
    units = bench.folder / "units"
    units.mkdir()
    said = bench.run("install", bench.archive("10.5.0", fault="dies"), "--systemd", "chat", "--units", units, code=3)
    assert "the server ended while it started" in said
    assert not list(units.iterdir())
    assert "disable chat.service" in systemctl.read_text()
    assert untouched(bench)


def test_help_teaches(bench):
    """--help shows examples and the meaning of each exit code."""
    for name in ("install", "upgrade"):
        said = bench.run(name, "--help")
        assert "examples:" in said
        assert "5 the roll-back failed" in said
