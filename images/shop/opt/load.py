"""The users of the shop: requests at a steady pace, whatever came of the earlier ones.

A request's time counts from when it was meant to begin. So a shop that is slow
is seen as slow, also by those who could not even begin (an open loop).
"""

import asyncio
import random
import signal
import time

from shop import lines, metrics, store
from shop.http_client import Client

requests = metrics.Counter("user_requests_total", ("outcome", "page"))
duration = metrics.Histogram("user_request_duration_seconds", ("outcome", "page"))
target = metrics.Gauge("user_load_target")
rebased = metrics.Counter("user_load_rebased_total")

# A clock that jumps by more than this was stopped: the machine, not the shop.
JUMP = 2.0


class Users:
    def __init__(self):
        self.client = Client("gateway", 80)
        self.paused = False
        self.epoch = 0
        self.seed = None
        self.wake = asyncio.Event()
        self.read_config()

    def read_config(self):
        _, config = store.read()
        self.rate, self.timeout = config["rate"], config["timeout_ms"] / 1000
        if config["seed"] != self.seed:
            # What they want and when follows from it; traces need names that are never used again.
            self.seed = config["seed"]
            self.random = random.Random(self.seed or None)
        shares = dict(part.split("=") for part in config["mix"].split(","))
        self.pages, self.weights = list(shares), [int(v) for v in shares.values()]
        self.tell_target()

    def tell_target(self):
        target.set(0 if self.paused else self.rate)
        self.wake.set()

    def pause(self, paused):
        self.paused = paused
        self.tell_target()

    async def run(self):
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if self.paused or not self.rate:
                self.wake.clear()
                await self.wake.wait()
                due = loop.time()
                continue
            late = loop.time() - due
            if late > JUMP:
                # Nobody was waiting in that time: go on from here instead of sending it all at
                # once, and forget those who were under way.
                self.epoch += 1
                rebased.inc()
                say("warn", f"the clock has jumped by {late:.1f} s, users go on from now")
                due = loop.time()
            elif late < 0:
                await asyncio.sleep(-late)
            loop.create_task(self.one(due, self.epoch))
            # Not like a clock, but as many.
            due += self.random.uniform(0.5, 1.5) / self.rate

    def page(self):
        """Which page, and the request for it."""
        page = self.random.choices(self.pages, self.weights)[0]
        if page == "products":
            return page, "GET", f"/products/{self.random.randint(1, 1000)}", b""
        if page == "customers":
            return page, "GET", f"/customers/{self.random.randint(1, 20000)}/orders", b""
        if page == "orders":
            body = b'{"customer":%d,"product":%d,"quantity":%d}' % (
                self.random.randint(1, 20000), self.random.randint(1, 1000), self.random.randint(1, 4))
            return page, "POST", "/orders", body
        return page, "GET", "/quote", b""

    async def one(self, due, epoch):
        loop = asyncio.get_running_loop()
        page, method, path, body = self.page()
        trace, span = f"{random.getrandbits(128):032x}", f"{random.getrandbits(64):016x}"
        # 1 in 8 is traced by everybody on the way.
        traced = random.random() < 0.125
        began = time.time() - (loop.time() - due)
        status, outcome = await self.client.ask(
            method, path, body, f"00-{trace}-{span}-{'01' if traced else '00'}", due + self.timeout)
        if epoch != self.epoch:
            return
        took = loop.time() - due
        requests.inc(outcome, page)
        duration.observe(took, outcome, page)
        ok = outcome == "ok"
        if ok and not traced and random.random() > 0.15:
            return
        ms = round(took * 1000)
        say("info" if ok else "error", "page loaded" if ok else "page failed",
            page="/" + page, ms=ms, outcome=outcome, status=status, trace_id=trace)
        if traced:
            print(lines.dump({"span": {
                "trace_id": trace, "span_id": span, "name": f"{method} /{page}", "kind": 3, "start": began,
                "ms": took * 1000, "error": not ok, "attributes": {"outcome": outcome, "http.status_code": status}}}))


def say(level, message, **more):
    print(lines.dump(lines.line("users", level, message, **more)), flush=True)


async def main():
    users = Users()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, users.read_config)
    loop.add_signal_handler(signal.SIGUSR1, users.pause, True)
    loop.add_signal_handler(signal.SIGUSR2, users.pause, False)
    metrics.serve("/run/shop/load.sock")
    await users.run()


if __name__ == "__main__":
    asyncio.run(main())
