"""One OpenTelemetry span a message, with its steps. Off unless an endpoint is configured."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from bot.errors import ConfigError
from bot.watch import TurnReport

if TYPE_CHECKING:
    from bot.manager import DialogManager

# The variables by which every OpenTelemetry program is told where its spans go.
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
# The steps of a turn in their order; first_word lies within generate.
_STEPS = ("embed", "classify", "search", "wait", "generate")


def trace_turns(manager: DialogManager) -> None:
    """Raises ConfigError where the exporter is not installed."""
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the exporter is not installed. "
            "Run: pip install 'frontdesk[tracing]'"
        ) from error
    Tracing(manager, BatchSpanProcessor(OTLPSpanExporter()))


class Tracing:
    """`processor` is OpenTelemetry's SpanProcessor. No span holds a word that was said."""

    def __init__(self, manager: DialogManager, processor: Any) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        # Not the process's provider: other libraries here (Chroma) would send their own spans.
        name = os.environ.get("OTEL_SERVICE_NAME", "frontdesk")
        provider = TracerProvider(resource=Resource.create({"service.name": name}))
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("frontdesk")
        manager.watch(self._record)

    def _record(self, report: TurnReport) -> None:
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        total = report.timings_ms.get("total", 0.0)
        started = report.ended_at - total / 1000.0
        span = self._tracer.start_span(
            "turn",
            context=Context(),
            start_time=_nanoseconds(started),
            attributes={
                "frontdesk.status": report.status,
                "frontdesk.route": report.route.value if report.route else "",
                "frontdesk.rule": report.rule,
                "frontdesk.generator": report.generator,
                "frontdesk.fallback": report.fallback,
                "frontdesk.first_word_ms": report.timings_ms.get("first_word", 0.0),
            },
        )
        self._steps(report, started, set_span_in_context(span))
        span.end(_nanoseconds(report.ended_at))

    def _steps(self, report: TurnReport, started: float, turn: Any) -> None:
        """One after the other, as they ran; the little between them is left out."""
        for name in _STEPS:
            if name in report.timings_ms:
                step = self._tracer.start_span(name, context=turn, start_time=_nanoseconds(started))
                started += report.timings_ms[name] / 1000.0
                step.end(_nanoseconds(started))


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
