# Deletes the log that ordersd has open. ls shows nothing, df shows no change.
sed -i 's/^level = .*/level = info/' ~/ordersd.conf
pkill -HUP -x ordersd
sleep 0.7
rm /srv/data/log/ordersd.log
rm -r /srv/data/pictures/.previews
pkill -x snapper
sleep 0.7
