# 1. The flood first, or it comes back while the rest is cleaned up. Lower the
#    level, and tell ordersd to read its configuration again.
sed -i 's/^level = .*/level = info/' ~/ordersd.conf
pkill -HUP -x ordersd

# 2. Empty the log, do not delete it: ordersd has it open and writes on. The
#    file stays the same, only its content goes.
truncate -s 0 /srv/data/log/ordersd.log

# 3. The previews lie in a hidden folder, which "du *" does not see.
rm -r /srv/data/pictures/.previews

# 4. snapper holds a file that was deleted. Its space comes back when the last
#    process that has it open is gone.
pkill -x snapper

# Wait for two new lines in the log and look at the result.
until [ "$(wc -l < /srv/data/log/ordersd.log)" -ge 2 ]; do sleep 0.1; done
df -h /srv/data
