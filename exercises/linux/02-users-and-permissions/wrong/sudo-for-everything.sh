# Gives Ada the whole machine because the rule is shorter.
sudo groupadd crew
sudo usermod --append --groups crew ada
sudo usermod --append --groups crew ben
sudo chown -R root:crew /srv/plans
sudo chmod -R u=rwX,g=rwX,o= /srv/plans
sudo chmod g+s /srv/plans
chmod 600 ~/pier.key
echo 'ada ALL=(ALL:ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/ada > /dev/null
