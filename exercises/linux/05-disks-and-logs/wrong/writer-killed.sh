# Ends ordersd to get the space back. The disk is empty, and so is the shop.
sed -i 's/^level = .*/level = info/' ~/ordersd.conf
pkill -x ordersd
pkill -x snapper
rm /srv/data/log/ordersd.log
rm -r /srv/data/pictures/.previews
sleep 0.3
