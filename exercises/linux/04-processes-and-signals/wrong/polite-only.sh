# Sends TERM to barnacle, KILL to the zombies, and edits the configuration
# without telling the daemon.
pkill -x squall
pkill -x barnacle
pkill -KILL -x skiff
renice -n 10 -p "$(pgrep -x press)"
sed -i 's/^interval = .*/interval = 5/' ~/lampd.conf
sleep 0.3
