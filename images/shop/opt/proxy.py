"""A TCP proxy that makes a link slow: each direction is delayed by so many ms.

    proxy.py LISTEN_PORT HOST:PORT DELAY_MS

It stands in for a bad route, where the kernel cannot be told to delay packets.
"""

import asyncio
import sys


async def pipe(reader, writer, delay):
    loop = asyncio.get_running_loop()
    waiting = asyncio.Queue(64)

    async def write():
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    task = asyncio.ensure_future(write())
    try:
        while data := await reader.read(65536):
            await waiting.put((loop.time() + delay, data))
        await waiting.put((loop.time() + delay, b""))
        await task
    except OSError:
        task.cancel()
        writer.close()


async def main():
    port, (host, _, to), delay = int(sys.argv[1]), sys.argv[2].rpartition(":"), float(sys.argv[3]) / 1000

    async def one(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(to))
        except OSError:
            writer.close()
            return
        await asyncio.gather(pipe(reader, far_writer, delay), pipe(far_reader, writer, delay))

    server = await asyncio.start_server(one, "", port)
    async with server:
        await server.serve_forever()


asyncio.run(main())
