# turns: "The folder is there"
mkdir ~/{{token}}
# turns: "It was switched on once", "The writer goes on"
touch /tmp/switched
# It must have been seen: checks look every second.
(sleep 2; rm /tmp/switched) >/dev/null 2>&1 &
setsid sh -c 'while date; do sleep 1; done' >~/{{token}}/log 2>&1 </dev/null &
# turns: "The port is written"
echo '{{who}}:{{port}}' > ~/{{token}}/port
