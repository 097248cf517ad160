"""The usual process_* metrics of a program, from /proc."""

import os

TICK, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


def _family(pid):
    """The program and its children: what serves may be one of them."""
    pids = [pid]
    for one in pids:
        try:
            with open(f"/proc/{one}/task/{one}/children", encoding="ascii") as file:
                pids += [int(p) for p in file.read().split()]
        except OSError:
            pass
    return pids


def usage(pid):
    cpu = memory = threads = files = 0
    for one in _family(pid) if pid else ():
        try:
            with open(f"/proc/{one}/stat", encoding="utf-8") as file:
                stat = file.read().rpartition(")")[2].split()
            files += len(os.listdir(f"/proc/{one}/fd"))
        except OSError:
            continue
        cpu += (int(stat[11]) + int(stat[12])) / TICK
        threads += int(stat[17])
        memory += int(stat[21]) * PAGE
    return {
        # Of the processes that are there now: it falls when one is replaced.
        "process_cpu_seconds_total": ("counter", cpu),
        "process_resident_memory_bytes": ("gauge", memory),
        "process_threads": ("gauge", threads),
        "process_open_fds": ("gauge", files),
    }
