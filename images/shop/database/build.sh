# Makes the shop's database inside the build, so that a container starts with
# 300,000 orders and their statistics instead of loading them. Run as root.
set -eu

bin=/usr/lib/postgresql/15/bin
data=/var/lib/postgresql/shop
here=/opt/shop/database

install -d -o postgres -g postgres -m 0700 "$data"
install -d -o postgres -g postgres -m 2775 /var/run/postgresql
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups -- "$@"; }

# Small segments of the write-ahead log: a few megabytes instead of 64.
as_postgres $bin/initdb -D "$data" --encoding UTF8 --locale C.UTF-8 \
    --auth trust --wal-segsize=1 --no-sync >/dev/null
cp "$here/pg_hba.conf" "$data/pg_hba.conf"
cat "$here/shop.conf" >> "$data/postgresql.conf"
chown postgres:postgres "$data/pg_hba.conf"

# Nobody listens for it but this script.
as_postgres $bin/pg_ctl -D "$data" -w -s -o "-c listen_addresses= -c wal_level=minimal -c max_wal_senders=0" start
psql="as_postgres env PGHOST=/var/run/postgresql PGUSER=postgres $bin/psql -X -q -v ON_ERROR_STOP=1"
$psql -d postgres -f "$here/roles.sql"
$psql -d postgres -c 'CREATE DATABASE shop OWNER shop_owner'
$psql -d shop -f "$here/schema.sql"
$psql -d shop -c 'VACUUM (FREEZE, ANALYZE)'
$psql -d shop -c CHECKPOINT
# Nobody uses it, and it is a whole database.
$psql -d shop -c 'DROP DATABASE postgres'
as_postgres $bin/pg_ctl -D "$data" -w -s -m fast stop
# 30 MB of write-ahead log that tell how all this was loaded.
as_postgres $bin/pg_resetwal -D "$data" >/dev/null
