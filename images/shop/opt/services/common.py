"""What the services have in common; each says only what is its own."""

import pwd

from shop import lines, scrape


class Common:
    name = ""
    fields = {}
    # Who the spans in its output are of, if not the machine.
    spans_of = None
    # Families of metrics that are passed on; None: all.
    keep = None

    def prepare(self, config):
        """Writes what the service reads. Before each start and restart."""

    def check(self, config):
        """Raises Refused where fields that are each allowed do not go together."""

    def programs(self):
        """[(name, function of the configuration -> (argv, Popen's arguments), more for Program)]"""
        raise NotImplementedError

    def apply(self, old, new, programs):
        """Brings a changed configuration to the service: live, reload or restart (done by the manager)."""
        self.prepare(new)
        return "restart"

    def act(self, name, programs):
        """Something else that can be asked for, or None."""
        return None

    def metrics(self):
        return scrape.from_socket(f"/run/shop/{self.name}.sock")

    def line(self, text):
        """The log objects of one line of output."""
        return [lines.read(self.name, text)] if text else []


def as_user(name):
    """Popen's arguments for running as somebody else."""
    user = pwd.getpwnam(name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
