# Three accounts, a folder with plans, and a program that wants root.
# Run once by sh as root, before the learner enters.
set -eu

groupadd divers
for user in ada ben carl; do
    useradd --create-home --shell /bin/bash "$user"
done
usermod --append --groups divers ada

chmod 0755 /srv
mkdir -p /srv/plans
echo "Hull: 9.40 m, oak on oak." > /srv/plans/hull.txt
echo "Mast: 11 m, spruce." > /srv/plans/mast.txt
chown -R root:root /srv/plans
chmod 0755 /srv/plans
chmod 0644 /srv/plans/*.txt

cat > /usr/local/sbin/pier-light <<'PROGRAM'
#!/bin/sh
# Switches the light on the pier: pier-light on | off | status
if [ "$(id -u)" -ne 0 ]; then
    echo "pier-light: only root may do this" >&2
    exit 1
fi
case "${1:-status}" in
    on | off) echo "$1" > /var/lib/pier-light ;;
    status) ;;
    *) echo "usage: pier-light on|off|status" >&2; exit 2 ;;
esac
echo "the pier light is $(cat /var/lib/pier-light)"
PROGRAM
echo off > /var/lib/pier-light
chmod 0755 /usr/local/sbin/pier-light
