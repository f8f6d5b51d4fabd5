/**
 * One run of the recovery suite: an engine is killed with SIGKILL at random instants, round after round, while users submit, move, pause,
 * resume, freeze, cancel and kill, and trials start and finish. Afterwards everything is drained and counted.
 * Every count of a fault must be 0; each entry says what was seen.
 */
import type { Trial, TrialDetail } from '../../electron/contract/trials.ts';
import { EngineGone } from '../support/api-client.ts';
import type { EngineProcess } from '../support/engine-process.ts';
import { listTrialProcesses, waitUntil } from '../support/processes.ts';
import { brokenPromise, missingFromHistory, type Ledger } from './ledger.ts';
import type { LifeFact, LifeProof } from './life-log.ts';
import type { Random } from './random.ts';
import type { User } from './users.ts';

export interface Faults {
  readonly lostSubmits: string[];
  readonly doubledSubmits: string[];
  readonly lostWishes: string[];
  readonly attemptsRunTwice: string[];
  readonly attemptsAtOnce: string[];
  readonly slotsGivenTwice: string[];
  readonly orphans: string[];
  readonly unaccounted: string[];
}

export interface Tally {
  rounds: number;
  killedWhileStarting: number;
  checks: number;
  trials: number;
  attempts: number;
  attemptsLostBeforeTheyRan: number;
  /** Trials that an engine found active when it had started: adopted, ended meanwhile, or about to stop. */
  foundActive: number;
  wishes: number;
  wishesOfUnknownFate: number;
}

export interface KillRoundsOptions {
  readonly engine: EngineProcess;
  readonly rounds: number;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly users: readonly User[];
  readonly proof: LifeProof;
  /** How long an engine lives at most before it is killed. The first reading of the GPUs takes half a second; before it nothing is accepted or started. */
  readonly longestLifeMs: number;
  readonly drainDeadlineMs: number;
  /** What the runtime left behind besides processes, for example containers. */
  readonly listLeftovers: () => Promise<readonly string[]>;
}

/** Share of the kills that hit an engine that is still starting or recovering. */
const KILLED_WHILE_STARTING = 0.25;
const START_UP_MS = 800;

export async function runKillRounds(
  options: KillRoundsOptions,
): Promise<{ readonly faults: Faults; readonly tally: Tally }> {
  const { engine, rounds, random, ledger, users } = options;
  const faults: Faults = {
    lostSubmits: [],
    doubledSubmits: [],
    lostWishes: [],
    attemptsRunTwice: [],
    attemptsAtOnce: [],
    slotsGivenTwice: [],
    orphans: [],
    unaccounted: [],
  };
  const tally: Tally = {
    rounds: 0,
    killedWhileStarting: 0,
    checks: 0,
    trials: 0,
    attempts: 0,
    attemptsLostBeforeTheyRan: 0,
    foundActive: 0,
    wishes: 0,
    wishesOfUnknownFate: 0,
  };

  for (let round = 0; round < rounds; round++) {
    tally.rounds += 1;
    if (!engine.isAlive) {
      if (random.next() < KILLED_WHILE_STARTING) {
        tally.killedWhileStarting += 1;
        await killWhileStarting(engine, random.between(50, START_UP_MS));
        continue;
      }
      await engine.restart();
    }
    await liveOneRound(options, faults, tally, random.between(0, options.longestLifeMs));
  }
  if (!engine.isAlive) await engine.restart();
  await checkPromises(engine, ledger, faults, tally);
  for (const user of users) await user.repeatLostSubmit(engine.api);
  await drain(options);
  await account(options, faults, tally);
  return { faults, tally };
}

async function killWhileStarting(engine: EngineProcess, afterMs: number): Promise<void> {
  const restarted = engine.restart().catch(() => undefined);
  const timer = setTimeout(() => {
    void engine.kill9();
  }, afterMs);
  await restarted;
  clearTimeout(timer);
  if (engine.isAlive) await engine.kill9();
}

