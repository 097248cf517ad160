"""Scheduled work on the database: reports and migrations."""

from shop.fields import Choice, Flag, Number

from .common import Common, as_user

MIGRATIONS = ["", "gift_note", "gift_note_in_steps", "drop_unused_indexes"]


class Service(Common):
    name = "jobs"
    fields = {
        "reports": Flag(True, "Whether the sales report is made"),
        "report_every_s": Number(30.0, 0.01, 3600.0, "How often, in seconds"),
        "reports_close_sessions": Flag(True, "Whether a report closes its database session when it is done"),
        "migration": Choice("", MIGRATIONS, "A change of the database's tables, made once when it is set"),
    }

    def programs(self):
        def start(_config):
            return ["python3", "-u", "/opt/shop/jobs.py"], {
                "env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, **as_user("learner")}

        return [("jobs", start, {"patience": 3.0})]
