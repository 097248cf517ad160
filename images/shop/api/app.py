"""The API of the shop.

Change what you like here; `curl -X POST http://api:9000/restart` starts it anew.
What is measured, logged and traced is in plumbing.py.
"""

import contextlib
import os
import time

from flask import Flask, jsonify, request

import plumbing

app = Flask(__name__)
config = plumbing.config
db = plumbing.Pool(config)
plumbing.observe(app)

SPOOL = "/var/spool/shop"


def wait_for_price_service():
    """Every page shows prices; another company's service says them."""
    with plumbing.span("price service"):
        time.sleep(config["work_ms"] / 1000)


@app.get("/products/<int:number>")
def product(number):
    wait_for_price_service()
    rows = db.query("product", "SELECT id, name, price, stock FROM products WHERE id = %s", number)
    if not rows:
        return jsonify(error="no such product"), 404
    return jsonify(id=rows[0][0], name=rows[0][1], price=float(rows[0][2]), stock=rows[0][3])


@app.get("/customers/<int:number>/orders")
def orders_of(number):
    wait_for_price_service()
    totals = db.query("totals of a customer",
                      "SELECT count(*), coalesce(sum(total), 0) FROM orders WHERE customer_id = %s", number)
    latest = db.query("latest orders of a customer",
                      "SELECT id, product_id, total, status FROM orders WHERE customer_id = %s"
                      " ORDER BY created_at DESC, id DESC LIMIT 10", number)
    return jsonify(customer=number, orders=totals[0][0], total=float(totals[0][1]),
                   latest=[dict(id=i, product=p, total=float(t), status=s) for i, p, t, s in latest])


@app.post("/orders")
def order():
    wanted = request.get_json()
    wait_for_price_service()
    returned = db.query("returned orders of a customer",
                      "SELECT count(*) FROM orders WHERE customer_id = %s AND status = 'returned'",
                      wanted["customer"])
    rows = db.query("new order",
                    "INSERT INTO orders (customer_id, product_id, quantity, total, status, delivery)"
                    " SELECT %s, id, %s, price * %s, 'paid', 'to be planned' FROM products WHERE id = %s"
                    " RETURNING id, total",
                    wanted["customer"], wanted["quantity"], wanted["quantity"], wanted["product"])
    keep_receipt(rows[0][0], wanted)
    return jsonify(id=rows[0][0], total=float(rows[0][1]), returned_before=returned[0][0]), 201


def keep_receipt(number, wanted):
    """The tax office wants it: no order without one."""
    with open(f"{SPOOL}/receipt-{number}", "w", encoding="utf-8") as file:
        file.write(f"{number} {time.time():.0f} {wanted['customer']} {wanted['product']} {wanted['quantity']}\n")
    # Those that were fetched long ago.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{SPOOL}/receipt-{number - 500}")


@app.get("/quote")
def quote():
    n = request.args.get("n", config["compute_n"], type=int)
    wait_for_price_service()
    with plumbing.span("process_business_data", n=n, algorithm=config["algorithm"]):
        result = process_business_data(min(n, 40))
    return jsonify(n=n, result=result)


def process_business_data(n):
    """How many ways there are to pack n parcels, two of which may share a box."""
    if config["algorithm"] == "recursive":
        return ways_recursive(n)
    return ways_iterative(n)


def ways_iterative(n):
    """Each number from the two before it: n steps."""
    before, now = 0, 1
    for _ in range(n):
        before, now = now, before + now
    return before


def ways_recursive(n):
    """Reads like its definition, and computes the same small numbers again and again."""
    if n < 2:
        return n
    return ways_recursive(n - 1) + ways_recursive(n - 2)


@app.get("/health")
def health():
    return jsonify(release=config["release"], ok=True)
