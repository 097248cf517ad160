# turns: "Ada and Ben are the crew"
# 1. The group, then its members. --append adds to the groups a user already
#    has; without it the list given here would replace them.
sudo groupadd crew
sudo usermod --append --groups crew ada
sudo usermod --append --groups crew ben

# turns: "The crew can work on the plans"
# 2. The folder and what is in it go to the group. Owner and group may read
#    and write; X gives the right to enter to folders only.
sudo chown -R root:crew /srv/plans
sudo chmod -R u=rwX,g=rwX /srv/plans

# turns: "Nobody else sees the plans"
# 3. Everybody else gets nothing. Without the right to enter the folder, the
#    rights of the files inside no longer matter to them; take them anyway.
sudo chmod -R o= /srv/plans

# turns: "New plans belong to the crew"
# 4. The setgid bit on a folder: new files take the folder's group, not the
#    main group of the user who makes them.
sudo chmod g+s /srv/plans

# turns: "The key is private"
# 5. The owner reads and writes, nobody else does anything.
chmod 600 ~/pier.key

# turns: "Ada may switch the light, and no more"
# 6. A file of its own in sudoers.d, so that it can be removed as a whole.
#    user  hosts=(as whom)  without password:  one program, by its full path
echo 'ada ALL=(root) NOPASSWD: /usr/local/sbin/pier-light' | sudo tee /etc/sudoers.d/pier-light > /dev/null
sudo chmod 440 /etc/sudoers.d/pier-light

# Let visudo read the rules once more: a slip here can lock everybody out.
sudo visudo -c
