"""Brings log lines and spans to the collector on ops.

What cannot be brought waits, up to a limit; the oldest is lost first. A service
never waits for the collector.
"""

import collections
import http.client
import json
import socket
import threading
import time

from . import lines

# Lines come in bursts; one write every so often costs less than one each.
PATIENCE = 0.25


class Forwarder(threading.Thread):
    def __init__(self, service, spans_of, host="ops"):
        super().__init__(daemon=True, name="forward")
        self.service, self.spans_of, self.host = service, spans_of, host
        self.lines = collections.deque(maxlen=2000)
        self.spans = collections.deque(maxlen=500)
        self.something = threading.Event()
        self.socket = self.http = None

    def log(self, level, message, **more):
        self.put(lines.line(self.service, level, message, **more))

    def put(self, object_):
        """Takes a log line, or a span as services write it: {"span": {...}}."""
        if "span" in object_:
            self.spans.append(object_["span"])
        else:
            self.lines.append(object_)
        self.something.set()

    def run(self):
        while True:
            self.something.wait()
            time.sleep(PATIENCE)
            self.something.clear()
            try:
                self._bring_lines()
                self._bring_spans()
            except (OSError, http.client.HTTPException):
                self._forget()
                time.sleep(1)
                self.something.set()

    def _forget(self):
        for connection in (self.socket, self.http):
            if connection:
                connection.close()
        self.socket = self.http = None

    def _bring_lines(self):
        if not self.lines:
            return
        if not self.socket:
            self.socket = socket.create_connection((self.host, 5140), timeout=3)
        batch = []
        while self.lines and len(batch) < 500:
            batch.append(self.lines.popleft())
        text = "".join(lines.dump(one) + "\n" for one in batch)
        try:
            self.socket.sendall(text.encode())
        except OSError:
            self.lines.extendleft(reversed(batch))
            raise

    def _bring_spans(self):
        if not self.spans:
            return
        if not self.http:
            self.http = http.client.HTTPConnection(self.host, 4318, timeout=3)
        batch = []
        while self.spans and len(batch) < 200:
            batch.append(self.spans.popleft())
        self.http.request("POST", "/v1/traces", json.dumps(otlp(self.spans_of, batch)),
                          {"Content-Type": "application/json"})
        self.http.getresponse().read()


def otlp(service, spans):
    """Spans in the JSON form of the OpenTelemetry protocol."""
    def value(v):
        if isinstance(v, bool):
            return {"boolValue": v}
        if isinstance(v, int):
            return {"intValue": str(v)}
        if isinstance(v, float):
            return {"doubleValue": v}
        return {"stringValue": str(v)}

    def attributes(of):
        return [{"key": k, "value": value(v)} for k, v in of.items()]

    def one(s):
        start = int(s["start"] * 1e9)
        return {"traceId": s["trace_id"], "spanId": s["span_id"], "parentSpanId": s.get("parent_id", ""),
                "name": s["name"], "kind": s.get("kind", 1), "startTimeUnixNano": str(start),
                "endTimeUnixNano": str(start + int(s["ms"] * 1e6)),
                "status": {"code": 2 if s.get("error") else 1},
                "attributes": attributes(s.get("attributes", {}))}

    return {"resourceSpans": [{
        "resource": {"attributes": attributes({"service.name": service})},
        "scopeSpans": [{"scope": {"name": "shop"}, "spans": [one(s) for s in spans]}]}]}
