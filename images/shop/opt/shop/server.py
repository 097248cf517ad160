"""The manager's port: configuration, health, metrics. It answers when the service does not."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .fields import Refused

PORT = 9000
LIMIT = 65536


def serve(manager):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def setup(self):
            super().setup()
            # Headers and body go out together, not each after a round trip.
            self.wfile = self.connection.makefile("wb", 16384)

        def log_message(self, *_):
            pass

        def answer(self, status, body, kind="application/json"):
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()

        def body(self):
            """The object that was sent, and who says to have sent it."""
            length = int(self.headers.get("Content-Length") or 0)
            if length > LIMIT:
                raise Refused("that is too long")
            raw = self.rfile.read(length).strip()
            try:
                found = json.loads(raw) if raw else {}
            except ValueError as e:
                raise Refused(f"the body is not JSON: {e}") from None
            if not isinstance(found, dict):
                raise Refused("the body must be a JSON object")
            by = found.pop("by", None) or self.headers.get("X-By") or "unknown"
            return found, str(by)[:60]

        def do(self, action):
            try:
                self.answer(*action())
            except Refused as e:
                self.answer(422, {"error": str(e)})
            except Exception as e:  # whatever it is, the port must go on answering
                self.answer(500, {"error": f"{type(e).__name__}: {e}"})

        def do_GET(self):
            path = self.path.partition("?")[0]
            if path == "/config":
                self.do(lambda: (200, manager.describe()))
            elif path == "/health":
                self.do(lambda: (200, manager.health()))
            elif path == "/metrics":
                self.do(lambda: (200, manager.metrics(), "text/plain; version=0.0.4"))
            else:
                self.answer(404, {"error": "there are /config, /health, /metrics, /restart"})

        def _change(self, whole):
            def action():
                values, by = self.body()
                return 200, manager.change(values, by, whole)
            if self.path.partition("?")[0] == "/config":
                self.do(action)
            else:
                self.answer(404, {"error": "only /config can be changed"})

        def do_PUT(self):
            self._change(whole=True)

        def do_DELETE(self):
            def action():
                _, by = self.body()
                return 200, manager.change({}, by, whole=True)
            self.do(action)

        def do_POST(self):
            path = self.path.partition("?")[0]
            if path == "/config":
                self._change(whole=False)
                return

            def action():
                _, by = self.body()
                return 200, manager.act(path.strip("/"), by)
            self.do(action)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    # None: asleep until somebody comes. The usual half a second would be a busy timer.
    Server(("", PORT), Handler).serve_forever(poll_interval=None)
