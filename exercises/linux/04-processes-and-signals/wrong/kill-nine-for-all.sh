# Reaches for KILL at once: squall has no chance to close its book.
pkill -KILL -x squall
pkill -KILL -x barnacle
pkill -KILL -x tender
renice -n 10 -p "$(pgrep -x press)"
sed -i 's/^interval = .*/interval = 5/' ~/lampd.conf
pkill -HUP -x lampd
sleep 0.3
