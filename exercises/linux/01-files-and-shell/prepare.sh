# Builds the folder "yard". Run once by sh as root, before the learner enters.
# Everything is made by counting, so each sandbox holds the same files.
set -eu
yard=/home/learner/yard
mkdir -p "$yard/inbox" "$yard/logs/crane" "$yard/logs/old/2024" "$yard/attic"

# The inbox: reports of two years, one with a space in its name, and more.
cd "$yard/inbox"
for month in 08 09 10 11 12; do
    echo "Report for $month/2024: 12 boats in, 11 boats out." > "report-2024-$month.txt"
done
for month in 01 02 03 04 05 06; do
    echo "Report for $month/2025: 14 boats in, 13 boats out." > "report-2025-$month.txt"
done
echo "Report for 07/2025, with corrections." > "report-2025-07 corrected.txt"
echo "Not a picture, but it takes the place of one." > dock-01.jpg
cp dock-01.jpg dock-02.jpg
echo "How to write a report" > how-to-report.txt
echo "Ask Mara about the reports of 2023." > .todo

# The log files.
log() {
    awk -v name="$1" -v lines="$2" -v every="$3" 'BEGIN {
        for (i = 1; i <= lines; i++) {
            stamp = sprintf("2025-07-%02d %02d:%02d", i / 24 % 28 + 1, i % 24, i * 7 % 60)
            if (i % every == 0)
                print stamp " " name " ERROR sensor " i % 9 " does not answer"
            else if (i % 13 == 0)
                print stamp " " name " WARN slow, but no error"
            else
                print stamp " " name " INFO all is well"
        }
    }'
}
cd "$yard/logs"
log gate 120 17 > gate.log
log pump 90 19 > pump.log
log crane 150 23 > crane/crane.log
log winch 80 31 > crane/winch.log
log gate 200 41 > old/2024/gate.log

# The gate: Okafor comes most often, but Mara has the longest run in a row.
awk 'BEGIN {
    split("Mara Okafor Lindqvist Okafor Tanaka Dubois Okafor Silva", who, " ")
    print "time,name,gate"
    for (i = 0; i < 320; i++) {
        name = who[i % 8 + 1]
        if (i >= 200 && i < 212) name = "Mara"
        printf "%02d:%02d,%s,%s\n", 6 + i / 30, i * 2 % 60, name, i % 3 ? "east" : "west"
    }
}' > "$yard/gate.csv"

# The attic: many boxes, and one of them is hidden.
cd "$yard/attic"
for shelf in a b c d; do
    for box in 1 2 3 4 5 6; do
        mkdir -p "shelf-$shelf/box-$box"
        echo "ropes, size $box" > "shelf-$shelf/box-$box/list.txt"
    done
done
echo "no key here" > shelf-b/box-2/harbour.txt
mkdir -p shelf-c/box-5/.tin
echo "key-of-the-harbour-7731-4090" > shelf-c/box-5/.tin/harbour.key
chmod 0640 shelf-c/box-5/.tin/harbour.key

chown -R learner:learner "$yard"
