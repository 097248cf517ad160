"""How gunicorn runs the API. Read anew at each reload, so are the workers."""

from shop import store

_, _config = store.read()

bind = "0.0.0.0:8000"
workers = 1
worker_class = "worker.Worker"
threads = _config["workers"]
# More than this and what queues here is work that nobody waits for any more.
worker_connections = 200
backlog = 64
keepalive = 75
# How long requests that have begun may go on when a new process takes over.
graceful_timeout = 2
timeout = 120
loglevel = "warning"
# Its sign of life for gunicorn: a file that is touched, on no disk.
worker_tmp_dir = "/dev/shm"
