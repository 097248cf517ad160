"""The API: gunicorn with one process and a number of threads, the "workers"."""

import re
import signal

from shop.fields import Choice, Number, Text

from .common import Common, as_user

HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")
RELEASE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){1,2}")


class Service(Common):
    name = "api"
    fields = {
        "release": Text("1.0", RELEASE, "a number like 1.0", "The release that is said to be running"),
        "workers": Number(8, 1, 64, "Requests that are worked on at the same time"),
        "work_ms": Number(20, 0, 2000, "How long each request waits for the price service, in ms"),
        "algorithm": Choice("iterative", ["iterative", "recursive"], "How /quote computes"),
        "compute_n": Number(26, 1, 40, "How much /quote has to compute"),
        "db_pool": Number(8, 1, 64, "Connections to the database that are kept and shared"),
        "db_pool_timeout_ms": Number(1000, 10, 30000, "How long a request waits for one of them"),
        "db_connection_max_age_s": Number(2, 1, 3600, "After this a connection is replaced"),
        "db_host": Text("db", HOST, "a host name", "Where the database is"),
        "db_port": Number(5432, 1, 65535, "Its port"),
    }

    def programs(self):
        def start(_config):
            return (["gunicorn", "--config", "/srv/api/gunicorn.conf.py", "app:app"],
                    {"cwd": "/srv/api", "env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                                                "HOME": "/home/learner", "PYTHONPATH": "/opt/shop:/srv/api"},
                     **as_user("learner")})

        return [("api", start, {"patience": 4.0})]

    def apply(self, old, new, programs):
        # A new worker process takes over, the old one finishes what it has begun.
        programs[0].send(signal.SIGHUP)
        return "reload"
