"""The users: a generator of requests."""

import re
import signal

from shop.fields import Number, Refused, Text

from .common import Common, as_user

MIX = re.compile(r"[a-z]+=\d{1,3}(,[a-z]+=\d{1,3})*")
PAGES = {"products", "customers", "orders", "quote"}


class Service(Common):
    name = "load"
    spans_of = "users"
    fields = {
        "rate": Number(40.0, 0.0, 400.0, "Requests a second that users begin, whatever comes of the earlier ones"),
        "timeout_ms": Number(5000, 50, 60000, "After this a user gives up"),
        "mix": Text("products=40,customers=25,orders=15,quote=20", MIX, "shares like products=40,quote=60",
                    "Which pages they want, in parts"),
        "seed": Number(0, 0, 2**31 - 1, "The same seed gives the same requests in the same order; 0: others each time"),
    }

    def check(self, config):
        shares = dict(part.split("=") for part in config["mix"].split(","))
        if not set(shares) <= PAGES or not any(int(v) for v in shares.values()):
            raise Refused(f"mix takes shares of {', '.join(sorted(PAGES))}, not all of them 0")

    def programs(self):
        def start(_config):
            return ["python3", "-u", "/opt/shop/load.py"], {
                "env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, **as_user("learner")}

        return [("load", start, {"patience": 2.0})]

    def apply(self, old, new, programs):
        programs[0].send(signal.SIGHUP)
        return "live"

    def act(self, name, programs):
        number = {"pause": signal.SIGUSR1, "resume": signal.SIGUSR2}.get(name)
        if number is None:
            return None
        programs[0].send(number)
        return {"paused": name == "pause"}
