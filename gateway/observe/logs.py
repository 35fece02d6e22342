"""What the gateway writes about itself: one JSON object a line, or coloured text for a person at a terminal.

structlog carries the gateway's own events, and what aiohttp and asyncio say through the standard library joins them
in the same format. Behind every other care stands a net: values are masked (`gateway.secret.redact`) and made plain
before anything is rendered, so that neither a secret nor a control character of a payload reaches the stream.
"""

import logging
import os
import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO, cast
from weakref import WeakSet

import msgspec
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import TimeStamper, add_log_level, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_logger_name
from structlog.typing import FilteringBoundLogger, Processor

from gateway.observe import tracing
from gateway.secret import redact

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LINE_BREAKS = re.compile(r"[\n\u2028\u2029]")
_DEEPEST = 6

EventDict = MutableMapping[str, Any]


class _Writer(structlog.WriteLogger):
    """Writes finished lines to a stream, for the part of the gateway called `name`."""

    def __init__(self, stream: TextIO, name: str) -> None:
        super().__init__(stream)
        self.name = name


class _Handler(logging.StreamHandler[TextIO]):
    """The handler that `configure` installs: its type tells it from those of others."""


class _Follower:
    """A logger that follows `configure` and keeps the methods it was asked for: a level that is off costs 0.1 us."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        found = getattr(structlog.get_logger(self._name).bind(), method)
        if structlog.is_configured():
            self.__dict__[method] = found
        return found

    def forget(self) -> None:
        """Look methods up again, after the configuration changed."""
        self.__dict__ = {"_name": self._name}


_followers: "WeakSet[_Follower]" = WeakSet()


def configure(level: str, format: str, stream: TextIO) -> None:  # noqa: A002 - the word of the settings
    """Send all logs to a stream from now on; calling it again replaces what was configured before.

    `level` is "debug", "info", "warning" or "error"; `format` is "json", "text" or "auto", which is text when the
    stream is a terminal. Colours follow the terminal and the variable NO_COLOR (no-color.org).
    """
    terminal = stream.isatty()
    text = format == "text" or (format == "auto" and terminal)
    render = _text(colors=terminal and not os.environ.get("NO_COLOR")) if text else [_json]
    starting: list[Processor] = [add_log_level, add_logger_name, _traced, TimeStamper(fmt="iso", utc=True, key="ts")]
    ending: list[Processor] = [format_exc_info, _masked, *render]
    structlog.configure(
        processors=[*starting, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda name: _Writer(stream, name),
        cache_logger_on_first_use=False,
    )
    for follower in _followers:
        follower.forget()
    handler = _Handler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=starting,
            processors=[ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [other for other in root.handlers if not isinstance(other, _Handler)] + [handler]
    root.setLevel(_LEVELS[level])


def get(name: str) -> FilteringBoundLogger:
    """Give the logger of one part of the gateway; it may be made before `configure` and follows it.

    Call it as `log.info("delivered", destination="ops")`: a constant event, and what varies as keys.
    """
    follower = _Follower(name)
    _followers.add(follower)
    return cast(FilteringBoundLogger, follower)


def _traced(_: Any, __: str, event: EventDict) -> EventDict:
    """Name the trace that the task works for."""
    if traceparent := tracing.current.get():
        event["trace_id"] = tracing.trace_id(traceparent)
    return event


def _masked(_: Any, __: str, event: EventDict) -> EventDict:
    """Mask secrets in every key and value, and turn what is no JSON value into text."""
    return {_clean(str(key)): _plain(value) for key, value in event.items()}


def _plain(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, int):
        # msgspec writes integers of 64 bits, and readers of JSON often fewer.
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {_clean(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [_plain(item, depth + 1) for item in value]
    return _clean(str(value) if isinstance(value, BaseException) else repr(value))


def _clean(text: str) -> str:
    """Mask the text, and escape lone surrogates, which UTF-8 cannot carry."""
    masked = redact(text)
    return masked if masked.isascii() else masked.encode("utf-8", "backslashreplace").decode()


def _json(_: Any, __: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("ts", "level", "event", "logger") if key in event}
    return msgspec.json.encode(first | dict(event)).decode()


def _text(*, colors: bool) -> list[Processor]:
    renderer = ConsoleRenderer(colors=colors, exception_formatter=plain_traceback, timestamp_key="ts")
    return [_on_one_line, cast(Processor, renderer)]


def _on_one_line(_: Any, __: str, event: EventDict) -> EventDict:
    """Escape what could forge a line or steer the terminal; only a traceback keeps its line breaks."""
    for key, value in event.items():
        text = value if isinstance(value, str | int | float | None) else repr(value)
        if isinstance(text, str):
            text = _CONTROLS.sub(_escaped, text)
            event[key] = text if key == "exception" else _LINE_BREAKS.sub(_escaped, text)
    return event


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
