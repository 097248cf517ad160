# Believes that enabling a service starts it.
sudo tee /etc/systemd/system/myapp.service > /dev/null <<'UNIT'
[Unit]
Description=The myapp web server

[Service]
ExecStart=/usr/bin/python3 /home/learner/myapp.py

[Install]
WantedBy=multi-user.target
UNIT
sudo systemctl daemon-reload
sudo systemctl enable myapp
