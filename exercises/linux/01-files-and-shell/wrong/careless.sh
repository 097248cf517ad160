# Four usual slips, one for each task.
# A list of names read as words: the name with a space falls apart.
mkdir -p ~/archive/2024 ~/archive/2025
for f in $(ls ~/yard/inbox | grep 2024); do mv ~/yard/inbox/$f ~/archive/2024/; done
for f in $(ls ~/yard/inbox | grep 2025); do mv ~/yard/inbox/$f ~/archive/2025/; done
# Only the files on the first level.
grep -h ERROR ~/yard/logs/*.log > ~/errors.txt
# uniq counts neighbours only; without sort it finds the longest run.
cut -d, -f2 ~/yard/gate.csv | uniq -c | sort -n | tail -n 1 | awk '{ print $2 }' > ~/busiest.txt
# Moved instead of copied.
mkdir -p ~/keys
find ~/yard/attic -name harbour.key -exec mv {} ~/keys/ \;
