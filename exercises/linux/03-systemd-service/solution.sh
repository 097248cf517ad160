# turns: "Unit file exists"
# The unit file belongs to root, so it is written with the rights of root.
# tee stands on the right of the pipe because "sudo echo ... > file" would
# open the file as the learner, before sudo comes into play.
#
# [Unit]     what this is.
# [Service]  what to run, as which user, and what to do when it fails.
# [Install]  to which target "enable" hooks it: multi-user.target is the
#            ordinary state of a running system.
sudo tee /etc/systemd/system/myapp.service > /dev/null <<'UNIT'
[Unit]
Description=The myapp web server

[Service]
ExecStart=/usr/bin/python3 /home/learner/myapp.py
User=learner
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT

# turns: "Service is enabled", "Service is running", "App responds on port 5000"
# systemd reads unit files once and keeps what it read. Let it read again.
sudo systemctl daemon-reload

# Hook it to the boot, and start it now as well.
sudo systemctl enable --now myapp

# Python needs a moment to open the port. Wait for the answer, not for a
# fixed time.
until curl -s http://localhost:5000; do sleep 0.1; done
