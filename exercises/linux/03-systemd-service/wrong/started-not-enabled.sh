# Starts the service for today and forgets tomorrow.
sudo tee /etc/systemd/system/myapp.service > /dev/null <<'UNIT'
[Unit]
Description=The myapp web server

[Service]
ExecStart=/usr/bin/python3 /home/learner/myapp.py

[Install]
WantedBy=multi-user.target
UNIT
sudo systemctl daemon-reload
sudo systemctl start myapp
until curl -s http://localhost:5000; do sleep 0.1; done
