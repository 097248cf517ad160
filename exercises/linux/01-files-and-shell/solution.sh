# turns: "Reports are sorted by year"
# 1. One folder for each year. -p makes the folders above as well, and does
#    not complain when one is there already.
mkdir -p ~/archive/2024 ~/archive/2025

# The shell replaces the pattern by the names that match it, each as one
# word, so the name with a space in it needs no special care.
mv ~/yard/inbox/report-2024-* ~/archive/2024/
mv ~/yard/inbox/report-2025-* ~/archive/2025/

# turns: "All errors are collected"
# 2. -r looks into every folder below, -h leaves out the file names.
grep -rh ERROR ~/yard/logs > ~/errors.txt

# turns: "The busiest visitor is named"
# 3. Take the second column without the title line, bring equal names
#    together, count them, put the largest number last, keep that line,
#    and of that line the name.
tail -n +2 ~/yard/gate.csv | cut -d, -f2 | sort | uniq -c | sort -n | tail -n 1 | awk '{ print $2 }' > ~/busiest.txt

# turns: "The key is found and copied"
# 4. find walks through hidden folders too. It prints a path; the copy is
#    made from that path, and the original stays.
mkdir -p ~/keys
cp "$(find ~/yard/attic -name harbour.key)" ~/keys/
