"""Prometheus: asks every manager for its metrics and keeps them for an hour."""

import signal

from shop import lines, scrape
from shop.fields import Number

from .common import Common, as_user

CONFIG = "/var/lib/shop/prometheus.yml"
TARGETS = ["gateway", "api", "db", "jobs", "load", "prometheus"]


class Service(Common):
    name = "prometheus"
    fields = {"scrape_interval_s": Number(2, 1, 30, "How often every part is asked for its metrics")}
    keep = ("prometheus_tsdb_head_series", "prometheus_tsdb_head_samples_appended_total",
            "prometheus_target_scrape_pool_targets", "prometheus_engine_queries ")

    def prepare(self, config):
        every = config["scrape_interval_s"]
        with open(CONFIG, "w", encoding="ascii") as file:
            file.write(f"global: {{scrape_interval: {every}s, scrape_timeout: {min(every, 2)}s}}\nscrape_configs:\n")
            for name in TARGETS:
                file.write(f"  - job_name: {name}\n"
                           f"    static_configs: [{{targets: ['{name}:9000'], labels: {{instance: {name}}}}}]\n")

    def programs(self):
        def start(config):
            # A value counts for three scrapes. The usual five minutes would show a part
            # that is silent as one that is well.
            lookback = max(6, 3 * config["scrape_interval_s"])
            return ["prometheus", f"--config.file={CONFIG}", "--storage.tsdb.path=/var/lib/prometheus",
                    "--storage.tsdb.retention.time=2h", f"--query.lookback-delta={lookback}s",
                    "--query.timeout=5s", "--query.max-concurrency=8", "--log.level=warn",
                    "--web.listen-address=:9090"], {
                        "env": {"GOMAXPROCS": "2", "GOGC": "50", "HOME": "/var/lib/prometheus"},
                        "cwd": "/var/lib/prometheus", **as_user("prometheus")}

        return [("prometheus", start, {"stop_signal": signal.SIGTERM})]

    def metrics(self):
        return scrape.from_http("http://127.0.0.1:9090/metrics")

    def line(self, text):
        if not text:
            return []
        level = "error" if "level=error" in text else "warn" if "level=warn" in text else "info"
        return [lines.line(self.name, level, text)]
