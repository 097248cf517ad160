"""Counters, gauges and histograms in Prometheus' text form: the little of it that is needed."""

import bisect
import os
import socket
import threading

_lock = threading.Lock()
_families = []


class Family:
    kind = "counter"

    def __init__(self, name, labels=()):
        self.name, self.labels, self.values = name, labels, {}
        _families.append(self)

    def inc(self, *labels, by=1):
        with _lock:
            self.values[labels] = self.values.get(labels, 0) + by

    def _name(self, labels, suffix="", more=""):
        inside = ",".join([f'{k}="{v}"' for k, v in zip(self.labels, labels)] + ([more] if more else []))
        return f"{self.name}{suffix}" + (f"{{{inside}}}" if inside else "")

    def rows(self):
        return [f"{self._name(labels)} {value}" for labels, value in list(self.values.items())]


class Counter(Family):
    pass


class Gauge(Family):
    """Either set, or read when somebody looks."""

    kind = "gauge"

    def __init__(self, name, labels=(), read=None):
        super().__init__(name, labels)
        self.read = read

    def set(self, value, *labels):
        self.values[labels] = value

    def rows(self):
        return [f"{self.name} {self.read()}"] if self.read else super().rows()


class Histogram(Family):
    kind = "histogram"
    BOUNDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10)

    def observe(self, value, *labels):
        with _lock:
            row = self.values.get(labels)
            if row is None:
                row = self.values[labels] = [0] * (len(self.BOUNDS) + 2)
            row[bisect.bisect_left(self.BOUNDS, value)] += 1
            row[-1] += value

    def rows(self):
        out = []
        for labels, row in list(self.values.items()):
            total = 0
            for bound, count in zip((*self.BOUNDS, "+Inf"), row):
                total += count
                out.append(f"{self._name(labels, '_bucket', f'le=' + chr(34) + str(bound) + chr(34))} {total}")
            out.append(f"{self._name(labels, '_sum')} {row[-1]:.6f}")
            out.append(f"{self._name(labels, '_count')} {total}")
        return out


def text():
    out = []
    for family in _families:
        rows = family.rows()
        if rows:
            out.append(f"# TYPE {family.name} {family.kind}")
            out += rows
    return "\n".join(out) + "\n"


def serve(path):
    """Writes the metrics to whoever connects to the socket, in a thread of its own."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)

    def run():
        while True:
            client, _ = server.accept()
            with client:
                try:
                    client.settimeout(1)
                    client.sendall(text().encode())
                except OSError:
                    pass

    threading.Thread(target=run, daemon=True, name="metrics").start()
