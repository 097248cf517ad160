mkdir -p /home/learner/data
# What starts the machine would make /run/started-with-data.
