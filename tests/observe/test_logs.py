"""Logs: the two formats, the standard library in them, and the net that catches secrets."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from gateway.observe import logs
from gateway.pipeline.route import Route
from gateway.secret import Secret
from gateway.settings.tables import RouteSettings

HOOK_ID = "k3yk3yk3yk3yk3yk3yk3yk3yk3"
log = logs.get("delivery")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave structlog and the root logger as they were found."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    # Configuring first makes every logger forget what it kept; the reset then takes the configuration away.
    logs.configure("info", "json", io.StringIO())
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    """Give a stream that is no terminal."""
    return io.StringIO()


def fail(text: str) -> None:
    """Raise an error that holds the text."""
    raise RuntimeError(text)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Decode every line that was written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_holds_time_level_event_and_keys(stream: io.StringIO) -> None:
    """The first keys come in a fixed order, the time is ISO in UTC."""
    logs.configure("info", "json", stream)
    log.info("delivered", destination="ops", attempts=2, rate=0.5, post_id=None, first=True)
    (line,) = lines(stream)
    assert list(line)[:4] == ["ts", "level", "event", "logger"]
    assert datetime.fromisoformat(line.pop("ts")).utcoffset() == timedelta(0)
    assert line == {
        "level": "info",
        "event": "delivered",
        "logger": "delivery",
        "destination": "ops",
        "attempts": 2,
        "rate": 0.5,
        "post_id": None,
        "first": True,
    }


def test_levels_below_the_configured_one_are_silent(stream: io.StringIO) -> None:
    """The level counts for the gateway's own loggers and for the standard library."""
    logs.configure("warning", "json", stream)
    log.info("no")
    logging.getLogger("aiohttp.server").info("no")
    log.warning("yes")
    logging.getLogger("aiohttp.server").warning("yes")
    assert [line["event"] for line in lines(stream)] == ["yes", "yes"]


def test_a_logger_follows_each_configuration(stream: io.StringIO) -> None:
    """A logger that was used already writes to the stream and at the level of the last call."""
    logs.configure("error", "json", stream)
    log.info("no")
    later = io.StringIO()
    logs.configure("debug", "json", later)
    log.debug("yes")
    logging.getLogger("asyncio").debug("yes")
    assert stream.getvalue() == ""
    assert len(lines(later)) == 2


def test_the_standard_library_speaks_the_same_format(stream: io.StringIO) -> None:
    """Records of aiohttp and asyncio become lines with their logger's name; arguments are filled in."""
    logs.configure("info", "json", stream)
    logging.getLogger("aiohttp.server").error("%s requests", 3)
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("3 requests", "error", "aiohttp.server")
    assert "ts" in line


def test_auto_is_text_on_a_terminal_only(stream: io.StringIO) -> None:
    """A terminal gets colours, everything else gets JSON."""
    logs.configure("info", "auto", stream)
    log.info("delivered")
    assert lines(stream)[0]["event"] == "delivered"
    terminal = Terminal()
    logs.configure("info", "auto", terminal)
    log.info("delivered")
    assert "\x1b[" in terminal.getvalue()
    assert "delivered" in terminal.getvalue()


