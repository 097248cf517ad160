mkdir /home/learner/data
