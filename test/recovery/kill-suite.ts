/** What both variants of the suite share: rounds and seed from the environment, the users, and what is said when it failed. */
import path from 'node:path';
import process from 'node:process';
import { expect, onTestFinished } from 'vitest';
import type { SubmitBodyInput } from '../../electron/contract/config.ts';
import { createFakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import { engineLogTail, startEngineProcess } from '../support/engine-process.ts';
import { listTrialProcesses } from '../support/processes.ts';
import { makeDirectory } from '../support/yard.ts';
import { runKillRounds, type Faults } from './kill-rounds.ts';
import { createLedger } from './ledger.ts';
import { prepareProof, type LifeKind, type LifeProof } from './life-log.ts';
import { createRandom } from './random.ts';
import { createUser } from './users.ts';

/** Kills of the engine in the main suite. */
export const ROUNDS = Number(process.env['SWITCHYARD_RECOVERY_ROUNDS'] ?? 50);
/** Repeats the choices of an earlier run; the timing of the machine stays its own. */
const SEED = Number(process.env['SWITCHYARD_RECOVERY_SEED'] ?? Date.now() % 1_000_000);

const LONG_SHARE = 0.3;

const NO_FAULTS: Faults = {
  lostSubmits: [],
  doubledSubmits: [],
  lostWishes: [],
  attemptsRunTwice: [],
  attemptsAtOnce: [],
  slotsGivenTwice: [],
  orphans: [],
  unaccounted: [],
};

export interface KillSuite {
  readonly rounds: number;
  readonly gpus: number;
  readonly cpuPlaces: number;
  readonly kinds: Readonly<Record<LifeKind, number>>;
  /** Most trials are this short at most, so that many start and end in each round; some outlive engines. */
  readonly shortTrialS: number;
  readonly longTrialS: number;
  readonly longestLifeMs: number;
  readonly maxOpenPerUser: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly drainDeadlineMs: number;
  /** What runtime and image a trial gets. */
  readonly place: (proof: LifeProof) => Readonly<Record<string, unknown>>;
  readonly listLeftovers: () => Promise<readonly string[]>;
}

/** Runs the rounds and expects that nothing was lost, doubled or left behind. */
export async function expectNothingLost(suite: KillSuite): Promise<void> {
  const dir = makeDirectory();
  const random = createRandom(SEED);
  const proof = prepareProof(path.join(dir, 'proof'), suite.cpuPlaces);
  const gpus = createFakeGpus(
    dir,
    Array.from({ length: suite.gpus }, () => ({})),
  );
  const engine = await startEngineProcess({ dataDir: path.join(dir, 'data'), env: { ...gpus.env, ...suite.env } });
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail')
      process.stdout.write(`seed ${SEED}\n${engine.stderr()}\n${engineLogTail(engine.dataDir)}\n`);
    await engine.dispose();
    for (const { pid } of listTrialProcesses(engine.dataDir)) process.kill(pid, 'SIGKILL');
  });
  await engine.api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: suite.cpuPlaces } });

  const makeSubmit = (
    kind: LifeKind,
    slots: number,
    maxRestarts: number,
  ): Pick<SubmitBodyInput, 'config' | 'source'> => ({
    config: {
      name: `${kind} on ${slots}`,
      entrypoint: [
        '/bin/sh',
        proof.program,
        kind,
        random.between(0, random.next() < LONG_SHARE ? suite.longTrialS : suite.shortTrialS).toFixed(2),
      ],
      environment: { environment_variables: proof.env },
      resources: { slots },
      max_restarts: maxRestarts,
      grace_period_s: 0.4,
      ...suite.place(proof),
    },
    source: random.next() < 0.15 ? { kind: 'directory', path: path.dirname(proof.program) } : { kind: 'none' },
  });
  const ledger = createLedger();
  const users = [1, 2].map(() =>
    createUser({
      random,
      ledger,
      maxSlots: Math.min(2, suite.gpus),
      maxOpen: suite.maxOpenPerUser,
      kinds: suite.kinds,
      makeSubmit,
    }),
  );
  const { faults, tally } = await runKillRounds({
    engine,
    rounds: suite.rounds,
    random,
    ledger,
    users,
    proof,
    longestLifeMs: suite.longestLifeMs,
    drainDeadlineMs: suite.drainDeadlineMs,
    listLeftovers: suite.listLeftovers,
  });
  process.stdout.write(`seed ${SEED}: ${JSON.stringify(tally)}\n`);
  expect(faults).toEqual(NO_FAULTS);
  // It must not pass because nothing happened.
  expect(tally.trials).toBeGreaterThan(suite.rounds);
  expect(tally.attempts).toBeGreaterThan(suite.rounds);
  expect(tally.foundActive).toBeGreaterThan(suite.rounds / 2);
}
