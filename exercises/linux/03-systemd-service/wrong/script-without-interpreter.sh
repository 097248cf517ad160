# Names the script alone in ExecStart. It is not executable.
sudo tee /etc/systemd/system/myapp.service > /dev/null <<'UNIT'
[Unit]
Description=The myapp web server

[Service]
ExecStart=/home/learner/myapp.py

[Install]
WantedBy=multi-user.target
UNIT
sudo systemctl daemon-reload
sudo systemctl enable --now myapp
sleep 0.5
