# Copies the reports, so that each of them now exists twice.
mkdir -p ~/archive/2024 ~/archive/2025
cp ~/yard/inbox/report-2024-* ~/archive/2024/
cp ~/yard/inbox/report-2025-* ~/archive/2025/
# The rest is right.
grep -rh ERROR ~/yard/logs > ~/errors.txt
tail -n +2 ~/yard/gate.csv | cut -d, -f2 | sort | uniq -c | sort -n | tail -n 1 | awk '{ print $2 }' > ~/busiest.txt
mkdir -p ~/keys
find ~/yard/attic -name harbour.key -exec cp {} ~/keys/ \;
