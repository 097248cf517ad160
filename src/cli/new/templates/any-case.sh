# Looks for the word in any case.
mkdir -p ~/report
grep -i error ~/service.log > ~/report/errors.txt
grep -ci error ~/service.log > ~/report/count.txt
