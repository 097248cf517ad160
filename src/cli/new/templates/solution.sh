# drydock prove runs this, one step after the other. A line that begins with "# turns:" begins a
# step, and names the checks that turn green with it: those and no others.

# turns: "There is a folder report"
mkdir -p ~/report

# turns: "errors.txt has every ERROR line"
grep ERROR ~/service.log > ~/report/errors.txt

# turns: "count.txt says how many there are"
grep -c ERROR ~/service.log > ~/report/count.txt
