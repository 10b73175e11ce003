"""What Prometheus reads at /metrics: how busy the server is, and what became of the messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.types import LocalGenerator
from bot.watch import TurnReport

if TYPE_CHECKING:
    from bot.build import Frontdesk

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Metrics:
    """`registry` is this server's own: nothing of the process that is not said here is told."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Busy(frontdesk))
        self._turns = Counter(
            "frontdesk_turns",
            "Messages by what became of them, and the route of their answer",
            ["status", "route"],
            registry=self.registry,
        )
        self._fallbacks = Counter(
            "frontdesk_fallbacks",
            "Answers of a model that gave way to a quotation: late, failed or unsupported",
            registry=self.registry,
        )
        self._first_word = self._histogram("first_word", "From the model's start to its first word")
        self._wait = self._histogram("line_wait", "In line, of those who had to wait")
        self._answer = self._histogram("answer", "From the message to its whole answer")
        frontdesk.manager.watch(self._record)

    def _histogram(self, name: str, meaning: str) -> Histogram:
        return Histogram(
            f"frontdesk_{name}_seconds", meaning, buckets=_SECONDS, registry=self.registry
        )

    def _record(self, report: TurnReport) -> None:
        self._turns.labels(report.status, report.route.value if report.route else "").inc()
        if report.fallback:
            self._fallbacks.inc()
        for name, histogram in (
            ("first_word", self._first_word),
            ("wait", self._wait),
            ("total", self._answer),
        ):
            if name in report.timings_ms:
                histogram.observe(report.timings_ms[name] / 1000.0)


class _Busy(Collector):
    """Read at the moment of the scrape."""

    def __init__(self, frontdesk: Frontdesk) -> None:
        self._line = frontdesk.manager.line
        self._generator = frontdesk.manager.generator

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("frontdesk_line", "Customers who wait in line", self._line.waiting)
        yield GaugeMetricFamily(
            "frontdesk_answering", "Messages that are being worked on", self._line.answering
        )
        if not isinstance(self._generator, LocalGenerator):
            return
        load = self._generator.load()
        yield GaugeMetricFamily("frontdesk_batch", "Answers in the model's batch", load.writing)
        yield GaugeMetricFamily(
            "frontdesk_batch_waiting", "Answers that wait for the batch", load.waiting
        )
        yield GaugeMetricFamily(
            "frontdesk_cache_use", "Share of the model's cache in use, 0 to 1", load.cache_use
        )
        yield CounterMetricFamily("frontdesk_tokens", "Tokens that the model wrote", load.tokens)
