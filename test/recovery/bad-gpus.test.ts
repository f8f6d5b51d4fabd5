/** GPUs on bad days, played by the fake nvidia-smi: the queue waits, says why, and goes on by itself. */
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { openYard, type Yard } from '../support/yard.ts';

const LONG = 'sleep 600';

async function running(yard: Yard, slots: number): Promise<number> {
  const id = await yard.submit({ entrypoint: LONG, resources: { slots }, grace_period_s: 0.5 });
  await yard.engine.waitFor(`#${id} runs`, ({ trials }) => trials.get(id)?.state === 'running');
  return id;
}

/** Waits until the trial waits for a reason like that. */
function waitsFor(yard: Yard, id: number, reason: RegExp, deadlineMs?: number): Promise<unknown> {
  return yard.engine.waitFor(
    `#${id} waits for ${reason}`,
    (state) => {
      const trial = state.trials.get(id);
      if (trial !== undefined && trial.state !== 'queued') throw new Error(`#${id} is ${trial.state}, it should wait`);
      return reason.test(state.reasonOf(id) ?? '');
    },
    deadlineMs,
  );
}

const runs = (yard: Yard, id: number): Promise<unknown> =>
  yard.engine.waitFor(`#${id} runs`, ({ trials }) => trials.get(id)?.state === 'running');

describe('somebody else uses the GPUs', () => {
  test('the queue waits and says who, and goes on when they leave', async () => {
    const yard = await openYard({ gpus: [{}, {}] });
    for (const uuid of yard.gpus.uuids)
      yard.gpus.addForeign(uuid, { pid: process.pid, name: 'jupyter', usedMiB: 11_000 });
    await yard.engine.waitFor(
      'the use is seen',
      ({ gpus }) => gpus.slots.length === 2 && gpus.slots.every((slot) => !slot.placeable),
    );
    const id = await yard.submit({ entrypoint: 'echo "$CUDA_VISIBLE_DEVICES"', resources: { slots: 1 } });
    await waitsFor(yard, id, new RegExp(`jupyter.*${process.pid}`));
    yard.gpus.removeForeign(process.pid);
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
    expect(yard.gpus.uuids).toContain((await yard.engine.api.log(id, 1)).trim());
  });
});

describe('a GPU is lost', () => {
  test('nothing is started on it, what runs on the others goes on, and it is used again when it is back', async () => {
    const yard = await openYard({ gpus: [{}, {}] });
    const first = await running(yard, 1);
    const lost = (await yard.engine.api.trial(first)).trial.leaseSlots[0] ?? '';
    yard.gpus.lose(lost);
    await yard.engine.waitFor('the loss is seen', ({ gpus }) =>
      gpus.gpus.some((gpu) => gpu.uuid === lost && !gpu.health.ok),
    );
    const wide = await yard.submit({ entrypoint: 'true', resources: { slots: 2 } });
    await waitsFor(yard, wide, /lost|healthy|not usable|fallen|GPU 0/i);
    const narrow = await running(yard, 1);
    expect((await yard.engine.api.trial(narrow)).trial.leaseSlots).toEqual(
      yard.gpus.uuids.filter((uuid) => uuid !== lost),
    );
    // The program on the lost GPU decides itself what to make of it; its end frees nothing that works.
    await yard.engine.api.act({ action: 'kill', trialIds: [first, narrow] });
    await yard.outcomeOf(first);
    await yard.outcomeOf(narrow);
    await waitsFor(yard, wide, /lost|healthy|not usable|fallen|GPU 0/i);
    yard.gpus.recover();
    expect(await yard.outcomeOf(wide)).toMatchObject({ kind: 'completed' });
  });
});

