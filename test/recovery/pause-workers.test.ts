/** Pause must not cost work: the README's own loop with worker processes, and one that asks beside its main thread, save before they end. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitUntil } from '../support/processes.ts';
import { openYard } from '../support/yard.ts';
import { pythonVersion } from '../unit/resources/python.ts';

/** A worker that ends under it makes it crash, as PyTorch's DataLoader does. */
const README_LOOP = `
import multiprocessing, os, sys, time
import switchyard

def feed(queue):
    while True:
        queue.put(1)

if __name__ == '__main__':
    multiprocessing.set_start_method('fork')
    resume = switchyard.latest_checkpoint()
    start = int(open(resume + '/step').read()) if resume else 0
    switchyard.should_stop()
    queue = multiprocessing.Queue(2)
    workers = [multiprocessing.Process(target=feed, args=(queue,), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    for step in range(start, 1000000):
        queue.get(timeout=10)
        if not all(worker.is_alive() for worker in workers):
            raise RuntimeError('DataLoader worker is killed by signal')
        switchyard.metrics(step, loss=1 / (step + 1))
        stopping = switchyard.should_stop()
        if step == start + 3:
            print('in the loop', flush=True)
        if stopping or step % 100000 == 99999:
            with switchyard.save_checkpoint(step=step) as path:
                for _ in range(20):
                    queue.get(timeout=10)
                open(path + '/step', 'w').write(str(step))
        if stopping:
            break
        time.sleep(0.005)
    print('saved', flush=True)
`;

/** No handler can be set from there: SIGTERM together with the wish would end it in the middle of its saving. */
const ASKS_IN_A_THREAD = `
import threading, time
import switchyard

def loop():
    switchyard.should_stop()
    print('in the loop', flush=True)
    while not switchyard.should_stop():
        time.sleep(0.01)
    with switchyard.save_checkpoint(step=7) as path:
        time.sleep(0.3)
        open(path + '/step', 'w').write('7')
    print('saved', flush=True)

thread = threading.Thread(target=loop)
thread.start()
thread.join()
`;

describe.skipIf(pythonVersion === null)('a program that asks should_stop() (needs python3)', () => {
  test.each([
    ['with workers', README_LOOP, 'python3 train.py'],
    ['with workers, its output in a pipe', README_LOOP, 'python3 train.py 2>&1 | cat'],
    ['in a thread', ASKS_IN_A_THREAD, 'python3 train.py'],
  ])('%s: is paused with its work saved, and goes on from it', async (_how, text, entrypoint) => {
    const yard = await openYard();
    const source = path.join(yard.dir, 'project');
    mkdirSync(source);
    writeFileSync(path.join(source, 'train.py'), text);
    const { trialIds } = await yard.engine.api.submit({
      config: { runtime: 'process', entrypoint, grace_period_s: 20 },
      source: { kind: 'directory', path: source },
    });
    const id = trialIds[0] ?? 0;
    await waitUntil('it is in its loop', async () =>
      (await yard.engine.api.log(id, 1).catch(() => '')).includes('in the loop'),
    );
    await yard.engine.api.act({ action: 'pause', trialIds: [id] });
    await yard.engine.waitFor('it is paused', ({ trials }) => trials.get(id)?.state === 'paused');
    expect(await yard.engine.api.log(id, 1)).toBe('in the loop\nsaved\n');
    const saved = path.join(yard.engine.dataDir, 'trials', String(id), 'checkpoints');
    expect(readdirSync(saved).filter((name) => existsSync(path.join(saved, name, 'step')))).toHaveLength(1);
    await yard.engine.api.act({ action: 'resume', trialIds: [id] });
    await waitUntil('it goes on', async () =>
      (await yard.engine.api.log(id, 2).catch(() => '')).includes('in the loop'),
    );
    await yard.engine.api.act({ action: 'kill', trialIds: [id] });
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'canceled' });
  });
});
