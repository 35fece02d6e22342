"""The log: one JSON object a line, or coloured text for a person at a terminal.

The gateway logs through structlog; records of aiohttp and asyncio, from the standard library, get the same format. As a
last line of defence all values are masked (`gateway.secret.redact`), made plain and cut before they are rendered, so
that neither a secret nor a control character of a payload reaches the stream, and no line is longer than LINE_LIMIT.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from itertools import takewhile
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

LINE_LIMIT: Final = 2000
"""Bytes of the longest line."""
_SPARE: Final = 200
"""Bytes of a line that colours and padding may take."""
_MOST: Final = LINE_LIMIT // 2
"""Values inside of one that are looked at: no more fit a line, and masking each takes time."""
_CUTS: Final = ((600, 1200, 40), (200, 1000, 20), (60, 800, 10), (30, 300, 5))
"""To what a line that is too long is cut, tried in turn: characters of a value and of a traceback, items of a list."""

EventDict = MutableMapping[str, Any]


class _Writer(structlog.WriteLogger):
    """Writes rendered lines to a stream, for the part of the gateway called `name`."""

    def __init__(self, stream: TextIO, name: str) -> None:
        super().__init__(stream)
        self.name = name


class _Handler(logging.StreamHandler[TextIO]):
    """The handler that `configure` installs: its type distinguishes it from others."""


class _Follower:
    """A logger that follows `configure` and caches its methods: a call at a level that is off costs 0.1 us."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        found = getattr(structlog.get_logger(self._name).bind(), method)
        if structlog.is_configured():
            self.__dict__[method] = found
        return found

    def forget(self) -> None:
        """Clear the cached methods, after the configuration changed."""
        self.__dict__ = {"_name": self._name}


_followers: "WeakSet[_Follower]" = WeakSet()


def configure(level: str, format: str, stream: TextIO) -> None:  # noqa: A002 - the word of the settings
    """Send all logs to a stream from now on; another call replaces this configuration.

    `level` is "debug", "info", "warning" or "error"; `format` is "json", "text" or "auto", which is text when the
    stream is a terminal. Colours follow the terminal and the variable NO_COLOR (no-color.org).
    """
    terminal = stream.isatty()
    text = format == "text" or (format == "auto" and terminal)
    render = _text(colors=terminal and not os.environ.get("NO_COLOR")) if text else [_json]
    starting: list[Processor] = [add_log_level, add_logger_name, _add_trace, TimeStamper(fmt="iso", utc=True, key="ts")]
    ending: list[Processor] = [format_exc_info, _mask, _cut, *render]
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
    """Return the logger of one part of the gateway; it may be created before `configure` and follows it.

    Call it as `log.info("delivered", destination="ops")`: a constant event, with variable parts as keys.
    """
    follower = _Follower(name)
    _followers.add(follower)
    return cast(FilteringBoundLogger, follower)


def _add_trace(_: Any, __: str, event: EventDict) -> EventDict:
    """Add the id of the running task's trace."""
    if traceparent := tracing.current.get():
        event["trace_id"] = tracing.trace_id(traceparent)
    return event


def _mask(_: Any, __: str, event: EventDict) -> EventDict:
    """Mask secrets in every key and value, and convert values that JSON does not have to text."""
    return {_clean(str(key)): _Masking().plain(value) for key, value in event.items()}


class _Masking:
    """Makes one value plain, with "…" for what is in it beyond the first _MOST values."""

    def __init__(self) -> None:
        self._left = _MOST

    def plain(self, value: Any, depth: int = 0) -> Any:
        """The value as JSON has it."""
        self._left -= 1
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, str):
            return _clean(value)
        if isinstance(value, int):
            # msgspec encodes integers of 64 bits at most, and JSON readers often accept fewer.
            return value if -(2**63) <= value < 2**63 else str(value)
        if isinstance(value, Mapping) and depth < _DEEPEST:
            return {_clean(str(key)): self.plain(value[key], depth + 1) for key in self._first(value)}
        if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
            items = [self.plain(item, depth + 1) for item in self._first(value)]
            return items + ["…"] * (len(value) - len(items))
        return _clean(str(value) if isinstance(value, BaseException) else repr(value))

    def _first(self, values: Iterable[Any]) -> Iterator[Any]:
        """Those that are looked at."""
        return takewhile(lambda _: self._left > 0, values)


def _clean(text: str) -> str:
    """Mask the text, and escape lone surrogates, which UTF-8 cannot encode."""
    masked = redact(text)
    return masked if masked.isascii() else masked.encode("utf-8", "backslashreplace").decode()


def _cut(_: Any, __: str, event: EventDict) -> EventDict:
    """Cut what makes a line too long; of a traceback the end is kept, which says what failed.

    Where that is not enough, the longest values are left out.
    """
    if _fits(event):
        return event
    for characters, trace, items in _CUTS:
        shorter = {
            _shortened(key, characters, items): value[-trace:]
            if key == "exception" and isinstance(value, str)
            else _shortened(value, characters, items)
            for key, value in event.items()
        }
        if _fits(shorter):
            return shorter
    while not _fits(shorter):
        del shorter[max(shorter, key=lambda key: len(str(shorter[key])))]
    return shorter


def _fits(event: EventDict) -> bool:
    return len(msgspec.json.encode(event)) <= LINE_LIMIT - _SPARE


def _shortened(value: Any, characters: int, items: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= characters else value[: characters - 1] + "…"
    if isinstance(value, list):
        more = [f"… {len(value) - items} more"] if len(value) > items else []
        return [_shortened(item, characters // 2, items // 2 or 1) for item in value[:items]] + more
    if isinstance(value, dict):
        return {
            _shortened(key, characters // 2, items): _shortened(item, characters // 2, items // 2 or 1)
            for key, item in list(value.items())[:items]
        }
    return value


def _json(_: Any, __: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("ts", "level", "event", "logger") if key in event}
    return msgspec.json.encode(first | dict(event)).decode()


def _text(*, colors: bool) -> list[Processor]:
    renderer = ConsoleRenderer(colors=colors, exception_formatter=plain_traceback, timestamp_key="ts")
    return [_escape_controls, cast(Processor, renderer)]


def _escape_controls(_: Any, __: str, event: EventDict) -> EventDict:
    """Escape characters that could forge a line or control the terminal; only a traceback keeps its line breaks."""
    for key, value in event.items():
        text = value if isinstance(value, str | int | float | None) else repr(value)
        if isinstance(text, str):
            text = _CONTROLS.sub(_escape, text)
            event[key] = text if key == "exception" else _LINE_BREAKS.sub(_escape, text)
    return event


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
