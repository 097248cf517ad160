"""gunicorn's worker process with threads, of which one can see how busy it is."""

import os

from gunicorn.workers.gthread import ThreadWorker

from shop import metrics


class Worker(ThreadWorker):
    def init_process(self):
        metrics.Gauge("api_queue_length", read=self.waiting)
        super().init_process()

    def waiting(self):
        """Requests that have come and that no thread works on yet."""
        return self.tpool._work_queue.qsize() if getattr(self, "tpool", None) else 0

    def run(self):
        super().run()
        # Python would wait for every thread, also for those that wait for the database.
        os._exit(0)
