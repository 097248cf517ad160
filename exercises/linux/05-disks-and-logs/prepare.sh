# Fills /srv/data in three ways and starts two programs as learner.
# Run once by sh as root.
set -eu
data=/srv/data
notes=/dev/shm/harbour
mkdir -p $notes

cat > /usr/local/bin/ordersd <<'PROGRAM'
#!/usr/bin/python3
"""Takes orders and keeps a log. On SIGHUP it reads its configuration again
and opens its log file anew."""
import os, random, signal, time

CONFIG = "/home/learner/ordersd.conf"
LOG = "/srv/data/log/ordersd.log"
LEDGER = "/srv/data/ledger/orders.csv"
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


def append(fd, text):
    """Writes all of the text or nothing: a torn line is cut off again."""
    data = text.encode()
    before = os.fstat(fd).st_size
    try:
        if os.write(fd, data) == len(data):
            return True
        os.ftruncate(fd, before)
    except OSError:
        pass
    return False


class Log:
    def __init__(self):
        self.fd = -1
        self.level = "debug"
        self.reload()

    def reload(self, signum=None, frame=None):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = os.open(LOG, APPEND, 0o644)
        try:
            with open(CONFIG) as config:
                for line in config:
                    key, equals, value = line.partition("=")
                    if equals and key.strip() == "level":
                        if value.strip() in ("info", "debug"):
                            self.level = value.strip()
                        else:
                            self.write("WARN", f"unknown level: {value.strip()}")
        except OSError as error:
            self.write("WARN", f"configuration: {error}")
        self.write("INFO", f"log opened, level is {self.level}")

    def write(self, level, text):
        if level == "DEBUG" and self.level != "debug":
            return True
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        return append(self.fd, f"{stamp} {level} {text}\n")


log = Log()
pending = []
signal.signal(signal.SIGHUP, lambda signum, frame: pending.append(signum))
number = 39999
while True:
    if pending:
        pending.clear()
        log.reload()
    number += 1
    ledger = os.open(LEDGER, APPEND, 0o644)
    saved = append(ledger, f"{int(time.time())},{number},{random.randint(1, 90):02}\n")
    os.close(ledger)
    log.write("INFO", f"order {number} {'saved' if saved else 'LOST: no space'}")
    for step in range(120):
        if not log.write("DEBUG", f"order {number} step {step} buffer " + "." * 160):
            break
    time.sleep(0.5)
PROGRAM

cat > /usr/local/bin/snapper <<'PROGRAM'
#!/usr/bin/python3
"""Made a copy, handed it out, deleted it - and keeps it open."""
import os, signal

path = "/srv/data/snapshot.tmp"
copy = open(path, "wb")
copy.write(b"\0" * (8 << 20))
copy.flush()
os.unlink(path)
while True:
    signal.pause()
PROGRAM
chmod 0755 /usr/local/bin/ordersd /usr/local/bin/snapper

chown learner:learner $data
chmod 0755 $data
install -d -o learner -g learner $data/log $data/ledger $data/pictures $data/pictures/.previews

# The ledger: 20480 lines of 20 bytes are 100 whole pages, so one more order
# needs one more page. The stamps count up to a morning in the past.
awk 'BEGIN {
    for (i = 0; i < 20480; i++) printf "%d,%d,%02d\n", 1735700000 + i * 60, 19520 + i, i * 7 % 90 + 1
}' > $data/ledger/orders.csv
for n in 1 2 3 4 5 6; do
    head -c 20000 /dev/zero | tr '\0' "$n" > $data/pictures/boat-$n.jpg
done
n=100
while [ $n -lt 180 ]; do
    head -c 102400 /dev/zero > $data/pictures/.previews/boat-$n.jpg
    n=$((n + 1))
done
chown -R learner:learner $data

# Where there is one user only, learner is who runs this.
become='setpriv --reuid=learner --regid=learner --init-groups'
[ "$(id -u learner)" -ne 0 ] || become=
as_learner() {
    HOME=/home/learner USER=learner LOGNAME=learner setsid -f $become \
        sh -c 'umask 022; cd /home/learner; exec "$0"' "$1" < /dev/null > /dev/null 2>&1
}
note_pid() {
    n=0
    until pid=$(pgrep -x -o -u learner "$1") || [ $n -ge 50 ]; do
        n=$((n + 1))
        sleep 0.1
    done
    echo "$pid" > "$notes/$1"
}

as_learner /usr/local/bin/snapper
note_pid snapper
n=0
until [ "$(df --output=used -k $data | tail -n 1)" -gt 16384 ] && [ ! -e $data/snapshot.tmp ] || [ $n -ge 50 ]; do
    n=$((n + 1))
    sleep 0.1
done

# The log takes all that is left.
line="2025-01-14T03:12:07 DEBUG order 39999 step 119 buffer"
dots="................................................................................................................................................................"
yes "$line $dots" 2> /dev/null | head -c 64M > $data/log/ordersd.log 2> /dev/null || true
chown learner:learner $data/log/ordersd.log

as_learner /usr/local/bin/ordersd
note_pid ordersd

# Only now has it read its configuration: it listens to SIGHUP afterwards. What the learner changes
# must not come before that.
n=0
until grep -q '^SigCgt:.*[13579bdf]$' "/proc/$(cat $notes/ordersd)/status" || [ $n -ge 50 ]; do
    n=$((n + 1))
    sleep 0.1
done