/** The instant of the kill is drawn before anything happens: checks, submits and moves are hit alike. */
async function liveOneRound(
  { engine, ledger, users }: KillRoundsOptions,
  faults: Faults,
  tally: Tally,
  lifeMs: number,
): Promise<void> {
  const stop = new AbortController();
  const killed = new Promise<void>((resolve) => {
    setTimeout(() => {
      void engine.kill9().then(() => {
        stop.abort();
        resolve();
      });
    }, lifeMs);
  });
  try {
    await checkPromises(engine, ledger, faults, tally);
    await Promise.all(
      users.map(async (user) => {
        await user.repeatLostSubmit(engine.api);
        await user.act(engine.api, stop.signal);
      }),
    );
  } catch (error) {
    if (!(error instanceof EngineGone)) throw error;
  } finally {
    await killed;
  }
}

/** Holds the engine's answers against the ledger. @throws EngineGone when it is killed meanwhile: what was not checked is checked next time */
async function checkPromises(engine: EngineProcess, ledger: Ledger, faults: Faults, tally: Tally): Promise<void> {
  const listed = new Map((await engine.api.trials()).map((trial) => [trial.id, trial]));
  tally.foundActive += [...listed.values()].filter(
    (trial) => trial.leaseSlots.length > 0 || trial.state === 'running',
  ).length;
  for (const promised of ledger.trials.values()) {
    const trial = listed.get(promised.id);
    if (trial === undefined) {
      faults.lostSubmits.push(`#${promised.id}`);
      continue;
    }
    if (!promised.touched) continue;
    const detail = await engine.api.trial(promised.id);
    faults.lostWishes.push(...missingFromHistory(promised, detail));
    const broken = brokenPromise(promised, detail.trial);
    if (broken !== null) faults.lostWishes.push(broken);
    promised.touched = detail.trial.state !== 'done';
    tally.checks += 1;
  }
}

/** Lets everything run to its end. */
async function drain({ engine, drainDeadlineMs }: KillRoundsOptions): Promise<void> {
  const open = (await engine.api.trials()).filter((trial) => trial.state !== 'done');
  const paused = open.filter(
    (trial) => trial.state === 'paused' || trial.frozen || (trial.state === 'stopping' && trial.stop?.kind === 'pause'),
  );
  for (const trial of paused) {
    // It may have gone on by itself since the listing.
    await engine.api.act({ action: 'resume', trialIds: [trial.id] }).catch(() => undefined);
  }
  await engine.waitFor(
    'every trial is done',
    ({ trials }) => [...trials.values()].every((trial) => trial.state === 'done'),
    drainDeadlineMs,
  );
}

async function account(
  { engine, ledger, proof, listLeftovers }: KillRoundsOptions,
  faults: Faults,
  tally: Tally,
): Promise<void> {
  const trials = await engine.api.trials();
  const facts = proof.facts();
  for (const fact of facts) {
    const who = `#${fact.trialId} attempt ${fact.attempt}`;
    if (fact.what === 'twice') faults.attemptsRunTwice.push(who);
    if (fact.what === 'overlap-trial') faults.attemptsAtOnce.push(who);
    if (fact.what === 'overlap-slot' || fact.what === 'overlap-cpu')
      faults.slotsGivenTwice.push(`${who} on ${fact.slots.join(', ') || 'a CPU place'}`);
  }
  const starts = Map.groupBy(
    facts.filter((fact) => fact.what === 'start'),
    (fact) => `${fact.trialId}/${fact.attempt}`,
  );
  for (const [key, seen] of starts)
    if (seen.length > 1) faults.attemptsRunTwice.push(`${key} started ${seen.length} times`);

  for (const trial of trials) {
    const promised = ledger.trials.get(trial.id);
    if (promised === undefined) {
      faults.doubledSubmits.push(`#${trial.id} was submitted by nobody, or twice`);
      continue;
    }
    const detail = await engine.api.trial(trial.id);
    const wrong = [
      ...checkOutcome(trial, promised.kind, promised.maxRestarts, [
        ...promised.acknowledged.keys(),
        ...promised.unknown.keys(),
      ]),
      ...(await checkAttempts(engine, detail, promised.slots, starts, facts)),
    ];
    faults.unaccounted.push(...wrong.map((text) => `#${trial.id}: ${text}`));
    tally.attempts += detail.attempts.length;
    tally.attemptsLostBeforeTheyRan += detail.attempts.filter((attempt) => attempt.end === 'lost').length;
    for (const times of promised.acknowledged.values()) tally.wishes += times;
    for (const times of promised.unknown.values()) tally.wishesOfUnknownFate += times;
  }
  tally.trials = trials.length;
  for (const slot of (await engine.api.state()).gpus.slots)
    if (slot.trialIds.length > 0)
      faults.unaccounted.push(`${slot.label} is still leased to ${slot.trialIds.join(', ')}`);
  faults.orphans.push(...(await findOrphans(engine.dataDir, listLeftovers)));
}

