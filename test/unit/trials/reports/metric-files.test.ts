import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetricFiles, type WatchedAttempt } from '../../../../electron/trials/reports/metric-files.ts';
import { readJsonPoints, readTsvPoints } from '../../../../electron/trials/reports/metric-lines.ts';
import { readScalarEvents } from '../../../../electron/trials/reports/tensorboard-events.ts';

/** Written by tensorboardX 2.6: train/loss at 0, 1, 2, val/acc NaN at 2, a text at 1. */
const EVENTS = Buffer.from(
  'GAAAAAAAAACjf0siCfAwxqGNwNpBGg1icmFpbi5FdmVudDoyJTGB1x4AAAAAAAAA2dwSMgnsQcahjcDaQSoTChEKCnRyYWluL2xvc3MVAACAPy9fog4gAAAAAAAAACnt' +
    'qVAJOoLGoY3A2kEQASoTChEKCnRyYWluL2xvc3MVAAAAP5uOWOkgAAAAAAAAACntqVAJhYnGoY3A2kEQAioTChEKCnRyYWluL2xvc3MVq6qqPlrfqNcdAAAAAAAAAGAv' +
    '3yMJzo3GoY3A2kEQAioQCg4KB3ZhbC9hY2MVAADAf/qPbWk9AAAAAAAAAGBJ8ewJGo/GoY3A2kEQASowCi4KEW5vdGUvdGV4dF9zdW1tYXJ5Qg8IBxIEEgIIAUIFaGVs' +
    'bG9KCAoGCgR0ZXh0V8CktQ==',
  'base64',
);

describe('event files', () => {
  it('give their scalars, whatever else is in them', () => {
    const { points, usedBytes, isBroken } = readScalarEvents(EVENTS);
    expect([usedBytes, isBroken]).toEqual([EVENTS.length, false]);
    expect(points.map(({ name, step, value }) => [name, step, value])).toEqual([
      ['train/loss', 0, 1],
      ['train/loss', 1, 0.5],
      ['train/loss', 2, expect.closeTo(1 / 3, 6)],
      ['val/acc', 2, Number.NaN],
    ]);
    expect(points[0]?.atMs).toBeGreaterThan(1.7e12);
  });
  it('are read in any two pieces as in one', () => {
    const whole = readScalarEvents(EVENTS).points;
    for (let cut = 0; cut <= EVENTS.length; cut += 1) {
      const first = readScalarEvents(EVENTS.subarray(0, cut));
      const rest = readScalarEvents(EVENTS.subarray(first.usedBytes));
      expect([...first.points, ...rest.points]).toEqual(whole);
      expect(first.isBroken || rest.isBroken).toBe(false);
    }
  });
  it('end where a byte is wrong, with what stood before it', () => {
    const damaged = Buffer.from(EVENTS);
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    const { points, isBroken } = readScalarEvents(damaged);
    expect([points.length, isBroken]).toEqual([1, true]);
  });
});

it('lines of TSV and of JSON', () => {
  expect(
    readTsvPoints('timestamp\tstep\tloss', ['1700000000000\t3\t0.5', '1\tx\t1', '2\t4\tinf'], 'train/loss'),
  ).toEqual([
    { name: 'train/loss', step: 3, value: 0.5, atMs: 1_700_000_000_000 },
    { name: 'train/loss', step: 4, value: Number.POSITIVE_INFINITY, atMs: 2 },
  ]);
  expect(readJsonPoints(['{"step":1,"loss":NaN,"val":{"acc":0.5},"note":"NaN"}', '{"loss":1}', 'no'])).toEqual([
    { name: 'loss', step: 1, value: Number.NaN, atMs: null },
    { name: 'val/acc', step: 1, value: 0.5, atMs: null },
    { name: 'note', step: 1, value: Number.NaN, atMs: null },
  ]);
});

describe('files of a running attempt', () => {
  let dir: string;
  let attempt: WatchedAttempt;
  let taken: (readonly [string, number, number])[];
  let errors: unknown[];
  const files = () =>
    createMetricFiles({
      nowMs: () => 5,
      intake: {
        takeFromLog: async (_reporter, { points, notFinite }) => {
          taken.push(...points.map(({ name, step, value }) => [name, step, value] as const));
          for (const name of notFinite) taken.push([`${name} not finite`, 0, 0]);
        },
      },
      onError: (text, error) => errors.push([text, error]),
    });
  const put = (file: string, content: string | Buffer, append = false): string => {
    const full = path.join(dir, file);
    mkdirSync(path.dirname(full), { recursive: true });
    (append ? appendFileSync : writeFileSync)(full, content);
    return full;
  };
  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-metrics-'));
    attempt = {
      trialId: 1,
      attempt: 1,
      workDir: path.join(dir, 'work'),
      outputDir: path.join(dir, 'output'),
      startedAtMs: Date.now() - 60_000,
    };
    taken = [];
    errors = [];
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('are found where they are by custom, and read on as they grow', async () => {
    const follower = files();
    await follower.look([attempt]);
    put('work/runs/a/events.out.tfevents.1.host', EVENTS.subarray(0, 130));
    put('work/logs/validation/events.out.tfevents.1.host', EVENTS.subarray(0, 120));
    put('work/dvclive/plots/metrics/train/acc.tsv', 'step\tacc\n1\t0.5\n2\t0.');
    put('output/metrics.jsonl', '{"step":1,"x":1}\n');
    put('work/elsewhere/events.out.tfevents.2.host', EVENTS);
    await follower.look([attempt]);
    expect(taken.toSorted()).toEqual([
      ['train/acc', 1, 0.5],
      ['train/loss', 0, 1],
      ['validation/train/loss', 0, 1],
      ['x', 1, 1],
    ]);
    taken = [];
    put('work/runs/a/events.out.tfevents.1.host', EVENTS.subarray(130), true);
    put('work/dvclive/plots/metrics/train/acc.tsv', '7\n', true);
    await follower.finish(attempt);
    expect(taken.map(([name, step]) => `${name} ${step}`).toSorted()).toEqual([
      'train/acc 2',
      'train/loss 1',
      'train/loss 2',
      'val/acc not finite 0',
    ]);
    expect(errors).toEqual([]);
  });
  it('of runs before, and behind links, are left alone; a broken one costs nothing', async () => {
    const old = put('work/runs/old/events.out.tfevents.1.host', EVENTS);
    utimesSync(old, new Date(0), new Date(0));
    put('secret/events.out.tfevents.1.host', EVENTS);
    mkdirSync(path.join(dir, 'output'), { recursive: true });
    symlinkSync(path.join(dir, 'secret'), path.join(dir, 'output', 'link'));
    symlinkSync(
      path.join(dir, 'secret', 'events.out.tfevents.1.host'),
      path.join(dir, 'output', 'events.out.tfevents.9'),
    );
    put('work/runs/bad/events.out.tfevents.1.host', Buffer.alloc(100, 7));
    const follower = files();
    await follower.look([attempt]);
    await follower.look([{ ...attempt, workDir: null }]);
    expect([taken, errors]).toEqual([[], []]);
  });
});
