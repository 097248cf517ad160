# Writes five small programs and starts them as learner, each in a session of
# its own so that it outlives this script. Run once by sh as root.
set -eu
bin=/usr/local/bin

cat > $bin/squall <<'PROGRAM'
#!/usr/bin/python3
"""Keeps the processor busy. When asked to end, it closes its book first."""
import signal, sys, time

BOOK = "/var/lib/squall/book"


def write(text):
    with open(BOOK, "w") as book:
        book.write(text + "\n")


def close(signum, frame):
    write("closed")
    sys.exit(0)


signal.signal(signal.SIGTERM, close)
signal.signal(signal.SIGINT, close)
write("open")
while True:
    end = time.monotonic() + 0.08
    while time.monotonic() < end:
        pass
    time.sleep(0.12)
PROGRAM

cat > $bin/barnacle <<'PROGRAM'
#!/usr/bin/python3
"""Holds berth 7. It ignores every request to leave."""
import signal

for request in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(request, signal.SIG_IGN)
while True:
    signal.pause()
PROGRAM

cat > $bin/skiff <<'PROGRAM'
#!/bin/sh
# A short trip.
exit 0
PROGRAM

cat > $bin/tender <<'PROGRAM'
#!/usr/bin/python3
"""Sends out three skiffs and never asks how they ended."""
import os, signal

for _ in range(3):
    if os.fork() == 0:
        os.execv("/usr/local/bin/skiff", ["skiff"])
while True:
    signal.pause()
PROGRAM

cat > $bin/press <<'PROGRAM'
#!/usr/bin/python3
"""Prints the timetable, page after page."""
import time

while True:
    end = time.monotonic() + 0.01
    while time.monotonic() < end:
        pass
    time.sleep(0.19)
PROGRAM

cat > $bin/lampd <<'PROGRAM'
#!/usr/bin/python3
"""Steers the light. On SIGHUP it reads its configuration again."""
import os, signal

CONFIG = "/home/learner/lampd.conf"
STATUS = "/run/lampd/status"
interval = 30


def read_config(signum=None, frame=None):
    global interval
    problem = ""
    try:
        with open(CONFIG) as config:
            for line in config:
                key, equals, value = line.partition("=")
                if equals and key.strip() == "interval":
                    interval = int(value)
    except (OSError, ValueError) as error:
        problem = f"problem: {error}; the old interval stays\n"
    with open(STATUS + ".new", "w") as status:
        status.write(f"pid: {os.getpid()}\ninterval: {interval}\n{problem}")
    os.replace(STATUS + ".new", STATUS)


signal.signal(signal.SIGHUP, read_config)
read_config()
while True:
    signal.pause()
PROGRAM

chmod 0755 $bin/squall $bin/barnacle $bin/skiff $bin/tender $bin/press $bin/lampd
install -d -o learner -g learner /var/lib/squall /run/lampd

# The process ids of this start are noted where a restart of the sandbox
# wipes them out: a process that is gone because of that counts as nothing.
notes=/dev/shm/harbour
mkdir -p $notes
cd /home/learner
# Where there is one user only, learner is who runs this.
become='setpriv --reuid=learner --regid=learner --init-groups'
[ "$(id -u learner)" -ne 0 ] || become=
for program in squall barnacle tender press lampd; do
    HOME=/home/learner USER=learner LOGNAME=learner setsid -f $become \
        sh -c 'umask 022; exec "$0"' $bin/$program < /dev/null > /dev/null 2>&1
done
for program in squall barnacle tender press lampd; do
    n=0
    until pid=$(pgrep -x -o -u learner $program) || [ $n -ge 50 ]; do
        n=$((n + 1))
        sleep 0.1
    done
    echo "$pid" > $notes/$program
done
# Wait until everything is as the task describes it.
n=0
until [ -s /run/lampd/status ] && [ -s /var/lib/squall/book ] &&
    [ "$(ps -C skiff -o stat= | grep -c Z)" -eq 3 ] || [ $n -ge 50 ]; do
    n=$((n + 1))
    sleep 0.1
done
