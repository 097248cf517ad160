"""The one form of log lines: a JSON object with time, service, level, message."""

import json
import time


def now():
    t = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03dZ" % (t % 1 * 1000)


def line(service, level, message, **more):
    return {"time": now(), "service": service, "level": level, "message": message, **more}


def dump(object_):
    return json.dumps(object_, ensure_ascii=False, separators=(",", ":"), default=str)


def read(service, text):
    """A service's output line as such an object, whatever it was."""
    if text.startswith("{"):
        try:
            found = json.loads(text)
            if isinstance(found, dict):
                return found
        except ValueError:
            pass
    return line(service, "info", text)
