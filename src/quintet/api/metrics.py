"""Figures for Prometheus: requests by route, jobs, items. No label has unbounded values."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quintet.errors import QuintetError
from quintet.service.service import Service

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What one application has counted."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter(
            "quintet_requests", "requests answered", labels, registry=self.registry
        )
        self.seconds = Histogram(
            "quintet_request_seconds",
            "seconds from a request to the start of its answer",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Now(service))

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)

    def saw(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = template(scope)
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


def template(scope: Scope) -> str:
    """The path of the route that answered, with names for what varies; ``none`` without one."""
    effective = scope.get("fastapi", {}).get("effective_route_context")
    for route in (effective, scope.get("route")):
        path = getattr(route, "path", None)
        if isinstance(path, str) and path:
            return path
    return "none"


class Watch:
    """Tells the metrics of every answer when it starts."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on and measure."""
        began = time.perf_counter()

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.saw(scope, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, seen if scope["type"] == "http" else send)


class _Now(Collector):
    """What is true when it is asked for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("quintet_jobs", "jobs by state", labels=["state"])
        for state, count in self._service.jobs.counts().items():
            jobs.add_metric([state], count)
        yield jobs
        items = GaugeMetricFamily("quintet_items", "items by medium", labels=["medium"])
        errors = GaugeMetricFamily("quintet_errors", "files that could not be indexed")
        try:
            with self._service.pool.library() as lib:
                status = lib.status()
        except QuintetError:
            return
        for medium, count in status.items.items():
            items.add_metric([medium], count)
        errors.add_metric([], status.errors)
        yield items
        yield errors
