/**
 * The promise of section 9 of the design: no acknowledged submit lost, no attempt run twice, no two trials on one exclusive slot, nothing
 * left behind, over many kills of the engine at random instants.
 *
 *   SWITCHYARD_RECOVERY_ROUNDS=200   how many kills (default 50)
 *   SWITCHYARD_RECOVERY_SEED=1234    repeats the choices of an earlier run (the timing of the machine stays its own)
 */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import { engineLogTail, removeDirectory, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { runKillRounds, type Faults } from './kill-rounds.ts';
import { createLedger } from './ledger.ts';
import { prepareProof } from './life-log.ts';
import { createRandom } from './random.ts';
import { createUser } from './users.ts';

const ROUNDS = Number(process.env['SWITCHYARD_RECOVERY_ROUNDS'] ?? 50);
const SEED = Number(process.env['SWITCHYARD_RECOVERY_SEED'] ?? Date.now() % 1_000_000);
const CPU_PLACES = 3;
const NO_FAULTS: Faults = { lostSubmits: [], doubledSubmits: [], lostWishes: [], attemptsRunTwice: [], attemptsAtOnce: [], slotsGivenTwice: [], orphans: [], unaccounted: [] };

let dir: string;
let engine: EngineProcess | null = null;
beforeEach(() => { dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-kill-')); });
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') process.stdout.write(`seed ${SEED}\n${engine?.stderr() ?? ''}\n${engineLogTail(path.join(dir, 'data'))}\n`);
  await engine?.dispose();
  removeDirectory(dir);
});

describe.skipIf(process.platform !== 'linux')('kill -9 at random instants (needs Linux: /proc, flock)', () => {
  test(`process runtime, 4 GPUs, ${ROUNDS} rounds`, { timeout: (60 + ROUNDS * 8) * 1000 }, async () => {
    const random = createRandom(SEED);
    const proof = prepareProof(path.join(dir, 'proof'), CPU_PLACES);
    const gpus = createFakeGpus(dir, [{}, {}, {}, {}]);
    engine = await startEngineProcess({ dataDir: path.join(dir, 'data'), env: gpus.env });
    await engine.api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: CPU_PLACES } });
    const ledger = createLedger();
    const users = [1, 2].map(() => createUser({
      random, ledger, maxSlots: 2, maxOpen: 14,
      kinds: { work: 10, crash: 3, polite: 4, stubborn: 2, leaver: 3 },
      makeSubmit: (kind, slots, maxRestarts) => ({
        config: {
          name: `${kind} ${slots}`, runtime: 'process', entrypoint: ['/bin/sh', proof.program, kind, random.between(0, 0.8).toFixed(2)],
          environment: { environment_variables: proof.env }, resources: { slots }, max_restarts: maxRestarts, grace_period_s: 0.4,
        },
        source: random.next() < 0.15 ? { kind: 'directory', path: proof.dir } : { kind: 'none' },
      }),
    }));
    const { faults, tally } = await runKillRounds({ engine, rounds: ROUNDS, random, ledger, users, proof, drainDeadlineMs: 120_000, listLeftovers: async () => [] });
    process.stdout.write(`seed ${SEED}: ${JSON.stringify(tally)}\n`);
    expect(faults).toEqual(NO_FAULTS);
    // The suite must not pass because nothing happened.
    expect(tally.trials).toBeGreaterThan(ROUNDS / 2);
    expect(tally.attempts).toBeGreaterThan(ROUNDS / 2);
  });
});
