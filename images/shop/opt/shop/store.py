"""A machine's configuration on disk. It outlives the container's stops."""

import json
import os

from . import fields as f

PATH = "/var/lib/shop/config.json"


class Store:
    def __init__(self, fields, path=PATH):
        self.fields, self.path = fields, path
        self.version, self.by, self.config = 1, None, f.defaults(fields)
        self._load()

    def _load(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                kept = json.load(file)
            self.config.update(f.check_all(self.fields, kept["config"]))
            self.version, self.by = int(kept["version"]), kept.get("by")
        except FileNotFoundError:
            self.save(self.version, self.config, self.by)
        except (ValueError, KeyError, f.Refused):
            # Unreadable, or of another release: the defaults are a place to start from.
            self.save(self.version, self.config, self.by)

    def save(self, version, config, by):
        """Written beside and renamed: a kill leaves the old file or the new one."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        beside = self.path + ".new"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump({"version": version, "by": by, "config": config}, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)
        self.version, self.by, self.config = version, by, config


def read(path=PATH):
    """For the services themselves: what their manager has written."""
    with open(path, encoding="utf-8") as file:
        kept = json.load(file)
    return kept["version"], kept["config"]
