-- The tables of the shop and what is in them.
CREATE EXTENSION pg_stat_statements;
GRANT EXECUTE ON FUNCTION pg_stat_statements_reset(oid, oid, bigint) TO learner;

SET ROLE shop_owner;

CREATE TABLE customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    country text NOT NULL
);
CREATE TABLE products (
    id integer PRIMARY KEY,
    name text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock integer NOT NULL
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id integer NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL,
    total numeric(10, 2) NOT NULL,
    status text NOT NULL,
    delivery text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO customers
SELECT n, 'Customer ' || n, (ARRAY['DE', 'FR', 'PL', 'NL', 'SE'])[1 + n % 5]
FROM generate_series(1, 20000) AS n;

INSERT INTO products
SELECT n, 'Product ' || n, 1 + (n * 37 % 9900) / 100.0, 10 + n % 90
FROM generate_series(1, 1000) AS n;

-- 300,000 orders of the last year. They are spread over the customers by
-- multiplication with a prime: the same data in every build.
INSERT INTO orders (customer_id, product_id, quantity, total, status, delivery, created_at)
SELECT 1 + (n * 7919) % 20000,
       1 + (n * 104729) % 1000,
       1 + n % 4,
       (1 + n % 4) * (1 + (n * 37 % 9900) / 100.0),
       (ARRAY['paid', 'paid', 'sent', 'sent', 'returned'])[1 + n % 5],
       'Parcel ' || md5(n::text) || ', leave it with the neighbours if nobody opens',
       now() - interval '365 days' * (1 - n / 300000.0)
FROM generate_series(1::bigint, 300000) AS n;

CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_created_at_idx ON orders (created_at);

GRANT SELECT ON ALL TABLES IN SCHEMA public TO shop_app, reports;
GRANT INSERT, UPDATE ON orders TO shop_app;
GRANT UPDATE ON products TO shop_app;
RESET ROLE;
ALTER SCHEMA public OWNER TO shop_owner;
