# Looks at "du -sh *" and cleans up what it shows: the log.
sed -i 's/^level = .*/level = info/' ~/ordersd.conf
pkill -HUP -x ordersd
truncate -s 0 /srv/data/log/ordersd.log
sleep 1
