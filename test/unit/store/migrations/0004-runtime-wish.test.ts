import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { chooseRuntime } from '../../../../electron/queue/choose-runtime.ts';
import { migrate } from '../../../../electron/store/migrate.ts';
import type { TrialSpec } from '../../../../electron/store/trial-spec.ts';

const OLD = {
  argv: ['python', 'train.py'],
  command: 'python train.py',
  runtime: 'process',
  image: null as string | null,
  slots: 2,
  minFreeMiB: 8192,
  gpuName: '*4090*',
  shareMiB: null,
  preemptible: false,
  weight: 1.5,
  maxSlots: 4,
  cpus: null,
  memoryMiB: 2048,
  shmMiB: 1024,
  mounts: [{ hostPath: '/a', containerPath: '/b', readOnly: true }],
  graceS: 30,
  timeLimitS: null,
  maxRestarts: 3,
  estimatedMs: 60_000,
};

/** @returns the description of a trial of before */
function upgraded(spec: Partial<typeof OLD>, config: object = {}) {
  const db = new Sqlite(':memory:');
  migrate(db, 3);
  db.exec(`INSERT INTO pool VALUES ('p', 'P', 1, 'open', '[]', '{}', 1)`);
  db.prepare(`INSERT INTO experiment (id, name, config, created_at_ms) VALUES (1, 'e', ?, 0)`).run(
    JSON.stringify(config),
  );
  db.prepare(
    `INSERT INTO trial (id, experiment_id, name, labels, pool_id, state, revision, priority, rank, spec,
        estimate_key, hparams, attempt, restarts, frozen, submitted_at_ms, archived)
      VALUES (1, 1, 't', '[]', 'p', 'queued', 1, 42, 'a', ?, 'k', '{}', 0, 0, 0, 0, 0)`,
  ).run(JSON.stringify({ ...OLD, ...spec }));
  migrate(db, 4);
  return JSON.parse(db.prepare('SELECT spec FROM trial').pluck().get() as string) as TrialSpec;
}

test('0004: a description of before is the same description in its new form', () => {
  expect(upgraded({})).toEqual({
    argv: ['python', 'train.py'],
    command: 'python train.py',
    runtime: null,
    image: null,
    ask: { slots: 2, minFreeMiB: 8192, gpuName: '*4090*', shareMiB: null },
    terms: { preemptible: false, weight: 1.5, maxSlots: 4 },
    limits: { cpus: null, memoryMiB: 2048, shmMiB: 1024 },
    mounts: [{ hostPath: '/a', containerPath: '/b', readOnly: true }],
    graceS: 30,
    timeLimitS: null,
    maxRestarts: 3,
    estimatedMs: 60_000,
  });
});

test.each([
  ['process', null, {}, null],
  ['process', null, { runtime: 'process' }, 'process'],
  ['docker', 'python:3', {}, null],
  ['docker', 'python:3', { runtime: 'docker' }, 'docker'],
  // Its configuration was never told apart from what it became: it keeps what it had.
  ['process', 'python:3', {}, 'process'],
  ['docker', null, {}, 'docker'],
  ['process', null, { runtime: 'docker' }, null],
] as const)('0004: what ran as %s with image %j runs as that again', (runtime, image, config, wish) => {
  const spec = upgraded({ runtime, image }, config);
  expect(spec.runtime).toBe(wish);
  expect(spec.image).toBe(image);
  expect(chooseRuntime({ kind: 'local' }, spec)).toBe(runtime);
});