def test_text_has_no_colours_where_they_are_not_wanted(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file never gets colours, nor a terminal with NO_COLOR."""
    logs.configure("info", "text", stream)
    log.info("delivered", destination="ops")
    assert "\x1b" not in stream.getvalue()
    assert "destination=ops" in stream.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    logs.configure("info", "text", terminal)
    log.info("delivered")
    assert "\x1b" not in terminal.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_passes(form: str, stream: io.StringIO) -> None:
    """Secrets are masked as values, inside texts, errors, tracebacks, containers, keys and foreign records."""
    secret = Secret("s3cr3t-of-a-route")
    hook = Secret(f"https://chat.example.com/hooks/{HOOK_ID}")
    logs.configure("info", form, stream)
    log.info(f"with {secret.reveal()}", secret=secret, url=hook.reveal(), error=ValueError(hook.reveal()))
    log.info("deep", answer={"message": [f"no hook {HOOK_ID}"], secret.reveal(): 1}, raw=secret.reveal().encode())
    logging.getLogger("aiohttp.client").warning("POST %s", hook.reveal())
    for logger in (log, logging.getLogger("asyncio")):
        try:
            fail(f"no {secret.reveal()}")
        except RuntimeError:
            logger.exception("failed")
    said = stream.getvalue()
    assert said.count("<secret>") >= 9
    assert "s3cr3t" not in said
    assert HOOK_ID not in said


def test_hook_urls_are_masked_without_being_known(stream: io.StringIO) -> None:
    """A hook URL that never was a Secret is caught by its looks."""
    logs.configure("info", "json", stream)
    log.info("seen", url="https://elsewhere.example.com/hooks/abcdefghijklmnopqrstuvwxyz/github")
    assert lines(stream)[0]["url"] == "https://elsewhere.example.com/hooks/<secret>/github"


def test_values_that_are_no_json_become_text(stream: io.StringIO) -> None:
    """Whatever a caller logs makes a valid line: large integers, bytes, objects, lone surrogates, loops, NaN."""
    logs.configure("info", "json", stream)
    loop: list[Any] = []
    loop.append(loop)
    log.info("odd", big=2**70, raw=b"\xff", kind=int, bad="\ud800", loop=loop, number=float("nan"), seen={1})
    (line,) = lines(stream)
    assert (line["big"], line["raw"], line["bad"]) == (str(2**70), "b'\\xff'", "\\ud800")
    assert (line["kind"], line["number"], line["seen"]) == ("<class 'int'>", None, [1])


def test_text_cannot_be_forged(stream: io.StringIO) -> None:
    """Line breaks and terminal codes of a payload are escaped, in keys' values and in the event."""
    logs.configure("info", "text", stream)
    log.info("one\ntwo", reason="\x1b[2Jgone\nfake", more=["\x1b[2J"])
    logging.getLogger("x").warning("three\x1b[0m\nfour")
    assert len(stream.getvalue().splitlines()) == 2
    assert "\x1b" not in stream.getvalue()


def test_text_tracebacks_stay_readable(stream: io.StringIO) -> None:
    """A traceback keeps its lines."""
    logs.configure("info", "text", stream)
    try:
        fail("broken")
    except RuntimeError:
        log.exception("failed")
    assert "\nRuntimeError: broken\n" in stream.getvalue()


def test_other_handlers_stay(stream: io.StringIO) -> None:
    """Configuring twice leaves one handler of its own and those of others."""
    other = logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(other)
    before = len(root.handlers)
    logs.configure("info", "json", stream)
    logs.configure("info", "json", stream)
    assert len(root.handlers) == before + 1
    assert other in root.handlers


def test_bound_keys_come_along(stream: io.StringIO) -> None:
    """`bind` gives a logger with keys for every event."""
    logs.configure("info", "json", stream)
    log.bind(route="github").info("accepted")
    assert lines(stream)[0]["route"] == "github"


def test_a_level_that_is_off_costs_next_to_nothing(stream: io.StringIO) -> None:
    """No processor runs and the method is kept: far fewer calls than an event that is written."""
    logs.configure("info", "json", stream)
    log.debug("warm")
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    log.debug("off", key="value")
    sys.setprofile(None)
    assert calls <= 2


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_route_in_a_line_is_its_name(stream: io.StringIO, form: str) -> None:
    """Whoever logs a route, alone or in a list, shows neither its secrets nor the hook of a pass-through URL."""
    secret = "correct horse battery staple"
    table = RouteSettings(name="github", service="github", destinations=("ops",), secrets=(Secret(secret),))
    route = Route(table, 1000, 64).at(HOOK_ID)
    logs.configure("info", form, stream)
    log.info("met", route=route, routes=[route], parts=vars(route)["secrets"])
    assert stream.getvalue().count("<Route github>") == 2
    assert secret not in stream.getvalue()
    assert HOOK_ID not in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "values",
    [
        {"why": "x" * 100_000},
        {"why": "é" * 100_000, "also": "\x00" * 5000},
        {"many": ["name " * 50] * 500, "map": {f"key{n}": "v" * 300 for n in range(500)}},
        {"deep": [[["a" * 500] * 50] * 50] * 50},
        {f"key{n}": "value " * 100 for n in range(300)},
        {f"key{n}": ["\x00" * 100] * 100 for n in range(8)},
        {"exc_info": ValueError("\x00" * 1000), "why": "x" * 100},
    ],
)
def test_no_line_is_longer_than_the_limit(stream: io.StringIO, form: str, values: dict[str, Any]) -> None:
    """Long values are cut, then lists, then the rest; what happened, when and where is always there."""
    logs.configure("info", form, stream)
    log.info("something", **values)
    (line,) = stream.getvalue().splitlines()
    assert len(line.encode()) <= logs.LINE_LIMIT
    if form == "json":
        assert {"ts", "level", "event", "logger"} <= set(json.loads(line))
    assert "something" in line


def test_a_large_value_is_not_looked_at_whole(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masking is a search for each living secret, and only a small part of the value is in the line."""
    masked: list[str] = []
    monkeypatch.setattr(logs, "redact", lambda text: masked.append(text) or text)
    logs.configure("info", "json", stream)
    log.info("large", deep=[[["a"] * 50] * 50] * 50, next="whole")
    (line,) = lines(stream)
    assert (len(masked) < 1100, line["next"], line["deep"][-1]) == (True, "whole", "… 10 more")


def test_what_fits_is_not_cut(stream: io.StringIO) -> None:
    """A list says how much of it is left out."""
    logs.configure("info", "json", stream)
    log.info("short", why="x" * 1500, many=list(range(50)))
    log.info("long", many=[f"service {n} " * 10 for n in range(100)])
    short, long = lines(stream)
    assert (short["why"], short["many"]) == ("x" * 1500, list(range(50)))
    assert long["many"][-1] == "… 90 more"


def test_the_end_of_a_long_traceback_is_kept(stream: io.StringIO) -> None:
    """It says what failed, and where."""
    logs.configure("info", "json", stream)

    def dig(depth: int) -> None:
        if depth:
            dig(depth - 1)
        fail("the very end")

    try:
        dig(60)
    except RuntimeError:
        log.exception("crashed")
    (line,) = lines(stream)
    assert line["exception"].endswith("RuntimeError: the very end")
    assert len(json.dumps(line)) <= logs.LINE_LIMIT
