"""The gateway: HAProxy. What users ask for goes through it to the API."""

import json
import signal
import socket
import time

from shop import lines, scrape
from shop.fields import Flag, Number

from .common import Common

CONFIG = "/var/lib/shop/haproxy.cfg"

# `resolvers`: the API may get another address when its machine is taken off the
# network and put back. Logs are for `line` below; users mark 1 in 8 requests for
# tracing, of the others only failures are logged.
TEMPLATE = """
global
    log stdout format raw daemon
    stats socket ipv4@:9999 level admin
    maxconn 4000
    nbthread 1
    hard-stop-after 3s
    user haproxy
    group haproxy

resolvers network
    parse-resolv-conf
    resolve_retries 3
    timeout resolve 2s
    timeout retry 1s
    hold valid 2s
    hold nx 600s
    hold refused 600s
    hold timeout 600s
    hold other 600s
    hold obsolete 600s

defaults
    mode http
    log global
    option httplog
    timeout connect 2s
    timeout client 30s
    timeout http-keep-alive 60s
    timeout server {server_timeout_ms}ms
    timeout queue {queue_timeout_ms}ms
    retries {retries}
    retry-on {retry_on}

frontend users
    bind :80
    http-request set-var(txn.trace) req.hdr(traceparent)
    http-request set-var(txn.span) uuid,regsub("-","",g),bytes(0,16)
    http-request set-header traceparent 00-%[var(txn.trace),field(2,-)]-%[var(txn.span)]-%[var(txn.trace),field(4,-)] if {{ var(txn.trace) -m found }}
    http-response set-log-level silent if {{ status 200:399 }} !{{ var(txn.trace) -m end 01 }}
    log-format {log_format}
    default_backend api

backend api
    http-reuse safe
    server api api:8000 maxconn {server_maxconn} resolvers network init-addr libc,none

frontend metrics
    bind :8405
    option dontlog-normal
    http-request use-service prometheus-exporter if {{ path /metrics }}
"""

# Times in ms: waited in the queue, until connected, until the API answered, in all.
NAMES = ["trace", "span", "status", "method", "path", "queue_ms", "connect_ms", "response_ms",
         "total_ms", "retries", "ended", "queue_length", "accepted", "handshake_ms", "idle_ms"]
FORMAT = ("@ %[var(txn.trace)] %[var(txn.span)] %ST %HM %HP %Tw %Tc %Tr %Ta %rc %tsc %bq %Ts.%ms %Th %Ti")

# Why HAProxy gave up, of the two letters it logs.
ENDS = {"sQ": "waited too long in the queue", "sH": "the API did not answer in time",
        "sC": "the API could not be reached", "SC": "the API refused the connection",
        "SH": "the API broke off", "CH": "the user gave up", "CQ": "the user gave up waiting in the queue",
        "CD": "the user gave up", "cD": "the user gave up"}


class Service(Common):
    name = "gateway"
    fields = {
        "server_maxconn": Number(64, 1, 2000, "Requests that may be at the API at the same time; more of them queue"),
        "retries": Number(0, 0, 10, "How often a failed request is tried again"),
        "retry_on_timeout": Flag(False, "Whether an API that does not answer in time is asked again too"),
        "server_timeout_ms": Number(5000, 50, 60000, "How long the API may take to answer"),
        "queue_timeout_ms": Number(5000, 50, 60000, "How long a request may queue"),
    }
    keep = tuple(f"haproxy_{name}" for name in (
        "frontend_current_sessions", "frontend_http_requests_total",
        "backend_current_queue", "backend_current_sessions", "backend_http_requests_total",
        "backend_http_responses_total", "backend_connection_errors_total", "backend_response_errors_total",
        "backend_retry_warnings_total", "backend_client_aborts_total", "backend_queue_time_average_seconds",
        "backend_response_time_average_seconds", "backend_total_time_average_seconds",
        "server_current_queue", "server_current_sessions", "server_limit_sessions", "server_queue_limit"))

    def prepare(self, config):
        retry_on = "conn-failure empty-response response-timeout" if config["retry_on_timeout"] else "conn-failure"
        with open(CONFIG, "w", encoding="utf-8") as file:
            file.write(TEMPLATE.format(**config, retry_on=retry_on, log_format=json.dumps(FORMAT)))

    def programs(self):
        return [("haproxy", lambda _config: (["haproxy", "-W", "-f", CONFIG], {}), {"patience": 3.0})]

    def apply(self, old, new, programs):
        self.prepare(new)
        if {n for n in new if new[n] != old[n]} == {"server_maxconn"}:
            with socket.create_connection(("127.0.0.1", 9999), timeout=2) as s:
                s.sendall(f"set maxconn server api/api {new['server_maxconn']}\n".encode())
                s.recv(4096)
            return "live"
        programs[0].send(signal.SIGUSR2)
        return "reload"

    def metrics(self):
        return scrape.from_http("http://127.0.0.1:8405/metrics?scope=backend&scope=server&scope=frontend&no-maint")

    def line(self, text):
        if not text.startswith("@ "):
            return self._own(text)
        found = dict(zip(NAMES, text[2:].split(" ")))
        try:
            return list(self._request(found))
        except (KeyError, ValueError):
            return [lines.line(self.name, "warn", text)]

    def _own(self, text):
        """What HAProxy says about itself."""
        if not text.strip():
            return []
        level = "error" if "ALERT" in text else "warn" if "WARNING" in text else "info"
        return [lines.line(self.name, level, text.strip())]

    def _request(self, f):
        status, total = int(f["status"]), int(f["total_ms"])
        # A user who gave up leaves no status.
        failed = status >= 500 or status < 100
        waited = max(int(f["queue_ms"]), 0)
        name = f"{f['method']} {f['path']}"
        parts = f["trace"].split("-")
        trace = parts[1] if len(parts) == 4 else ""
        more = {"status": status, "ms": total, "queue_ms": waited, "response_ms": int(f["response_ms"]),
                "retries": int(f["retries"].lstrip("+")), "queue_length": int(f["queue_length"])}
        if trace:
            more["trace_id"] = trace
        why = ENDS.get(f["ended"][:2])
        message = f"{name} {status}" + (f": {why}" if why else "")
        yield lines.line(self.name, "error" if failed else "info", message, **more)
        if not trace or not (parts[3] == "01" or self._may_trace()):
            return
        # A connection that is kept open counts from when it was free again.
        idle = max(int(f["handshake_ms"]), 0) + max(int(f["idle_ms"]), 0)
        began = float(f["accepted"]) + idle / 1000
        yield {"span": {"trace_id": trace, "span_id": f["span"], "parent_id": parts[2], "name": name, "kind": 2,
                        "start": began, "ms": total, "error": failed,
                        "attributes": {"http.status_code": status, "retries": more["retries"]}}}
        if waited > 0:
            yield {"span": {"trace_id": trace, "span_id": f["span"][::-1], "parent_id": f["span"],
                            "name": "wait in the queue for the API", "start": began, "ms": waited}}

    # Failures come in floods; a few of them a second are enough to look at.
    _second, _count = 0, 0

    def _may_trace(self):
        second = int(time.time())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count <= 5