function checkOutcome(trial: Trial, kind: string, maxRestarts: number, verbs: readonly string[]): string[] {
  const { outcome } = trial;
  if (trial.state !== 'done' || outcome === null) return [`is ${trial.state}, without an outcome`];
  if (outcome.kind === 'canceled')
    return verbs.includes('cancel') || verbs.includes('kill') ? [] : ['was canceled, but nobody asked for that'];
  const expected = kind === 'crash' ? 'failed' : 'completed';
  if (outcome.kind !== expected) return [`a "${kind}" trial ended as ${outcome.kind}: ${outcome.message}`];
  if (kind === 'crash' && (outcome.exitCode !== 3 || trial.restarts !== maxRestarts))
    return [`exit code ${outcome.exitCode ?? 'unknown'} after ${trial.restarts} of ${maxRestarts} restarts`];
  return [];
}

/** An attempt that ended by itself ran exactly once, on the slots it was given, and its log is whole; one that was lost never ran. */
async function checkAttempts(
  engine: EngineProcess,
  detail: TrialDetail,
  slots: number,
  starts: ReadonlyMap<string, readonly LifeFact[]>,
  facts: readonly LifeFact[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const attempt of detail.attempts) {
    const name = `attempt ${attempt.number} (${attempt.end ?? 'no end'})`;
    const started = starts.get(`${detail.trial.id}/${attempt.number}`)?.[0];
    if (attempt.end === null || attempt.endedAtMs === null) wrong.push(`${name} has no end`);
    if (started === undefined) {
      if (attempt.end === 'exit') wrong.push(`${name} has an exit but never ran`);
      continue;
    }
    if (attempt.end === 'lost' || attempt.end === 'launch_failed') wrong.push(`${name} did run`);
    if (started.slots.length !== slots || started.slots.toSorted().join() !== attempt.slots.toSorted().join())
      wrong.push(`${name} ran on ${started.slots.join()} but leased ${attempt.slots.join()}`);
    if (attempt.end !== 'exit') continue;
    if (
      !facts.some((fact) => fact.what === 'end' && fact.trialId === detail.trial.id && fact.attempt === attempt.number)
    )
      wrong.push(`${name} did not come to its end`);
    if (
      (await engine.api.log(detail.trial.id, attempt.number)) !==
      `life of ${detail.trial.id} attempt ${attempt.number}\n`
    )
      wrong.push(`${name} has an incomplete log`);
  }
  return wrong;
}

/** What a dead attempt left is killed right after its end, so a moment is given. */
async function findOrphans(dataDir: string, listLeftovers: () => Promise<readonly string[]>): Promise<string[]> {
  const look = async (): Promise<string[]> => [
    ...listTrialProcesses(dataDir).map(({ pid, attemptId, command }) => `process ${pid} of ${attemptId}: ${command}`),
    ...(await listLeftovers()),
  ];
  await waitUntil('nothing is left behind', async () => (await look()).length === 0, 5_000).catch(() => undefined);
  return look();
}
