"""The manager of a machine: `manage.py NAME`, the machine's first process.

It starts the service and keeps it running, holds its configuration, brings its
logs to the collector and answers on port 9000, also while the service cannot.
"""

import importlib
import os
import sys
import threading

from shop import cgroup, fields, lines, process, scrape, server
from shop.forward import Forwarder
from shop.program import Program
from shop.store import Store
from shop.supervisor import Supervisor


class Manager:
    def __init__(self, service):
        self.service = service
        self.forwarder = Forwarder(service.name, service.spans_of or service.name)
        self.store = Store(service.fields)
        self.changing = threading.Lock()
        # Those that somebody asked for, not those after a program died.
        self.restarts_asked = 0
        service.prepare(self.store.config)
        self.programs = [
            Program(name, lambda start=start: start(self.store.config), self._line, **how)
            for name, start, how in service.programs()
        ]
        self.main = self.programs[0]
        self.supervisor = Supervisor(self.programs, self.forwarder.log)

    def run(self):
        self.forwarder.start()
        threading.Thread(target=server.serve, args=(self,), daemon=True, name="port").start()
        self.forwarder.log("info", f"{self.service.name} starts", version=self.store.version)
        self.supervisor.run()

    def _line(self, text):
        for found in self.service.line(text):
            self.forwarder.put(found)

    # What the port asks for.

    def describe(self):
        return {"version": self.store.version, "by": self.store.by, "config": self.store.config,
                "defaults": fields.defaults(self.service.fields),
                "fields": {n: f.describe() for n, f in self.service.fields.items()}}

    def health(self):
        pid = self.main.pid
        return {"running": pid is not None, "pid": pid, "restarts": self.main.restarts,
                "since": self.main.since}

    def metrics(self):
        try:
            own = self.service.metrics()
            up = 1
        except scrape.FAILURES:
            own, up = "", 0
        values = {
            "shop_config_version": ("gauge", self.store.version),
            "shop_service_up": ("gauge", up if self.main.pid else 0),
            "shop_service_restarts_total": ("counter", self.main.restarts),
            "shop_service_restarts_asked_total": ("counter", self.restarts_asked),
            "shop_service_start_time_seconds": ("gauge", self.main.since),
            **cgroup.usage(), **process.usage(self.main.pid),
        }
        return scrape.relabel(own, self.store.version, self.service.keep) + scrape.relabel(
            scrape.render(values) + self._config_values(), self.store.version)

    def _config_values(self):
        """The configuration, so that queries can ask for it: numbers and flags, and what was chosen."""
        config = self.store.config.items()
        numbers = [f'shop_config_value{{field="{n}"}} {float(v):g}\n'
                   for n, v in config if isinstance(v, (int, float))]
        choices = [f'shop_config_choice{{field="{n}",value="{v}"}} 1\n'
                   for n, v in config if isinstance(self.service.fields[n], fields.Choice)]
        return ("# TYPE shop_config_value gauge\n" + "".join(numbers)
                + "# TYPE shop_config_choice gauge\n" + "".join(choices))

    def change(self, values, by, whole):
        """A new configuration: written down first, then brought to the service."""
        values = fields.check_all(self.service.fields, values)
        with self.changing:
            old = self.store.config
            new = {**(fields.defaults(self.service.fields) if whole else old), **values}
            self.service.check(new)
            changes = {n: v for n, v in new.items() if v != old[n]}
            if not changes:
                return {"version": self.store.version, "applied": "live"}
            version = self.store.version + 1
            self.store.save(version, new, by)
            words = " ".join(f"{n}={lines.dump(v)}" for n, v in changes.items())
            self.forwarder.log("info", f"config changed version={version} by={by} changes={words}",
                               event="config", version=version, by=by, changes=changes)
            applied = self.service.apply(old, new, self.programs)
        if applied == "restart":
            # Not waited for: the answer must come while the service takes its time to end.
            threading.Thread(target=self._restart, daemon=True).start()
        return {"version": version, "applied": applied}

    def act(self, name, by):
        if name == "restart":
            self.restarts_asked += 1
            self.forwarder.log("warn", f"restart by={by}", event="restart", by=by)
            threading.Thread(target=self._restart, daemon=True).start()
            return {"restarting": True}
        found = self.service.act(name, self.programs)
        if found is None:
            raise fields.Refused(f"there is nothing called {name} to be done here")
        self.forwarder.log("info", f"{name} by={by}", event=name, by=by)
        return found

    def _restart(self):
        with self.changing:
            self.service.prepare(self.store.config)
            self.main.stop()
            # The next change waits until there is something to be told about it.
            self.main.up.wait(5)


def main():
    name = sys.argv[1]
    os.umask(0o022)
    os.makedirs("/run/shop", exist_ok=True)
    service = importlib.import_module(f"services.{name}").Service()
    Manager(service).run()


if __name__ == "__main__":
    main()
