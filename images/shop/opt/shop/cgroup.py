"""What the container uses and may use, for both layouts of control groups."""

import os

ROOT = "/sys/fs/cgroup"
V2 = os.path.exists(f"{ROOT}/cgroup.controllers") and os.path.exists(f"{ROOT}/cpu.stat")


def _read(path):
    try:
        with open(f"{ROOT}/{path}", encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def _pairs(text):
    return {k: int(v) for k, v in (line.split() for line in text.splitlines() if line.count(" ") == 1)}


def _limits_v1():
    quota, period = int(_read("cpu/cpu.cfs_quota_us") or -1), int(_read("cpu/cpu.cfs_period_us") or 100000)
    memory = int(_read("memory/memory.limit_in_bytes") or 0)
    return (quota / period if quota > 0 else os.cpu_count()), (memory if memory < 1 << 60 else 0)


def _limits_v2():
    quota, period = (_read("cpu.max") or "max 100000").split()
    memory = _read("memory.max").strip()
    return (int(quota) / int(period) if quota != "max" else os.cpu_count()), (
        int(memory) if memory.isdigit() else 0)


def usage():
    """{metric: (kind, value)}; memory without the pages that could be given back, as docker shows it."""
    if V2:
        stat, memory = _pairs(_read("cpu.stat")), _pairs(_read("memory.stat"))
        cpu, throttled = stat.get("usage_usec", 0) / 1e6, stat.get("throttled_usec", 0) / 1e6
        used = int(_read("memory.current") or 0) - memory.get("inactive_file", 0)
        cores, limit = _limits_v2()
    else:
        stat, memory = _pairs(_read("cpu/cpu.stat")), _pairs(_read("memory/memory.stat"))
        cpu = int(_read("cpuacct/cpuacct.usage") or 0) / 1e9
        throttled = stat.get("throttled_time", 0) / 1e9
        used = int(_read("memory/memory.usage_in_bytes") or 0) - memory.get("total_inactive_file", 0)
        cores, limit = _limits_v1()
    return {
        "shop_cpu_seconds_total": ("counter", cpu),
        "shop_cpu_throttled_seconds_total": ("counter", throttled),
        "shop_memory_bytes": ("gauge", used),
        "shop_cpu_limit": ("gauge", cores),
        "shop_memory_limit_bytes": ("gauge", limit),
    }
