/** Programs that trials run. Plain sh, so that they run on the machine and in any container alike. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Trains for $STEPS steps: reports a metric and its progress with every step, saves a checkpoint when asked to stop, goes on from
 * the latest one. A first attempt takes its time, so that it is still there when somebody acts on it; later ones hurry.
 */
const TRAIN_SH = `#!/bin/sh
report() { printf '%s\\n' "$1" >>"$SWITCHYARD_REPORT_FILE"; }
save() {
  mkdir -p "$SWITCHYARD_CHECKPOINT_DIR/step-$step"
  echo "$step" >"$SWITCHYARD_CHECKPOINT_DIR/step-$step/step"
  report "{\\"t\\":\\"checkpoint\\",\\"path\\":\\"step-$step\\",\\"step\\":$step}"
  echo "saved step $step"
}
trap 'asked=yes' TERM
steps=\${STEPS:-200}
step=0
asked=no
pace=0.2
[ "$SWITCHYARD_ATTEMPT" = 1 ] || pace=0.01
if [ -n "$SWITCHYARD_LATEST_CHECKPOINT" ]; then
  step=$(cat "$SWITCHYARD_LATEST_CHECKPOINT/step")
  echo "going on at step $step"
fi
while [ "$step" -lt "$steps" ]; do
  sleep "$pace"
  step=$((step + 1))
  report "{\\"t\\":\\"metrics\\",\\"step\\":$step,\\"values\\":{\\"train/loss\\":$((1000 / step))}}"
  done=000$((step * 999 / steps))
  report "{\\"t\\":\\"progress\\",\\"value\\":0.\${done#\${done%???}},\\"step\\":$step}"
  echo "step $step of $steps"
  if [ "$asked" = yes ]; then save; exit 0; fi
done
save
echo "trained $steps steps"
`;

/** Prints $RATE lines a second for $SECONDS seconds, in bursts, numbered. */
const WRITER_PY = `import os, sys, time
rate, seconds = int(os.environ["RATE"]), float(os.environ["SECONDS"])
out = sys.stdout
start = time.monotonic()
done = 0
while True:
    elapsed = time.monotonic() - start
    due = min(int(elapsed * rate), int(rate * seconds))
    out.write("".join("line %d loss 0.123456 lr 0.0003 some more words of a training run\\n" % n for n in range(done, due)))
    out.flush()
    done = due
    if done >= int(rate * seconds):
        break
    time.sleep(0.005)
print("wrote %d lines" % done, flush=True)
`;

/** @returns the directory of a new project with train.sh and writer.py in it */
export function writeProject(parent: string): string {
  const dir = path.join(parent, 'project');
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, 'train.sh'), TRAIN_SH, { mode: 0o755 });
  writeFileSync(path.join(dir, 'writer.py'), WRITER_PY);
  return dir;
}
