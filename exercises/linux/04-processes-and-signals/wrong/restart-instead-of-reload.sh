# Starts lampd and press anew to make them take over their settings.
pkill -x squall
pkill -KILL -x barnacle
pkill -x tender
pkill -x press
setsid -f nice -n 10 press > /dev/null 2>&1
sed -i 's/^interval = .*/interval = 5/' ~/lampd.conf
pkill -x lampd
setsid -f lampd > /dev/null 2>&1
sleep 0.5
