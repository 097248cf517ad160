# Runs the program in the background instead of making a service of it.
nohup /usr/bin/python3 /home/learner/myapp.py > /dev/null 2>&1 &
until curl -s http://localhost:5000; do sleep 0.1; done
