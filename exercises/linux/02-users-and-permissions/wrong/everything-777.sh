# Opens the folder and the key to everybody: it works, for everybody.
sudo groupadd crew
sudo usermod --append --groups crew ada
sudo usermod --append --groups crew ben
sudo chgrp -R crew /srv/plans
sudo chmod -R 777 /srv/plans
chmod 777 ~/pier.key
echo 'ada ALL=(root) NOPASSWD: /usr/local/sbin/pier-light' | sudo tee /etc/sudoers.d/pier-light > /dev/null
