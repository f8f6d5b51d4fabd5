/**
 * The promise of the design: no acknowledged submit lost, no attempt run twice, no two trials on one exclusive slot, nothing left behind,
 * over many kills of the engine at random instants.
 *
 *   SWITCHYARD_RECOVERY_ROUNDS=200   how many kills (default 50)
 *   SWITCHYARD_RECOVERY_SEED=1234    repeats the choices of an earlier run
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { makeDirectory } from '../support/yard.ts';
import { expectNothingLost, ROUNDS } from './kill-suite.ts';
import { prepareProof } from './life-log.ts';

describe.skipIf(process.platform !== 'linux')('kill -9 at random instants (needs Linux: /proc, flock)', () => {
  test(`process runtime, 4 GPUs, ${ROUNDS} rounds`, { timeout: (90 + ROUNDS * 8) * 1000 }, async () => {
    await expectNothingLost({
      rounds: ROUNDS,
      gpus: 4,
      cpuPlaces: 3,
      kinds: { work: 10, crash: 3, polite: 4, stubborn: 2, leaver: 3 },
      shortTrialS: 0.8,
      longTrialS: 8,
      longestLifeMs: 2_500,
      maxOpenPerUser: 14,
      drainDeadlineMs: 120_000,
      place: () => ({ runtime: 'process' }),
      listLeftovers: async () => [],
    });
  });

  test('the proof notices what it is there for: a second run of one attempt, and two on one slot', () => {
    const proof = prepareProof(path.join(makeDirectory(), 'proof'), 1);
    const live = (trial: number, attempt: number, uuids: string, rest = ''): string =>
      `SWITCHYARD_TRIAL_ID=${trial} SWITCHYARD_ATTEMPT=${attempt} CUDA_VISIBLE_DEVICES=${uuids} sh ${proof.program} work 0.5 & ${rest}`;
    const later = 'sleep 0.2;';
    const done = spawnSync(
      'sh',
      [
        '-c',
        `${live(1, 1, 'GPU-a')} ${later} ${live(1, 1, 'GPU-b')} ${live(2, 1, 'GPU-c,GPU-a')} ${live(3, 1, '-1')} ${later} ${live(4, 1, '-1')} wait`,
      ],
      { env: { ...process.env, ...proof.env } },
    );
    expect(done.status).toBe(0);
    const noticed = proof
      .facts()
      .filter(({ what }) => !['start', 'end'].includes(what))
      .map(({ what, trialId }) => `${what} ${trialId}`);
    expect(noticed.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'overlap-cpu 4',
      'overlap-slot 2',
      'overlap-trial 1',
      'twice 1',
    ]);
  });
});
