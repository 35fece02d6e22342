"""The metrics for Prometheus. Labels come from configuration and catalog only, and every series starts at 0.

Units follow https://prometheus.io/docs/practices/naming/: seconds and bytes.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from gateway import __version__
from gateway.model import DRIFT, Cause, DestinationState, DiscardCause, FetchOutcome, Outcome
from gateway.observe.series import Counter, Family, Gauge, Histogram, Series, counters, gauges, histograms, infos

RESULTS = ("delivered", "later", "never")
CODES = ("2xx", "3xx", "4xx", "429", "5xx", "network", "timeout", "tls")
TRANSLATIONS = ("message", "ignored", "broken")
BOT_OUTCOMES = ("heard", "ignored")
CAUSES = tuple(cause.value for cause in Cause)
"""Why requests are refused."""
NO_TRANSLATOR = "none"
"""The label `translator` of an event that was ignored by its name, before a translator was selected."""

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_PURE = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0)

S = TypeVar("S", bound=Series)


class Metrics:
    """The metrics of one gateway in one registry; attributes have the names of the series, without `mattergate_`.

    All belong to one thread, that of the event loop, which reads the registry, too; see `gateway.observe.series`.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self.families: list[Family[Any]] = []
        self._add_requests()
        self._add_deliveries()
        self._add_acts()
        self._add_bots()
        self._add_gateway()

    def _add_requests(self) -> None:
        self.requests = self._counters("requests", "Requests answered, by outcome.", "route", "service", "outcome")
        self.refusals = self._counters("refusals", "Requests refused, also those that reached no route.", "cause")
        for cause in CAUSES:
            self.refusals.labels(cause)
        self.key_fetches = self._counters(
            "key_fetches", "Fetches of public keys that requests are verified with, by outcome.", "outcome"
        )
        for fetched in FetchOutcome:
            self.key_fetches.labels(fetched.value)
        self.unproven_bytes = self._gauges("unproven_bytes", "Bytes held of requests that are not proven yet.").labels()
        self.unstored = self._counters("unstored", "Requests answered 503: the journal could not store them.", "route")
        self.request_bytes = self._counters("request_bytes", "Bytes of request bodies received.", "route")
        self.accept_seconds = self._histograms(
            "accept_seconds", "From the last byte of a request to its answer, with the durable commit.", _FAST
        ).labels()
        self.translate_seconds = self._histograms(
            "translate_seconds", "Decoding, validating, translating and fitting one request.", _PURE, "service"
        )
        self.translations = self._counters(
            "translations",
            "Translations; the translator `generic` is used where no other can be.",
            "service",
            "translator",
            "outcome",
        )
        self.schema_mismatch = self._counters(
            "schema_mismatch", "Payloads that do not match a translator's schema.", "service", "translator"
        )
        self.drift = self._counters(
            "drift",
            "Events that no document of their service understands: of an unknown name, or of another shape.",
            "service",
            "why",
        )
        self.empty_messages = self._counters(
            "empty_messages",
            "Messages of a translator that came out empty, so that the generic one spoke.",
            "service",
            "translator",
        )
        self.duplicates = self._counters("duplicates", "Requests recognised as repeats.", "route")

    def _add_deliveries(self) -> None:
        self.deliveries = self._counters(
            "deliveries", "Delivery attempts that ended, by result.", "destination", "result"
        )
        self.delivery_attempts = self._counters(
            "delivery_attempts", "Delivery attempts, by class of answer.", "destination", "code"
        )
        self.delivery_seconds = self._histograms(
            "delivery_seconds", "From the request to the post of its message.", _SLOW, "destination"
        )
        self.queue_depth = self._gauges("queue_depth", "Pending deliveries.", "destination")
        self.queue_oldest_seconds = self._gauges(
            "queue_oldest_seconds", "Age of the oldest pending delivery.", "destination"
        )
        self.dead = self._gauges("dead", "Dead deliveries: they wait for a person to decide.", "destination")
        self.dead_discarded = self._counters(
            "dead_discarded",
            "Dead deliveries that a person discarded, or that were deleted beyond their age or size.",
            "destination",
            "cause",
        )
        self.destination_state = self._gauges(
            "destination_state", "1 for the state that a destination is in, 0 for each other.", "destination", "state"
        )
        self.destination_degraded = self._gauges(
            "destination_degraded", "1 when messages arrive, but something is missing: see its state.", "destination"
        )

    def _add_acts(self) -> None:
        self.acts = self._counters(
            "acts", "What was said or clicked in Mattermost, by how it ended.", "callbacks", "occasion", "outcome"
        )
        self.act_seconds = self._histograms(
            "act_seconds", "From the request to an outside service to its answer.", _SLOW, "callbacks"
        )

    def _add_bots(self) -> None:
        self.bot_connected = self._gauges("bot_connected", "1 while a bot is connected, and hears what is said.", "bot")
        self.bot_reconnects = self._counters("bot_reconnects", "Connections of a bot after its first.", "bot")
        self.bot_gaps = self._counters(
            "bot_gaps", "Times that a bot caught up over REST with what it may have missed, also at its start.", "bot"
        )
        self.bot_events = self._counters(
            "bot_events",
            "Posts that reached a bot: heard, or ignored as its own or unwanted.",
            "bot",
            "outcome",
        )

    def _add_gateway(self) -> None:
        self.journal_commit_seconds = self._histograms(
            "journal_commit_seconds", "Duration of one durable group commit.", _FAST
        ).labels()
        self.catalog_reload_ok = self._gauges("catalog_reload_ok", "1 when no document in use is faulty.").labels()
        self.catalog_reload_ok.set(1)
        self.catalog_faulty = self._gauges(
            "catalog_faulty",
            "1 when the documents of a service are faulty: its last good version is used, or the generic translator.",
            "service",
        )
        self.settings_reload_ok = self._gauges(
            "settings_reload_ok", "1 when the last reload of the settings succeeded."
        ).labels()
        self.settings_reload_ok.set(1)
        self._register(infos("mattergate_build", "Version of the running gateway.", "version")).labels(__version__)

    def _counters(self, name: str, text: str, *labels: str) -> Family[Counter]:
        return self._register(counters(f"mattergate_{name}", text, *labels))

    def _gauges(self, name: str, text: str, *labels: str) -> Family[Gauge]:
        return self._register(gauges(f"mattergate_{name}", text, *labels))

    def _histograms(self, name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Family[Histogram]:
        return self._register(histograms(f"mattergate_{name}", text, bounds, *labels))

    def _register(self, family: Family[S]) -> Family[S]:
        self.registry.register(family)
        self.families.append(family)
        return family

    def expect_route(self, route: str, service: str) -> None:
        """Start the series of a route at 0."""
        for outcome in Outcome:
            self.requests.labels(route, service, outcome.value)
        self.unstored.labels(route)
        self.request_bytes.labels(route)
        self.duplicates.labels(route)
        self.translate_seconds.labels(service)
        self.catalog_faulty.labels(service)
        for why in DRIFT:
            self.drift.labels(service, why.value)

    def expect_translators(self, service: str, translators: Iterable[str]) -> None:
        """Start the series of a service's translators at 0."""
        for translator in (*translators, "generic", NO_TRANSLATOR):
            for outcome in TRANSLATIONS:
                self.translations.labels(service, translator, outcome)
        for translator in translators:
            self.schema_mismatch.labels(service, translator)
            self.empty_messages.labels(service, translator)

    def expect_destination(self, destination: str) -> None:
        """Start the series of a destination at 0 (that of its state `healthy` at 1)."""
        for result in RESULTS:
            self.deliveries.labels(destination, result)
        for code in CODES:
            self.delivery_attempts.labels(destination, code)
        for cause in DiscardCause:
            self.dead_discarded.labels(destination, cause.value)
        self.delivery_seconds.labels(destination)
        for gauge in (self.queue_depth, self.queue_oldest_seconds, self.dead, self.destination_degraded):
            gauge.labels(destination).set(0)
        for state in DestinationState:
            self.destination_state.labels(destination, state.value).set(state is DestinationState.HEALTHY)

    def expect_bot(self, bot: str) -> None:
        """Start the series of a bot at 0."""
        self.bot_connected.labels(bot).set(0)
        self.bot_reconnects.labels(bot)
        self.bot_gaps.labels(bot)
        for outcome in BOT_OUTCOMES:
            self.bot_events.labels(bot, outcome)

    def forget(self, **label: str) -> None:
        """Remove every series with this label, of a route or a destination that was removed."""
        ((name, value),) = label.items()
        for family in self.families:
            if name in family.label_names:
                family.forget(name, value)
