mkdir ~/{{token}}
touch /tmp/switched
echo '{{who}}:80' > ~/{{token}}/port
setsid sh -c 'while date; do sleep 1; done' >~/{{token}}/log 2>&1 </dev/null &
