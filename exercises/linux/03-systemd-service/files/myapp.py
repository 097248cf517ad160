"""A small web server on port 5000. It answers every GET with one line."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 5000
ANSWER = b"Hello from myapp\n"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)


class Server(ThreadingHTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    server = Server(("127.0.0.1", PORT), Handler)
    print(f"myapp listens on port {PORT}", flush=True)
    server.serve_forever()
