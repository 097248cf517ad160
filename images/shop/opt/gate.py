"""The gate: questions about the system on stdin, answers on stdout, one JSON object a line.

Each question is answered by a thread of its own, so a slow part delays nobody.
"""

import http.client
import json
import sys
import threading
import time
import urllib.parse

PROMETHEUS = ("prometheus", 9090)
PATIENCE = 3.0
BODY_LIMIT = 65536
_writing = threading.Lock()


class Prometheus:
    """One connection for the queries of one question. The first failure answers for all."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(*PROMETHEUS, timeout=PATIENCE)
        self.failed = None

    def get(self, path, **arguments):
        if self.failed:
            raise OSError(self.failed)
        query = urllib.parse.urlencode({k: v for k, v in arguments.items() if v is not None})
        try:
            self.connection.request("GET", f"{path}?{query}" if query else path)
            text = self.connection.getresponse().read()
        except (OSError, http.client.HTTPException) as e:
            self.failed = f"prometheus cannot be reached: {e or type(e).__name__}"
            raise OSError(self.failed) from e
        try:
            found = json.loads(text)
        except ValueError:
            # What it says while it starts is no JSON.
            self.failed = "prometheus cannot be reached: it is not ready yet"
            raise OSError(self.failed) from None
        if found.get("status") != "success":
            raise ValueError(found.get("error", "prometheus did not say why"))
        return found["data"]


def told(action):
    try:
        return action()
    except (OSError, ValueError, KeyError) as e:
        return {"error": str(e)}


def result(data):
    """Scalars and strings are vectors of one."""
    if data["resultType"] in ("scalar", "string"):
        return {"result": [{"metric": {}, "value": data["result"]}]}
    return {"result": data["result"]}


def collector(path, asked):
    connection = http.client.HTTPConnection("127.0.0.1", 4318, timeout=PATIENCE)
    connection.request("GET", f"{path}?after={int(asked.get('after', -1))}&limit={int(asked.get('limit', 500))}")
    return json.loads(connection.getresponse().read())


def ask(r):
    """One request to a part of the system."""
    began = time.monotonic()
    try:
        parts = urllib.parse.urlsplit(r["url"])
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError("only http:// addresses can be asked")
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80,
                                                timeout=patience(r))
        headers = dict(r.get("headers") or {})
        body = r.get("body")
        if body and not any(k.lower() == "content-type" for k in headers):
            headers["Content-Type"] = "application/json"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(r.get("method", "GET"), target, body.encode() if body else None, headers)
        answer = connection.getresponse()
        text = answer.read(BODY_LIMIT).decode("utf-8", "replace")
        reply = {"status": answer.status, "headers": dict(answer.getheaders()), "body": text}
        connection.close()
    except (OSError, http.client.HTTPException, ValueError, KeyError) as e:
        reply = {"error": str(e) or type(e).__name__}
    reply["ms"] = round((time.monotonic() - began) * 1000, 1)
    return reply


def patience(r):
    """How long a request may take, in seconds."""
    try:
        return min(max(float(r.get("timeout", PATIENCE)), 0.1), 30)
    except (TypeError, ValueError, AttributeError):
        return PATIENCE


def ask_all(requests):
    """All at the same time, the answers in their order."""
    out = [None] * len(requests)

    def one(i):
        out[i] = ask(requests[i])

    began = time.monotonic()
    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(len(requests))]
    for thread in threads:
        thread.start()
    for i, thread in enumerate(threads):
        # Looking up a name has no time limit of its own.
        thread.join(max(0.0, began + patience(requests[i]) + 0.2 - time.monotonic()))
    ms = round((time.monotonic() - began) * 1000, 1)
    return [found or {"error": "no answer in time", "ms": ms} for found in out]


def answer(q):
    out = {"id": q.get("id", 0), "now": time.time()}
    prometheus = Prometheus()
    if q.get("instant"):
        out["instant"] = [told(lambda i=i: result(prometheus.get(
            "/api/v1/query", query=i["query"], time=i.get("time")))) for i in q["instant"]]
    if q.get("range"):
        out["range"] = [told(lambda r=r: result(prometheus.get(
            "/api/v1/query_range", query=r["query"], start=r["start"], end=r["end"], step=r["step"])))
            for r in q["range"]]
    if q.get("raw"):
        out["raw"] = [told(lambda r=r: {"result": prometheus.get(r["path"])}) for r in q["raw"]]
    prometheus.connection.close()
    if q.get("logs"):
        out["logs"] = collector("/logs", q["logs"])
    if q.get("spans"):
        out["spans"] = collector("/spans", q["spans"])
    if q.get("http"):
        out["http"] = ask_all(q["http"])
    return out


def one(text):
    try:
        q = json.loads(text)
        if not isinstance(q, dict):
            raise ValueError("a question is a JSON object")
    except ValueError as e:
        q, out = {}, {"id": 0, "now": time.time(), "error": str(e)}
    else:
        try:
            out = answer(q)
        except Exception as e:  # a question must not end the gate
            out = {"id": q.get("id", 0), "now": time.time(), "error": f"{type(e).__name__}: {e}"}
    data = json.dumps(out, separators=(",", ":"), ensure_ascii=False) + "\n"
    with _writing:
        sys.stdout.write(data)
        sys.stdout.flush()


def main():
    while text := sys.stdin.readline(1 << 20):
        if text.strip():
            threading.Thread(target=one, args=(text,), daemon=True).start()
    # Nobody asks any more; those that were asked are answered.
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(PATIENCE)


if __name__ == "__main__":
    main()
