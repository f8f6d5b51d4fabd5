/** A program with worker processes that is asked to end: it can save, because its workers are left to it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExitInfo, LaunchSpec, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { createLauncher } from '../../native/process/launcher.ts';
import { createProcessRuntime } from '../../native/process/process-runtime.ts';
import { createLab, SUPERVISORS, systemClock } from '../support/runtime-lab.ts';
import type { Lab } from '../support/runtime-lab.ts';

/** As PyTorch's DataLoader: two workers that feed the main process, which cannot go on without them. */
const TRAIN = `
import multiprocessing, os, signal, sys, time

def work(queue, begun):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    begun.release()
    while True:
        queue.put(os.getpid())

asked = False
def on_term(*_):
    global asked
    asked = True

if __name__ == '__main__':
    multiprocessing.set_start_method('fork')
    signal.signal(signal.SIGTERM, on_term)
    queue = multiprocessing.Queue(2)
    begun = multiprocessing.Semaphore(0)
    workers = [multiprocessing.Process(target=work, args=(queue, begun), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    # Before that a worker has its parent's handler, and would live through its terminate().
    for _ in workers:
        begun.acquire()
    print('ready', flush=True)
    while not asked:
        queue.get(timeout=5)
        if not all(worker.is_alive() for worker in workers):
            print('a worker was killed', flush=True)
            sys.exit(1)
    for _ in range(20):
        queue.get(timeout=5)
    time.sleep(0.1)
    print('saved' if all(worker.is_alive() for worker in workers) else 'too late', flush=True)
    for worker in workers:
        worker.terminate()
        worker.join()
    sys.exit(0)
`;

const python = ((): string | null => {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
})();

describe.skipIf(process.platform !== 'linux' || python === null).each(SUPERVISORS)(
  'a program with workers, supervised by $by',
  ({ starter }) => {
    const openRuntime = (): TrialRuntime =>
      createProcessRuntime({ clock: systemClock, launcher: createLauncher(starter) });
    let lab: Lab;
    let runtime: TrialRuntime;
    beforeEach(() => {
      lab = createLab(null);
      runtime = openRuntime();
    });
    afterEach(async () => {
      await runtime.sweep(lab.engineId, new Set());
      await runtime.close();
      lab.close();
    });

    async function askToEnd(
      argv: readonly string[],
      more: Readonly<Record<string, string>> = {},
    ): Promise<[LaunchSpec, ExitInfo]> {
      const spec = lab.plan({ argv });
      writeFileSync(path.join(lab.workOf(spec), 'train.py'), TRAIN);
      for (const [name, text] of Object.entries(more)) writeFileSync(path.join(lab.workOf(spec), name), text);
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      await runtime.terminate(handle);
      return [spec, await exit];
    }
    const p = python ?? '';

    it.each([
      ['itself', [p, 'train.py'], 0],
      ['behind the shell of an entrypoint', ['sh', '-c', `trap 'exit 143' TERM\n${p} train.py`], 143],
      [
        'behind a shell without a trap, which does not go on',
        ['sh', '-c', `${p} train.py; echo "went on"; sleep 600`],
        143,
      ],
      ['in a script of its own', ['bash', 'run.sh'], 143],
      ['at the head of a pipeline', ['bash', '-c', `trap 'exit 143' TERM; ${p} train.py 2>&1 | tee out`], 143],
      ['writing into a process substitution', ['bash', '-c', `trap 'exit 143' TERM; ${p} train.py > >(tee out)`], 143],
    ] as const)('%s: saves when it is asked to end', async (_where, argv, exitCode) => {
      const [spec, exit] = await askToEnd(argv, { 'run.sh': `for seed in 1 2; do ${p} train.py; done\n` });
      expect(lab.log(spec)).toBe('ready\nsaved\n');
      expect(exit).toMatchObject({ exitCode, lost: false });
    });

    it('is asked also when it was frozen', async () => {
      const spec = lab.plan({ argv: ['sh', '-c', `trap 'exit 143' TERM\n${p} train.py`] });
      writeFileSync(path.join(lab.workOf(spec), 'train.py'), TRAIN);
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      await runtime.freeze(handle);
      await runtime.terminate(handle);
      await exit;
      expect(lab.log(spec)).toBe('ready\nsaved\n');
    });

    it('is asked also when it had hardly begun', async () => {
      for (let i = 0; i < 20; i++) {
        const handle = await lab.launch(runtime, lab.plan({ argv: ['sleep', '600'] }));
        const { exit } = runtime.attach(handle);
        await runtime.terminate(handle);
        expect(await exit).toMatchObject({ signal: 'SIGTERM' });
      }
    });

    it('goes with all of its workers at the end of its time', async () => {
      const [spec] = [lab.plan({ argv: [p, 'train.py'] })];
      writeFileSync(path.join(lab.workOf(spec), 'train.py'), TRAIN);
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      await runtime.kill(handle);
      await exit;
      expect(await openRuntime().pids(handle)).toEqual([]);
    });
  },
);
