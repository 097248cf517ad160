"""A small HTTP client for many requests at once that costs little: connections are kept and used again."""

import asyncio


class Connection(asyncio.Protocol):
    def __init__(self, client):
        self.client, self.transport, self.waiting = client, None, None
        self.data = b""

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, _why):
        self.client.forget(self)
        # An answer without a length ends here; anything else is broken off.
        self._done(0)

    def data_received(self, data):
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        words = head.lower()
        at = words.find(b"content-length:")
        if at >= 0 and len(body) < int(words[at + 15:].split(b"\r\n", 1)[0]):
            return
        status = int(head[9:12])
        if b"connection: close" in words or at < 0:
            self.transport.close()
        else:
            self.client.keep(self)
        self._done(status)

    def _done(self, status):
        waiting, self.waiting, self.data = self.waiting, None, b""
        if waiting and not waiting.done():
            waiting.set_result(status)


class Client:
    # Addresses change when a machine leaves the network and comes back.
    ADDRESS_LASTS = 3.0

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.idle = []
        self.address, self.known_until = None, 0
        self.resolving = None

    def keep(self, connection):
        self.idle.append(connection)

    def forget(self, connection):
        if connection in self.idle:
            self.idle.remove(connection)

    async def _resolve(self):
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.host, self.port)
        self.address, self.known_until = found[0][4][0], loop.time() + self.ADDRESS_LASTS

    async def _connect(self):
        loop = asyncio.get_running_loop()
        if loop.time() > self.known_until:
            # One question for all who wait for its answer.
            if not self.resolving or self.resolving.done():
                self.resolving = loop.create_task(self._resolve())
            await asyncio.shield(self.resolving)
        try:
            _, connection = await loop.create_connection(lambda: Connection(self), self.address, self.port)
        except OSError:
            self.known_until = 0
            raise
        return connection

    async def ask(self, method, path, body, trace, until):
        """(status or 0, outcome); the user gives up at `until`."""
        loop = asyncio.get_running_loop()
        connection = None
        try:
            async with asyncio.timeout_at(until):
                connection = self.idle.pop() if self.idle else await self._connect()
                connection.waiting = loop.create_future()
                connection.transport.write(
                    f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\ntraceparent: {trace}\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                status = await connection.waiting
        except TimeoutError:
            if connection:
                connection.transport.abort()
            return 0, "timeout"
        except OSError:
            return 0, "refused"
        return status, "ok" if 200 <= status < 400 else "error"
