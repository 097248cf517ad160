"""What every request of the API goes through: measuring, logging, tracing, the database pool."""

import contextlib
import queue
import random
import threading
import time

import psycopg2
from flask import g, jsonify, request

from shop import lines, metrics, store

_, config = store.read()

requests_total = metrics.Counter("api_requests_total", ("endpoint", "status"))
duration = metrics.Histogram("api_request_duration_seconds", ("endpoint",))
busy = metrics.Gauge("api_workers_busy", read=lambda: _busy[0])
metrics.Gauge("api_workers_max").set(config["workers"])
in_use = metrics.Gauge("api_db_pool_in_use", read=lambda: config["db_pool"] - _pool.free() if _pool else 0)
metrics.Gauge("api_db_pool_size").set(config["db_pool"])
db_errors = metrics.Counter("api_db_errors_total", ("kind",))
db_duration = metrics.Histogram("api_db_query_duration_seconds", ())
info = metrics.Gauge("api_info", ("release", "algorithm"))
info.set(1, config["release"], config["algorithm"])
# Counters that stand at 0 instead of being absent.
for _kind in ("pool_timeout", "connect", "query"):
    db_errors.inc(_kind, by=0)

_busy = [0]
_busy_lock = threading.Lock()
_pool = None
SLOW = 1.0


def observe(app):
    """Measures, logs and traces every request of the app."""
    metrics.serve("/run/shop/api.sock")
    inner = app.wsgi_app

    def counted(environ, start_response):
        with _busy_lock:
            _busy[0] += 1
        try:
            return inner(environ, start_response)
        finally:
            with _busy_lock:
                _busy[0] -= 1

    app.wsgi_app = counted

    @app.before_request
    def begin():
        g.began, g.at, g.spans, g.why = time.perf_counter(), time.time(), [], None
        parts = request.headers.get("traceparent", "").split("-")
        whole = len(parts) == 4
        g.trace = parts[1] if whole else ""
        g.parent = parts[2] if whole else ""
        g.traced = whole and parts[3] == "01"
        g.span = f"{random.getrandbits(64):016x}"

    @app.after_request
    def end(response):
        took = time.perf_counter() - g.began
        endpoint = (request.url_rule.rule if request.url_rule else "other").replace("<int:number>", "ID")
        requests_total.inc(endpoint, response.status_code)
        duration.observe(took, endpoint)
        failed = response.status_code >= 500
        name = f"{request.method} {request.path}"
        if failed or g.traced or took > SLOW:
            more = {"error": g.why} if g.why else {}
            print(lines.dump(lines.line("api", "error" if failed else "info", f"{name} {response.status_code}",
                                        ms=round(took * 1000), trace_id=g.trace, **more)), flush=True)
        if g.trace and (g.traced or ((failed or took > SLOW) and _may_trace())):
            _tell(name, took, failed, response.status_code)
        return response

    @app.errorhandler(DatabaseProblem)
    def problem(e):
        g.why = str(e)
        return jsonify(error=e.for_users), 503

    @app.errorhandler(OSError)
    def system_problem(e):
        g.why = str(e)
        return jsonify(error="the order could not be kept"), 503

    @app.errorhandler(KeyError)
    def incomplete(e):
        return jsonify(error=f"{e} is missing"), 400


# Failures come in floods; a few of them a second are enough to look at.
_told = [0, 0]


def _may_trace():
    second = int(time.time())
    if _told[0] != second:
        _told[:] = [second, 0]
    _told[1] += 1
    return _told[1] <= 5


def _tell(name, took, failed, status):
    spans = [dict(span_id=g.span, parent_id=g.parent, name=name, kind=2, start=g.at, ms=took * 1000, error=failed,
                  attributes={"http.status_code": status, "release": config["release"]})]
    spans += [dict(s, parent_id=g.span) for s in g.spans]
    text = "".join(lines.dump({"span": {"trace_id": g.trace, **s}}) + "\n" for s in spans)
    print(text, end="", flush=True)


@contextlib.contextmanager
def span(name, **attributes):
    """A part of the request that is shown on its own in its trace."""
    at, began, error = time.time(), time.perf_counter(), True
    try:
        yield
        error = False
    finally:
        g.spans.append(dict(span_id=f"{random.getrandbits(64):016x}", name=name, start=at, error=error,
                            ms=(time.perf_counter() - began) * 1000, attributes=attributes))


class DatabaseProblem(Exception):
    def __init__(self, text, for_users):
        super().__init__(text)
        self.for_users = for_users


class Pool:
    """A number of places for connections. Whoever finds none free waits, and not for ever."""

    def __init__(self, settings):
        global _pool
        self.settings = settings
        # The one that was used last is used next; a place holds (connection or None, when made).
        self.places = queue.LifoQueue()
        for _ in range(settings["db_pool"]):
            self.places.put((None, 0.0))
        _pool = self

    def free(self):
        return self.places.qsize()

    def query(self, name, statement, *arguments):
        place = self._take()
        connection = place[0]
        try:
            if connection is None:
                connection, since = self._connect(), time.monotonic()
                place = (connection, since)
            with span(f"db: {name}", **{"db.statement": statement}):
                began = time.perf_counter()
                with connection.cursor() as cursor:
                    cursor.execute(statement, arguments)
                    rows = cursor.fetchall()
                db_duration.observe(time.perf_counter() - began)
            return rows
        except psycopg2.Error as e:
            if connection is not None:
                connection.close()
                db_errors.inc("query")
            place = (None, 0.0)
            raise DatabaseProblem(f"{name}: {str(e).strip()}", "the database did not answer") from e
        finally:
            self._give_back(place)

    def _take(self):
        try:
            place = self.places.get_nowait()
        except queue.Empty:
            with span("wait for a database connection"):
                try:
                    place = self.places.get(timeout=self.settings["db_pool_timeout_ms"] / 1000)
                except queue.Empty:
                    place = None
            if place is None:
                db_errors.inc("pool_timeout")
                raise DatabaseProblem(f"no free connection within {self.settings['db_pool_timeout_ms']} ms:"
                                      f" all {self.settings['db_pool']} are in use", "busy") from None
        return place

    def _give_back(self, place):
        """Old connections are closed; who needs the place next makes a new one."""
        connection, since = place
        if connection is not None and time.monotonic() - since > self.settings["db_connection_max_age_s"]:
            connection.close()
            place = (None, 0.0)
        self.places.put(place)

    def _connect(self):
        with span("connect to the database"):
            try:
                connection = psycopg2.connect(
                    host=self.settings["db_host"], port=self.settings["db_port"], dbname="shop", user="shop_app",
                    application_name="api", connect_timeout=3)
            except psycopg2.Error as e:
                db_errors.inc("connect")
                raise DatabaseProblem(f"cannot connect: {str(e).strip()}", "the database is not there") from e
        connection.autocommit = True
        return connection
