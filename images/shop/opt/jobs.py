"""The scheduled jobs of the shop: a report every so often, and one migration if it is set."""

import signal
import sys
import threading
import time

import psycopg2

from shop import lines, metrics, store

reports = metrics.Counter("jobs_reports_total", ("outcome",))
sessions = metrics.Gauge("jobs_open_sessions")
running = metrics.Gauge("jobs_migration_running", ("migration",))

REPORT = """SELECT count(*), coalesce(sum(total), 0) FROM orders
WHERE created_at > now() - interval '1 day'"""


def say(level, message, **more):
    print(lines.dump(lines.line("jobs", level, message, **more)), flush=True)


_complained = [0.0]


def complain(message):
    """Not more than once a second: the same is tried again and again."""
    if time.monotonic() - _complained[0] > 1:
        _complained[0] = time.monotonic()
        say("error", message)


def connect(role):
    return psycopg2.connect(host="db", dbname="shop", user=role, connect_timeout=5,
                            application_name=f"jobs {role}")


def report(config, left_open):
    began = time.monotonic()
    connection = None
    try:
        connection = connect("reports")
        with connection.cursor() as cursor:
            cursor.execute(REPORT)
            count, total = cursor.fetchone()
        connection.commit()
    except psycopg2.Error as e:
        reports.inc("error")
        complain(f"report failed: {str(e).strip()}")
        if connection:
            connection.close()
        return False
    reports.inc("ok")
    say("info", f"report: {count} orders worth {total} in a day", ms=round((time.monotonic() - began) * 1000))
    if config["reports_close_sessions"]:
        connection.close()
    else:
        # Kept "for the next report", which opens another one.
        left_open.append(connection)
    return True


def run_reports(config):
    left_open = []
    sessions.set(0)
    while True:
        if not report(config, left_open):
            # Perhaps somebody has ended those that were open: they are not ours any more.
            left_open = [c for c in left_open if not ended(c)]
        sessions.set(len(left_open))
        time.sleep(config["report_every_s"])


def ended(connection):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.commit()
    except psycopg2.Error:
        return True
    return False


def migrate(name):
    running.set(1, name)
    say("warn", f"migration {name} begins", event="migration", migration=name)
    began = time.monotonic()
    try:
        MIGRATIONS[name](connect("migrations"))
    except psycopg2.Error as e:
        say("error", f"migration {name} failed and is not tried again: {str(e).strip()}")
    else:
        say("warn", f"migration {name} is done", seconds=round(time.monotonic() - began))
    running.set(0, name)


def gift_note(connection):
    """All at once: the new column and its value in every row, in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS gift_note text NOT NULL DEFAULT ''")
        say("warn", "migration gift_note: column added, filling 300,000 rows in the same transaction")
        for first in range(0, 300000, 100):
            cursor.execute("UPDATE orders SET gift_note = 'none' WHERE id > %s AND id <= %s", (first, first + 100))
            # It shares the database with the users and takes its time.
            time.sleep(1)
    connection.commit()


def gift_note_in_steps(connection):
    """The same for a shop that is open: short transactions, and no waiting for the lock with everybody behind."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
        for attempt in range(30):
            try:
                cursor.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS gift_note text NOT NULL DEFAULT ''")
                break
            except psycopg2.errors.LockNotAvailable:
                say("info", f"migration gift_note_in_steps: the table is busy, attempt {attempt + 1}")
                time.sleep(1)
        for first in range(0, 2000, 100):
            cursor.execute("UPDATE orders SET gift_note = 'none' WHERE id > %s AND id <= %s", (first, first + 100))
            time.sleep(0.2)


def drop_unused_indexes(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '3s'")
        cursor.execute("DROP INDEX IF EXISTS orders_customer_id_idx")
    say("warn", "migration drop_unused_indexes: dropped orders_customer_id_idx, 2 MB freed")


MIGRATIONS = {"gift_note": gift_note, "gift_note_in_steps": gift_note_in_steps,
              "drop_unused_indexes": drop_unused_indexes}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _, config = store.read()
    metrics.serve("/run/shop/jobs.sock")
    if config["migration"]:
        threading.Thread(target=migrate, args=(config["migration"],), daemon=True).start()
    if config["reports"]:
        run_reports(config)
    signal.pause()


if __name__ == "__main__":
    main()