describe('nvidia-smi', () => {
  test(
    'hangs: the engine answers, running trials end, queued ones wait with the reason and start when it is back',
    { timeout: 90_000 },
    async () => {
      const yard = await openYard({ gpus: [{}] });
      const short = await yard.submit({ entrypoint: 'sleep 3', resources: { slots: 1 } });
      await runs(yard, short);
      yard.gpus.hang();
      const next = await yard.submit({ entrypoint: 'true', resources: { slots: 1 } });
      const startedAt = performance.now();
      await yard.engine.api.state();
      await yard.engine.api.act({ action: 'priority', trialIds: [next], priority: 7 });
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(await yard.outcomeOf(short)).toMatchObject({ kind: 'completed' });
      await yard.engine.waitFor('the reading is stale', ({ gpus }) => gpus.stale && gpus.problem !== null, 30_000);
      expect((await yard.engine.api.state()).notices.find((notice) => notice.id === 'gpu_problem')?.text).toMatch(
        /nvidia-smi/,
      );
      const waiting = await yard.submit({ entrypoint: 'true', resources: { slots: 1 } });
      await waitsFor(yard, waiting, /nvidia-smi|reading|stale|not known/i);
      yard.gpus.recover();
      expect(await yard.outcomeOf(waiting, 40_000)).toMatchObject({ kind: 'completed' });
      expect(await yard.outcomeOf(next)).toMatchObject({ kind: 'completed' });
    },
  );

  test(
    'hangs already when the engine starts: it starts, answers and runs what needs no GPU; a trial for a GPU waits until it is known',
    { timeout: 90_000 },
    async () => {
      const yard = await openYard({ gpus: [{}] });
      await yard.engine.stop();
      yard.gpus.hang();
      await yard.engine.restart();
      // Whoever asks before the first reading waits for it, but no longer than the probe gives nvidia-smi.
      const plain = await yard.submit({ entrypoint: 'true', resources: { slots: 0 } });
      expect(await yard.outcomeOf(plain)).toMatchObject({ kind: 'completed' });
      const waiting = await yard.submit({ entrypoint: 'true', resources: { slots: 1 } });
      await waitsFor(yard, waiting, /GPU/);
      yard.gpus.recover();
      expect(await yard.outcomeOf(waiting, 40_000)).toMatchObject({ kind: 'completed' });
    },
  );

  test('disappears and comes back, also across a restart of the engine', { timeout: 60_000 }, async () => {
    const yard = await openYard({ gpus: [{}, {}] });
    const first = await running(yard, 1);
    yard.gpus.remove();
    await yard.engine.waitFor('the loss is seen', ({ gpus }) => gpus.stale && /disappeared/.test(gpus.problem ?? ''));
    const waiting = await yard.submit({ entrypoint: 'true', resources: { slots: 1 } });
    await waitsFor(yard, waiting, /\w/);
    // An engine that starts without nvidia-smi knows no GPU: what is queued for one stays queued, what runs runs on.
    await yard.engine.kill9();
    await yard.engine.restart();
    await yard.engine.waitFor(
      'it is adopted',
      ({ trials }) => trials.get(first)?.state === 'running' && trials.get(waiting)?.state === 'queued',
    );
    await waitsFor(yard, waiting, /\w/);
    yard.gpus.recover();
    expect(await yard.outcomeOf(waiting, 45_000)).toMatchObject({ kind: 'completed' });
    expect((await yard.engine.api.trial(first)).trial).toMatchObject({ state: 'running', attempt: 1 });
  });

  test('answers with a driver mismatch: said in its own words with the remedy', async () => {
    const yard = await openYard({ gpus: [{}] });
    yard.gpus.fail('Failed to initialize NVML: Driver/library version mismatch', 18);
    const notice = await yard.engine.waitFor('the notice', ({ notices }) =>
      notices.find(({ id }) => id === 'gpu_problem'),
    );
    expect(notice.text).toMatch(/mismatch[^]*(reboot|restart)/i);
    yard.gpus.recover();
    await yard.engine.waitFor('the notice is gone', ({ notices }) => notices.every(({ id }) => id !== 'gpu_problem'));
  });
});
