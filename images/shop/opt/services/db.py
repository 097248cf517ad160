"""The database: PostgreSQL, and the exporter that turns its views into metrics."""

import os
import re
import signal

from shop import lines, scrape
from shop.fields import Number

from .common import Common, as_user

DATA = "/var/lib/postgresql/shop"
EXTRA = "/var/lib/shop/postgresql.conf"
BIN = "/usr/lib/postgresql/15/bin"
LINE = re.compile(r"(\d+)\|([^|]*)\|([^|]*)\|([^|]*)\|([A-Z]+\d?):\s+(.*)", re.DOTALL)
LEVELS = {"WARNING": "warn", "ERROR": "error", "FATAL": "error", "PANIC": "error"}


class Service(Common):
    name = "db"
    fields = {
        "max_connections": Number(60, 10, 500, "Sessions there may be, three of them for the administrator"),
        "statement_timeout_ms": Number(0, 0, 600000, "Statements are stopped after this; 0: never"),
        "lock_timeout_ms": Number(0, 0, 600000, "Statements that wait so long for a lock are stopped; 0: never"),
        "idle_in_transaction_timeout_ms": Number(0, 0, 600000,
                                                 "Sessions that pause so long in a transaction are ended; 0: never"),
    }
    keep = ("pg_stat_activity_", "pg_locks_count", "pg_stat_database_", "pg_up", "pg_settings_max_connections",
            "pg_postmaster_start_time", "pg_blocked", "pg_table_scans",
            "pg_index_builds")

    def __init__(self):
        # A container that was killed leaves the number of a process that is now
        # another one's, and PostgreSQL would not start. We are the first process
        # of the machine: nobody else can be running it.
        for stale in (f"{DATA}/postmaster.pid", "/var/run/postgresql/.s.PGSQL.5432.lock",
                      "/var/run/postgresql/.s.PGSQL.5432"):
            if os.path.exists(stale):
                os.unlink(stale)

    def prepare(self, config):
        with open(EXTRA, "w", encoding="ascii") as file:
            file.write(f"max_connections = {config['max_connections']}\n"
                       f"statement_timeout = {config['statement_timeout_ms']}\n"
                       f"lock_timeout = {config['lock_timeout_ms']}\n"
                       f"idle_in_transaction_session_timeout = {config['idle_in_transaction_timeout_ms']}\n")

    def programs(self):
        user = as_user("postgres")

        def database(_config):
            return [f"{BIN}/postgres", "-D", DATA], {"env": {"LANG": "C.UTF-8"}, **user}

        def exporter(_config):
            return (["prometheus-postgres-exporter", "--web.listen-address=127.0.0.1:9187",
                     "--disable-settings-metrics", "--disable-default-metrics", "--log.level=error",
                     "--no-collector.database", "--no-collector.bgwriter",
                     "--extend.query-path=/opt/shop/database/metrics.yaml"],
                    {"env": {"GOMAXPROCS": "1", "DATA_SOURCE_NAME":
                             "user=monitor host=/var/run/postgresql dbname=shop sslmode=disable"}, **user})

        # Fast: open sessions are ended, not waited for.
        return [("postgres", database, {"stop_signal": signal.SIGINT}), ("exporter", exporter, {})]

    def apply(self, old, new, programs):
        self.prepare(new)
        if old["max_connections"] != new["max_connections"]:
            return "restart"
        programs[0].send(signal.SIGHUP)
        return "live"

    def metrics(self):
        # There is one server.
        return scrape.from_http("http://127.0.0.1:9187/metrics").replace(
            ',server="/var/run/postgresql:5432"', "").replace('{server="/var/run/postgresql:5432"}', "")

    _last = None

    def line(self, text):
        """PostgreSQL's prefix taken apart; the lines of one message put together."""
        if not text:
            return self._flush()
        found = LINE.match(text)
        if not found:
            if text.startswith("\t") and self._last:
                self._last["message"] += " " + text.strip()
                return []
            return self._flush() + lines_of_others(text)
        pid, user, application, code, level, message = found.groups()
        if level in ("DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY") and self._last:
            self._last[level.lower()] = message.strip()[:400]
            return []
        out = self._flush()
        if level == "LOG" and message.startswith("duration: "):
            level = "WARNING"
        self._last = lines.line(self.name, LEVELS.get(level, "info"), message.strip(), pid=int(pid))
        for name, value in (("user", user), ("application", application), ("code", code)):
            if value and value != "00000":
                self._last[name] = value
        return out

    def _flush(self):
        last, self._last = self._last, None
        if not last:
            return []
        last["message"] = last["message"][:600]
        return [last]


def lines_of_others(text):
    return [lines.line("db", "warn" if "err" in text else "info", text.strip())] if text.strip() else []
