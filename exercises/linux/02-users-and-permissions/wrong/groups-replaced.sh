# Sets the groups of a user instead of adding one to them.
sudo groupadd crew
sudo usermod -G crew ada
sudo usermod -G crew ben
sudo chown -R root:crew /srv/plans
sudo chmod -R u=rwX,g=rwX,o= /srv/plans
sudo chmod g+s /srv/plans
chmod 600 ~/pier.key
echo 'ada ALL=(root) NOPASSWD: /usr/local/sbin/pier-light' | sudo tee /etc/sudoers.d/pier-light > /dev/null
