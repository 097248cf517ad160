# Sets up the folder but not what is in it, and forgets that new files take
# the group of their maker.
sudo groupadd crew
sudo usermod --append --groups crew ada
sudo usermod --append --groups crew ben
sudo chgrp crew /srv/plans
sudo chmod 770 /srv/plans
chmod 600 ~/pier.key
echo 'ada ALL=(root) NOPASSWD: /usr/local/sbin/pier-light' | sudo tee /etc/sudoers.d/pier-light > /dev/null
