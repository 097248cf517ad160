"""One program that is kept running."""

import os
import signal
import subprocess
import threading
import time


class Program:
    """`start` says how: a function that gives (argv, keyword arguments of Popen)."""

    def __init__(self, name, start, output, stop_signal=signal.SIGTERM, patience=5.0):
        self.name, self._how, self._output = name, start, output
        self.stop_signal, self.patience = stop_signal, patience
        self.process = None
        self.restarts = 0
        self.since = time.time()
        self.wanted_gone = False
        self.gone = threading.Event()
        self.up = threading.Event()

    @property
    def pid(self):
        process = self.process
        return process.pid if process and not self.gone.is_set() else None

    def start(self):
        argv, how = self._how()
        self.gone.clear()
        self.wanted_gone = False
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, **how)
        self.since = time.time()
        self.up.set()
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, pipe):
        """Its output, in gulps: a busy service must not wake us for each line."""
        rest = b""
        while True:
            chunk = os.read(pipe.fileno(), 65536)
            if not chunk:
                break
            rest += chunk
            whole, _, rest = rest.rpartition(b"\n")
            if whole:
                for text in whole.decode("utf-8", "replace").split("\n"):
                    self._output(text)
                # Nothing more for now: what was waiting for its second half need not.
                self._output("")
            if len(rest) > 100_000:
                rest = b""
            time.sleep(0.2)
        pipe.close()

    def died(self):
        """The manager has seen it end."""
        self.up.clear()
        self.gone.set()

    def send(self, number):
        pid = self.pid
        if pid:
            os.kill(pid, number)

    def stop(self):
        """Asks it to end, then makes it. The manager starts it again."""
        self.wanted_gone = True
        if not self.pid:
            return
        self.send(self.stop_signal)
        if not self.gone.wait(self.patience):
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.gone.wait(2)
