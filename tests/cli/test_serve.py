"""`mattergate serve`: what ends it, and how; what it does meanwhile is tested by tests/flow."""

import contextlib
import signal
import socket
import subprocess

import pytest


def test_settings_that_cannot_be_used_start_nothing(desk):
    """Every fault is a line; no journal is made."""
    desk.write(
        "mattergate.toml", desk.file.read_text().replace('service = "items"', 'service = "items"\ncolour = "red"')
    )
    said = desk.process("serve")
    assert said.code == 1
    assert "routes.items.colour: unknown key" in said.err
    assert not list(desk.folder.glob("journal*"))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_port_that_is_taken_is_told(desk):
    """The line names the address, and begins with the setting."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        desk.write("mattergate.toml", desk.file.read_text().replace("127.0.0.1:1", f"127.0.0.1:{port}"))
        said = desk.process("serve")
    assert said.code == 1
    assert f"server: cannot listen on 127.0.0.1:{port}: " in said.err
    assert "Traceback" not in said.err


def test_a_signal_stops_it_in_order(desk):
    """The exit code is 0, and nothing is said but the log."""
    desk.write("mattergate.toml", desk.file.read_text().replace("127.0.0.1:1", "127.0.0.1:0"))
    process = subprocess.Popen(
        desk.command("serve"), cwd=desk.folder, env=desk.environ(), stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        while "ready" not in (line := process.stderr.readline()):
            assert line, "it ended"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, ""), err
    assert "Traceback" not in err
