"""The collector on ops: takes the log lines and spans of all machines and keeps the latest.

Lines come to port 5140 (TCP or UDP, one JSON object each), spans to 4318 (OTLP
as JSON). Both are numbered. The gate asks for them at 4318 too.
"""

import asyncio
import collections
import glob
import json
import os
import re
import shutil
import signal
import urllib.parse

from shop import lines

FOLDER = "/var/log/shop"
FILE_LIMIT = 4 << 20
NUMBER = re.compile(r'\{"n":(\d+),')


class Files:
    """NAME.log for each service, and one older file."""

    def __init__(self):
        self.open = {}

    def write(self, name, text):
        file = self.open.get(name)
        if not file:
            file = self.open[name] = open(f"{FOLDER}/{name}.log", "a", encoding="utf-8", buffering=1)
        file.write(text)
        if file.tell() > FILE_LIMIT:
            file.close()
            os.replace(f"{FOLDER}/{name}.log", f"{FOLDER}/{name}.log.1")
            del self.open[name]


def last_number(path):
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - 20_000))
            rows = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return 0
    for row in reversed(rows):
        found = NUMBER.match(row)
        if found:
            return int(found[1])
    return 0


class Kept:
    """The latest entries with their numbers, which go on after a restart: `files` tell how far they were."""

    def __init__(self, most, files):
        self.entries = collections.deque(maxlen=most)
        self.last = max(map(last_number, files), default=0)

    def add(self, entry):
        self.last += 1
        self.entries.append((self.last, entry))
        return self.last

    def after(self, number, limit):
        """(next, dropped, entries): -1 for the latest."""
        if number < 0:
            found = list(self.entries)[-limit:] if limit else []
            return self.last, 0, found
        first = self.entries[0][0] if self.entries else self.last + 1
        skip = max(0, number + 1 - first)
        found = []
        for i in range(skip, min(skip + limit, len(self.entries))):
            found.append(self.entries[i])
        # Somebody who knows later numbers than we do has known an earlier collector.
        following = found[-1][0] if found else min(number, self.last)
        return following, max(0, first - number - 1), found


files = Files()
every = glob.glob(f"{FOLDER}/*.log")
logs = Kept(20_000, [path for path in every if not path.endswith("/spans.log")])
spans = Kept(5_000, [path for path in every if path.endswith("/spans.log")])


def take_lines(text):
    by_file = {}
    for row in text.split("\n"):
        if not row:
            continue
        found = lines.read("unknown", row[:20_000])
        service = str(found.get("service", ""))
        if not service.isascii() or not service.replace("-", "").replace("_", "").isalnum():
            service = found["service"] = "unknown"
        found.pop("n", None)
        body = lines.dump(found)
        # The number is put in front without encoding the line again.
        number = logs.add(body)
        by_file.setdefault(service[:40], []).append(f'{{"n":{number},{body[1:]}\n')
    for service, rows in by_file.items():
        files.write(service, "".join(rows))


def take_spans(body):
    def plain(value):
        for kind, v in value.items():
            return int(v) if kind == "intValue" else v

    rows = []
    for resource in body.get("resourceSpans", []):
        about = {a["key"]: plain(a["value"]) for a in resource.get("resource", {}).get("attributes", [])}
        for scope in resource.get("scopeSpans", []):
            for s in scope.get("spans", []):
                start, end = int(s["startTimeUnixNano"]), int(s["endTimeUnixNano"])
                row = {
                    "trace_id": s["traceId"], "span_id": s["spanId"], "parent_id": s.get("parentSpanId", ""),
                    "service": about.get("service.name", "unknown"), "name": s["name"], "start": start / 1e9,
                    "ms": round((end - start) / 1e6, 3), "error": s.get("status", {}).get("code") == 2,
                    "attributes": {a["key"]: plain(a["value"]) for a in s.get("attributes", [])}}
                text = lines.dump(row)
                rows.append(f'{{"n":{spans.add(text)},{text[1:]}\n')
    files.write("spans", "".join(rows))


async def on_lines(reader, writer):
    rest = b""
    while chunk := await reader.read(262_144):
        whole, _, rest = (rest + chunk).rpartition(b"\n")
        take_lines(whole.decode("utf-8", "replace"))
        rest = rest if len(rest) < 100_000 else b""
    writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def datagram_received(self, data, _from):
        take_lines(data.decode("utf-8", "replace"))


async def on_http(reader, writer):
    """As much HTTP as is needed: requests with a length, one after the other."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *headers = head.decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ", 2)
            length = next((int(h.split(":")[1]) for h in headers if h.lower().startswith("content-length:")), 0)
            body = await reader.readexactly(min(length, 4 << 20))
            status, answer = respond(method, target, body)
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                         f"Content-Length: {len(answer)}\r\n\r\n".encode() + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
        pass
    writer.close()


def respond(method, target, body):
    path, _, query = target.partition("?")
    try:
        if method == "POST" and path == "/v1/traces":
            take_spans(json.loads(body))
            return "200 OK", b"{}"
        if method == "GET" and path in ("/logs", "/spans"):
            asked = dict(urllib.parse.parse_qsl(query))
            kept, key = (logs, "lines") if path == "/logs" else (spans, "spans")
            following, dropped, found = kept.after(int(asked.get("after", -1)), int(asked.get("limit", 500)))
            rows = ",".join(f'{{"n":{n},{text[1:]}' for n, text in found)
            return "200 OK", f'{{"next":{following},"dropped":{dropped},"{key}":[{rows}]}}'.encode()
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        return "400 Bad Request", json.dumps({"error": str(e)}).encode()
    return "404 Not Found", b'{"error":"there are POST /v1/traces, GET /logs, GET /spans"}'


def bury(*_):
    """We are the first process of the shell's and the API's machines: orphans are ours."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


async def main():
    # The API runs elsewhere; a second copy of its source here would only mislead.
    shutil.rmtree("/srv/api", ignore_errors=True)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, bury)
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    await asyncio.start_server(on_lines, "", 5140, limit=1 << 20)
    await loop.create_datagram_endpoint(Datagrams, ("0.0.0.0", 5140))
    await asyncio.start_server(on_http, "", 4318)
    await end.wait()


if __name__ == "__main__":
    asyncio.run(main())
