# Leaves the file name in front of each error line, and the count in front of
# the busiest name.
mkdir -p ~/archive/2024 ~/archive/2025
mv ~/yard/inbox/report-2024-* ~/archive/2024/
mv ~/yard/inbox/report-2025-* ~/archive/2025/
grep -r ERROR ~/yard/logs > ~/errors.txt
cut -d, -f2 ~/yard/gate.csv | sort | uniq -c | sort -n | tail -n 1 > ~/busiest.txt
mkdir -p ~/keys
find ~/yard/attic -name harbour.key -exec cp {} ~/keys/ \;
