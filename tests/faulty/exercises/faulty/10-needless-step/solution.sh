# turns: "made"
mkdir /home/learner/data
# turns: "filled"
mkdir -p /home/learner/data
touch /home/learner/data/x
