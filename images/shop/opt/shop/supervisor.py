"""Starts the programs of a machine, starts again what dies, buries orphans.

It runs in the main thread and sleeps until a child ends: no timers.
"""

import os
import signal
import sys
import time


class Supervisor:
    def __init__(self, programs, log):
        self.programs, self.log = programs, log
        self.ending = False

    def run(self):
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        for program in self.programs:
            program.start()
        while True:
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                time.sleep(0.2)
                continue
            for program in self.programs:
                if program.process and program.process.pid == pid:
                    self._again(program, status)

    def _again(self, program, status):
        wanted = program.wanted_gone
        program.process.returncode = status
        program.died()
        if not wanted:
            how = (f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status)
                   else f"status {os.WEXITSTATUS(status)}")
            self.log("error", f"{program.name} ended with {how} and is started again", pid=program.process.pid)
            time.sleep(1)
        program.restarts += 1
        program.start()

    def _end(self, *_):
        """The container is being stopped: everything ends in good order, then we do."""
        if self.ending:
            return
        self.ending = True
        for program in reversed(self.programs):
            if program.pid:
                program.send(program.stop_signal)
        limit = time.monotonic() + 8
        left = {p.process.pid for p in self.programs if p.pid}
        while left and time.monotonic() < limit:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            left.discard(pid)
            if not pid:
                time.sleep(0.05)
        sys.stdout.flush()
        os._exit(0)
