#!/bin/sh
# life.sh KIND SECONDS: a trial program that proves its life outside the engine's control, in the folder $PROOF.
#   life.log      one appended line per fact: WHAT TRIAL ATTEMPT UPTIME SLOTS
#   once/T-A      created exclusively by attempt A of trial T: a second run of one attempt finds it and says "twice"
#   locks/...     held (flock) from start to death, however it dies, one per trial, per GPU, and one of $CPU_PLACES for trials
#                 without a GPU. Who finds one taken says so: "overlap-trial", "overlap-slot", "overlap-cpu".
# KIND: work | crash (exit code 3) | polite (saves and exits on SIGTERM) | stubborn (ignores SIGTERM) | leaver (leaves a child in another session)
kind=$1 seconds=$2 t=$SWITCHYARD_TRIAL_ID a=$SWITCHYARD_ATTEMPT

# A container with GPUs is told by the other name alone.
slots=${CUDA_VISIBLE_DEVICES:-$NVIDIA_VISIBLE_DEVICES}
[ "$kind" = polite ] && trap 'kill "$child" 2>/dev/null; say polite; say end; exit 0' TERM
[ "$kind" = stubborn ] && trap '' TERM

say() {
  read -r up rest </proc/uptime
  printf '%s %s %s %s %s\n' "$1" "$t" "$a" "$up" "$slots" >>"$PROOF/life.log"
}

# look FD: locks the open file; fails with 1 when somebody has it. Debian's busybox lacks flock, so images bring Python.
if command -v flock >/dev/null; then
  look() { flock -n "$1"; }
else
  look() { python3 -SIc 'import fcntl, sys; fcntl.flock(int(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)' "$1" 2>/dev/null; }
fi
# take FD: the same; a wish to stop goes to what a shell runs, and a look that it ended has seen nothing: it is repeated.
take() {
  while :; do
    look "$1"
    result=$?
    [ "$result" -gt 128 ] || return "$result"
  done
}

say start
(set -C; : >"$PROOF/once/$t-$a") 2>/dev/null || say twice
echo "life of $t attempt $a"
exec 9>"$PROOF/locks/trial-$t"
take 9 || say overlap-trial
if [ "$slots" = -1 ]; then
  place=1
  while :; do
    exec 8>"$PROOF/locks/cpu-$place"
    take 8 && break
    place=$((place + 1))
    [ "$place" -le "$CPU_PLACES" ] || { say overlap-cpu; break; }
  done
else
  fd=5
  for uuid in $(echo "$slots" | tr , ' '); do
    eval "exec $fd>\"\$PROOF/locks/\$uuid\""
    take "$fd" || say overlap-slot
    fd=$((fd + 1))
  done
fi

# Children must not hold the locks longer than this program lives.
if [ "$kind" = leaver ]; then
  setsid sleep 120 5>&- 6>&- 7>&- 8>&- 9>&- &
fi
sleep "$seconds" 5>&- 6>&- 7>&- 8>&- 9>&- &
child=$!
wait "$child"
say end
[ "$kind" = crash ] && exit 3
exit 0
