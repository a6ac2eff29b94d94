"""Figures for Prometheus, in a registry of our own: nothing a library registers by itself gets in."""

from collections.abc import Sequence

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)


def counter(name: str, about: str, labels: Sequence[str] = ()) -> Counter:
    """A figure that only rises. Labels are of few values (a channel, an outcome), never an address or an id."""
    return Counter(f"hub_{name}", about, labels, registry=registry)


def gauge(name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
    """A figure that rises and falls."""
    return Gauge(f"hub_{name}", about, labels, registry=registry)


def histogram(name: str, about: str, labels: Sequence[str] = (), buckets: Sequence[float] = _LATENCY) -> Histogram:
    """How figures are spread; by default durations in seconds from 1 ms to 5 s."""
    return Histogram(f"hub_{name}", about, labels, buckets=buckets, registry=registry)


def render() -> bytes:
    """All figures as `/metrics` answers them, with `CONTENT_TYPE`."""
    return generate_latest(registry)
