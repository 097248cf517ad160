# turns: "squall has ended in good order"
# 1. Ask squall to end. TERM is the default of kill and pkill: the program
#    gets the chance to put its affairs in order.
pkill -x squall

# turns: "barnacle has let go of the berth"
# 2. barnacle has chosen to ignore TERM. KILL never reaches the program; the
#    kernel ends the process. That is the last resort, not the first.
pkill -KILL -x barnacle

# turns: "No dead skiffs are left"
# 3. A zombie is dead already and cannot be killed. What is left of it is an
#    entry that its parent has to collect. End the parent: the orphans go to
#    process 1, and that one collects.
pkill -x tender

# turns: "press goes on and gives way"
# 4. The niceness of a running process can be raised by its owner.
renice -n 10 -p "$(pgrep -x press)"

# turns: "lampd blinks every 5 seconds, without a restart"
# 5. Change the setting, then tell the daemon. HUP is, by custom, the request
#    to read the configuration again.
sed -i 's/^interval = .*/interval = 5/' ~/lampd.conf
pkill -HUP -x lampd

# Wait until lampd says so itself.
until grep -q 'interval: 5' /run/lampd/status; do sleep 0.1; done
cat /run/lampd/status
