mkdir ~/{{token}}
touch /tmp/switched
echo '{{who}}:{{port}}' > ~/{{token}}/port
date > ~/{{token}}/log
