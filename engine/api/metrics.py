"""What the process counts, for Prometheus: one registry per application, no globals."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from engine.api.tally import Spread, Tally
from engine.model.automation import FIRED, HELD, WOULD_FIRE
from engine.model.casework import Decided
from engine.router.waits import QueueWait

_FIRINGS = {FIRED: "fired", WOULD_FIRE: "would_fire", HELD: "held"}
LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Count requests, sockets, messages, offers and commits."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._histogram(
            "http_request_seconds", "Time to answer a request, by route template.", ("method", "route", "status")
        )
        self._sockets = Gauge("cordboard_sockets", "Open WebSockets.", ("kind",), registry=self.registry)
        self._frames = self._tally("socket_frames", "Frames through WebSockets.", ("kind", "direction"))
        self._closes = self._counter("socket_closes", "WebSockets closed by the engine, by code.", ("kind", "code"))
        self._messages = self._tally("messages", "Messages committed to transcripts.", ("author",))
        self._events = self._counter("routing_events", "Routing events written to the record.", ("kind",))
        self._rules = self._counter(
            "automation_firings",
            "Automation rules that fired, would have in dry run, or were held back, in this process.",
            ("organisation", "rule", "outcome"),
        )
        self._logins = self._counter("logins", "Log-ins tried.", ("outcome",))
        self._submissions = self._counter(
            "form_submissions", "What was sent with web forms: what became of it, and why.", ("outcome", "reason")
        )
        self._mails = self._counter("mails_received", "Mails over SMTP and LMTP.", ("outcome", "reason"))
        self._filed = self._counter("mails_filed", "Received mails: what became of them, and why.", ("outcome", "what"))
        self._polled_mails = self._counter(
            "mailbox_mails", "Mails of polled mailboxes: taken, repeated or left.", ("organisation", "outcome")
        )
        self._call_reports = self._counter(
            "mqtt_call_reports", "Reports of calls by MQTT.", ("organisation", "outcome")
        )
        self._commits = self._histogram("commit_seconds", "Time to write and commit one batch to the record.", ())
        self._commit_waits = self._histogram(
            "commit_wait_seconds", "How long a batch's oldest job had waited for the record's writer.", ()
        )
        self._committed = self._counter("committed_jobs", "Jobs written to the record, all batches together.", ())
        self._fanouts = Spread(
            "cordboard_fanout_seconds", "From a signal's publication to the socket that passes it on.", LATENCY_S
        )
        self.registry.register(self._fanouts)

        self._wait_bound = self._gauge(
            "wait_estimate_seconds",
            "What a newcomer will probably wait, in the middle; 0 = nobody waits, or not known.",
            ("organisation", "queue"),
        )
        self._wait_inside = self._gauge(
            "wait_estimate_inside_ratio",
            "Share of true waits inside the foretold band, 0.6 when it is right; those who left are censored.",
            ("organisation", "queue"),
        )
        self._wait_checked = self._gauge(
            "wait_estimate_checked", "Waits that this share is made from.", ("organisation", "queue")
        )

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Publish a gauge ``cordboard_<name>`` that is read when asked for."""
        Gauge(f"cordboard_{name}", description, registry=self.registry).set_function(read)

    def request(self, method: str, route: str, status: int, *, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def socket_opened(self, kind: str) -> None:
        """Count a socket in."""
        self._sockets.labels(kind).inc()

    def socket_closed(self, kind: str) -> None:
        """Count a socket out."""
        self._sockets.labels(kind).dec()

    def closed_with(self, kind: str, code: int) -> None:
        """Count a close that the engine asked for."""
        self._closes.labels(kind, str(code)).inc()

    def frames(self, kind: str, direction: str) -> Callable[[], None]:
        """Return what counts a frame; ``direction`` is in or out. Looked up once per socket: frames are many."""
        return self._frames.adder(kind, direction)

    def message(self, author: str) -> None:
        """Count a committed message."""
        self._messages.adder(author)()

    def event(self, kind: str) -> None:
        """Count a routing event written for the first time."""
        self._events.labels(kind).inc()

    def mqtt_call_reports(self, org_id: str, outcome: str, reports: int) -> None:
        """Count reports of calls over MQTT: taken, bad, failed; and messages that were dropped."""
        self._call_reports.labels(org_id, outcome).inc(reports)

    def decided(self, decided: Decided) -> None:
        """Count what automation rules did in a committed decision: fired, would_fire, held."""
        for firing in decided.decision.firings:
            for prefix, outcome in _FIRINGS.items():
                if firing.step.startswith(prefix):
                    self._rules.labels(decided.case.org_id, firing.step.removeprefix(prefix), outcome).inc()

    def login(self, outcome: str) -> None:
        """Count a log-in: ok, failed or limited."""
        self._logins.labels(outcome).inc()

    def submission(self, outcome: str, reason: str) -> None:
        """Count what was sent with a web form: accepted, held, refused, faulty, released or deleted; and why."""
        self._submissions.labels(outcome, reason).inc()

    def mail(self, outcome: str, reason: str) -> None:
        """Count what became of a mail that was handed over: accepted, repeated or refused; and why."""
        self._mails.labels(outcome, reason).inc()

    def filed(self, outcome: str, what: str) -> None:
        """Count a received mail: filed, joined, held, signal, quarantined or discarded; its nature, or why."""
        self._filed.labels(outcome, what).inc()

    def polled_mail(self, org_id: str, outcome: str) -> None:
        """Count a mail of a polled mailbox: taken, repeated or left."""
        self._polled_mails.labels(org_id, outcome).inc()

    def commit(self, wait_s: float, commit_s: float, jobs: int) -> None:
        """Note a batch that was committed. Safe in any thread."""
        self._commit_waits.observe(wait_s)
        self._commits.observe(commit_s)
        self._committed.inc(jobs)

    def fanout(self, seconds: float) -> None:
        """Note how long a signal was on its way to a socket of this process."""
        self._fanouts.observe(seconds)

    def wait(self, org_id: str, queue: str, known: QueueWait) -> None:
        """Publish what is known of a queue's waits, in the process that learns it."""
        self._wait_bound.labels(org_id, queue).set(known.newcomer_ms / 1000)
        self._wait_checked.labels(org_id, queue).set(known.checked)
        if known.inside is not None:
            self._wait_inside.labels(org_id, queue).set(known.inside)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, description: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"cordboard_{name}", description, labels, registry=self.registry)

    def _gauge(self, name: str, description: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(f"cordboard_{name}", description, labels, registry=self.registry)

    def _tally(self, name: str, description: str, labels: tuple[str, ...]) -> Tally:
        tally = Tally(f"cordboard_{name}", description, labels)
        self.registry.register(tally)
        return tally

    def _histogram(self, name: str, description: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(f"cordboard_{name}", description, labels, registry=self.registry, buckets=LATENCY_S)
