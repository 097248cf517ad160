mkdir -p /home/learner/data
