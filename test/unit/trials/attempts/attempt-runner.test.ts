/** The runner over a machine in memory: from the plan to the saved end, and taken up again by the next engine. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RuntimeKind } from '../../../../electron/contract/states.ts';
import { LaunchError, type TrialRuntime } from '../../../../electron/ports/trial-runtime.ts';
import { ensureWorkstationPool } from '../../../../electron/queue/pools.ts';
import { getAttempt } from '../../../../electron/store/attempts.ts';
import { openStore, type Store } from '../../../../electron/store/database.ts';
import { insertExperiment } from '../../../../electron/store/experiments.ts';
import { getTrialRow, insertTrial, type TrialRow } from '../../../../electron/store/trials.ts';
import type { WantedRuntime } from '../../../../electron/store/trial-spec.ts';
import { createAttemptRunner, type AttemptRunner } from '../../../../electron/trials/attempts/attempt-runner.ts';
import { carryOutPlan } from '../../../../electron/trials/attempts/carry-out-plan.ts';
import { createReportIntake } from '../../../../electron/trials/reports/report-intake.ts';
import { createPreparation } from '../../../../electron/trials/attempts/prepare.ts';
import { createAttemptTokens } from '../../../../electron/trials/attempts/tokens.ts';
import { createTrialChanges, type ChangeTrials } from '../../../../electron/trials/life/change-trials.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';
import { createFakeMachine, fakeArgv, type FakeMachine, type FakeStep } from '../../../fakes/runtime.ts';

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
let dir: string;
let store: Store;
let machine: FakeMachine;
let engines: Engine[];
/** What the launches said to those that hold up others. */
let held: string[];
/** What the screen is told of each. */
const shown = new Map<number, string | null>();

interface Engine {
  readonly runner: AttemptRunner;
  readonly changeTrials: ChangeTrials;
  readonly errors: string[];
  start(...ids: readonly number[]): void;
}

/** A new engine on the same store and machine. */
function engine(wrap: (runtime: TrialRuntime) => TrialRuntime = (runtime) => runtime): Engine {
  const trialsDir = path.join(dir, 'trials');
  const errors: string[] = [];
  const report = (text: string): void => void errors.push(text);
  const changes = createTrialChanges(store, report);
  const kinds: readonly RuntimeKind[] = ['process', 'docker'];
  const runtimes = new Map(kinds.map((kind) => [kind, wrap(machine.runtime(kind))]));
  const tokens = createAttemptTokens();
  const reports = createReportIntake({
    store,
    trialsDir,
    nowMs: () => clock.nowMs(),
    onMetrics: () => undefined,
    onProgress: () => undefined,
    onCheckpoint: () => {},
    log: { error: report },
  });
  const runner = createAttemptRunner({
    store,
    changeTrials: changes.changeTrials,
    clock,
    trialsDir,
    runtimes,
    preparation: createPreparation({
      store,
      trialsDir,
      engineId: 'e',
      helperDir: '/helper',
      secrets: { seal: (text) => text, open: (text) => text },
      user: { uid: 1, gid: 1 },
      runtimes,
      apiUrl: async () => null,
      bootId: null,
      materialize: async () => undefined,
      setParameters: async () => ({}),
      tokens,
    }),
    log: { info: () => undefined, error: report },
    onActivity: (trialId, text) => shown.set(trialId, text),
    images: { forget: ({ image }) => held.push(`no ${String(image)}`) },
    launchHolds: { failed: (_, { message }) => held.push(message), succeeded: () => held.push('started') },
    reports,
    onLogComplete: () => undefined,
  });
  changes.performWith((effects) => {
    runner.perform(effects);
  });
  const made: Engine = {
    runner,
    errors,
    changeTrials: changes.changeTrials,
    start: (...ids) => {
      const output = { start: ids.map((id) => ({ id, slots: [] })), preempt: [], waiting: [], shares: [] };
      carryOutPlan({ changeTrials: changes.changeTrials, engineId: 'e', tokens }, output);
    },
  };
  engines.push(made);
  return made;
}

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-runner-'));
  store = openStore(path.join(dir, 'switchyard.db'), { nowMs: () => Date.now() });
  ensureWorkstationPool(store, 8);
  machine = createFakeMachine({ clock });
  [engines, held] = [[], []];
  shown.clear();
});
afterEach(async () => {
  for (const { runner } of engines) await runner.close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(steps: readonly FakeStep[] | null, wanted: Partial<WantedRuntime> = {}): number {
  return store.transact('add', (tx) => {
    const experimentId = insertExperiment(tx.db, {
      name: 'e',
      config: {} as never,
      sealedEnv: null,
      sourceDir: null,
      snapshot: null,
      createdAtMs: 0,
      idempotencyKey: null,
    });
    const { spec } = makeTrialRow();
    const argv = fakeArgv({ steps: steps ?? [] });
    return insertTrial(tx.db, makeTrialRow({ experimentId, spec: { ...spec, ...wanted, argv } }));
  });
}
const row = (id: number): TrialRow => getTrialRow(store.db, id) as TrialRow;
const reached = (id: number, state: TrialRow['state']): Promise<void> =>
  vi.waitFor(() => {
    expect(row(id).state).toBe(state);
  });
const stop = ({ changeTrials }: Engine, id: number, type: 'pause' | 'cancel'): void => {
  changeTrials(type, ({ fire }) => {
    fire(row(id), { type });
  });
};

it('nothing runs before its intent is on the disk, and nothing goes before its end is', async () => {
  const waiting: (() => void)[] = [];
  const durable = vi.spyOn(store, 'durable').mockImplementation(() => new Promise((resolve) => waiting.push(resolve)));
  const calls: string[] = [];
  const one = engine((runtime) => ({
    ...runtime,
    launch: (...args) => {
      calls.push('launch');
      return runtime.launch(...args);
    },
    remove: (handle) => {
      calls.push('remove');
      return runtime.remove(handle);
    },
  }));
  const id = add([{ do: 'exit', code: 0 }]);
  one.start(id);
  await vi.waitFor(() => {
    expect(existsSync(path.join(dir, 'trials', String(id), 'work'))).toBe(true);
  });
  expect(calls).toEqual([]);
  waiting.shift()?.();
  await reached(id, 'done');
  expect(calls).toEqual(['launch']);
  waiting.shift()?.();
  await vi.waitFor(() => {
    expect(calls).toEqual(['launch', 'remove']);
  });
  durable.mockRestore();
});

describe('a start', () => {
  it('runs to its end, which is saved before the runtime forgets it', async () => {
    const { start, runner, errors } = engine();
    const id = add([
      { do: 'print', text: 'hello\n' },
      { do: 'exit', code: 0 },
    ]);
    start(id);
    await reached(id, 'done');
    expect(row(id).outcome).toMatchObject({ kind: 'completed', exitCode: 0 });
    expect(getAttempt(store.db, id, 1)).toMatchObject({ exitCode: 0, key: `switchyard-e-t${id}-a1` });
    expect(readFileSync(path.join(dir, 'trials', String(id), 'attempts/1/log'), 'utf8')).toBe('hello\n');
    expect(runner.attempts()).toEqual([]);
    expect(held).toEqual(['started']);
    await vi.waitFor(() => {
      expect(machine.attempts()).toEqual([]);
    });
    expect(errors).toEqual([]);
  });

  it('records which runtime was chosen for it: of the pool, the image and what was asked for', async () => {
    const { start } = engine();
    const ids = [add(null), add(null, { image: 'python:3' }), add(null, { image: 'python:3', runtime: 'process' })];
    start(...ids);
    for (const id of ids) await reached(id, 'running');
    expect(ids.map((id) => getAttempt(store.db, id, 1)?.runtime)).toEqual(['process', 'docker', 'process']);
  });

  it('is launched once, however often it is asked for', async () => {
    let launches = 0;
    const { start, runner } = engine((runtime) => ({
      ...runtime,
      launch: (...given) => {
        launches++;
        return runtime.launch(...given);
      },
    }));
    const id = add(null);
    start(id);
    runner.perform([{ trialId: id, attempt: 1, effect: 'launch' }]);
    await reached(id, 'running');
    runner.perform([{ trialId: id, attempt: 1, effect: 'launch' }]);
    await Promise.resolve();
    expect(launches).toBe(1);
  });

  it('that fails is told, and the trial goes on as the state machine says', async () => {
    const { start, runner } = engine();
    machine.failLaunches(new LaunchError('image_missing', 'There is no such image.', 'Build it.'));
    const id = add(null);
    start(id);
    await reached(id, 'done');
    expect(row(id).outcome).toMatchObject({ kind: 'failed', code: 'image_missing', remedy: 'Build it.' });
    expect(held).toEqual(['There is no such image.']);
    expect(runner.attempts()).toEqual([]);
  });

  it('that finds its image gone is queued again, and the image is looked for anew', async () => {
    const { start } = engine();
    machine.failLaunches(new LaunchError('image_gone', 'It was removed.', null, true));
    const id = add(null);
    start(id);
    await reached(id, 'queued');
    expect(held).toEqual(['It was removed.', 'no null']);
  });

  it('can be canceled before it comes to the program', async () => {
    const made = engine();
    machine.holdLaunches();
    const id = add(null);
    made.start(id);
    await reached(id, 'starting');
    stop(made, id, 'cancel');
    await reached(id, 'done');
    expect(row(id).outcome?.kind).toBe('canceled');
    expect(machine.attempts()).toEqual([]);
    expect(made.errors).toEqual([]);
  });
});

describe('what others do to it', () => {
  it('is shown: frozen by somebody else, and not where our own wish is at work', async () => {
    const heard: ((attemptId: string) => void)[] = [];
    let isFrozen: boolean | null = true;
    let ours = Promise.resolve();
    const { start, changeTrials } = engine((runtime) => ({
      ...runtime,
      onFreeze: (listener) => {
        heard.push(listener);
        return () => undefined;
      },
      isFrozen: () => Promise.resolve(isFrozen),
      freeze: () => ours,
      unfreeze: () => ours,
    }));
    const id = add(null);
    start(id);
    await reached(id, 'running');
    const notice = async (): Promise<boolean> => {
      for (const listener of heard) listener(`switchyard-e-t${id}-a1`);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      return row(id).frozen;
    };
    const wish = (type: 'freeze' | 'unfreeze'): void => {
      changeTrials(type, ({ fire }) => fire(row(id), { type }));
    };
    expect(await notice()).toBe(true);
    isFrozen = null;
    expect(await notice()).toBe(true);
    isFrozen = false;
    expect(await notice()).toBe(false);
    const { promise, resolve } = Promise.withResolvers<void>();
    ours = promise;
    wish('freeze');
    // It is not frozen yet: that is no word of somebody else's.
    expect(await notice()).toBe(true);
    resolve();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    expect(await notice()).toBe(false);
  });

  it('a runtime that does not answer puts what runs on it out of sight, until it does', async () => {
    const { start, runner } = engine();
    const id = add(null);
    start(id);
    await reached(id, 'running');
    runner.runtimeChanged('docker', 'it was stopped');
    expect(shown.get(id)).toBeNull();
    runner.runtimeChanged('process', 'it was stopped');
    expect(shown.get(id)).toBe('out of sight: it was stopped');
    runner.runtimeChanged('process', null);
    expect(shown.get(id)).toBeNull();
  });
});

describe('the next engine', () => {
  it('knows when an attempt began that was launched but not noted, also where it has ended', async () => {
    const before = engine();
    const id = add([{ do: 'exit', code: 3 }]);
    before.start(id);
    // It closes before what the runtime answered is noted.
    await before.runner.close();
    await vi.waitFor(() => {
      expect(machine.attempt(`switchyard-e-t${id}-a1`)?.exit).toBeTruthy();
    });
    const { runner } = engine();
    await runner.recover();
    await reached(id, 'done');
    const attempt = getAttempt(store.db, id, 1);
    expect(attempt?.startedAtMs).toBe(attempt?.createdAtMs);
    expect(row(id).startedAtMs).toBe(attempt?.createdAtMs);
  });

  it('says of what it cannot ask that it is out of sight', async () => {
    const before = engine();
    const id = add(null);
    before.start(id);
    await reached(id, 'running');
    await before.runner.close();
    const { runner } = engine((runtime) => ({ ...runtime, recover: () => Promise.reject(new Error('no answer')) }));
    await runner.recover();
    expect(shown.get(id)).toBe('out of sight: no answer');
  });

  it('takes up what runs, and waits for its end', async () => {
    const before = engine();
    const id = add(null);
    before.start(id);
    await reached(id, 'running');
    await before.runner.close();
    const { runner } = engine();
    await runner.recover();
    expect(runner.attempts()).toHaveLength(1);
    machine.exit(`switchyard-e-t${id}-a1`, { exitCode: 3 });
    await reached(id, 'done');
    expect(row(id).outcome).toMatchObject({ kind: 'failed', exitCode: 3 });
  });

  it('collects what ended meanwhile, and puts back in the line what never began', async () => {
    const before = engine();
    const [ended, lost] = [add(null), add(null)] as const;
    before.start(ended);
    await reached(ended, 'running');
    await before.runner.close();
    before.start(lost);
    machine.exit(`switchyard-e-t${ended}-a1`, { exitCode: 0 });
    const { runner } = engine();
    await runner.recover();
    await reached(ended, 'done');
    await reached(lost, 'queued');
    expect(runner.attempts()).toEqual([]);
  });

  it('carries out a wish to stop that was saved but not told any more', async () => {
    const before = engine();
    const id = add(null);
    before.start(id);
    await reached(id, 'running');
    await before.runner.close();
    stop(before, id, 'pause');
    await engine().runner.recover();
    await reached(id, 'paused');
  });

  it('asks a runtime that does not answer again, and only once at a time', async () => {
    const before = engine();
    const id = add(null);
    before.start(id);
    await reached(id, 'running');
    await before.runner.close();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    let asked = 0;
    const { runner, errors } = engine((runtime) => ({
      ...runtime,
      recover: (handle) => (++asked < 3 ? Promise.reject(new Error('down')) : runtime.recover(handle)),
    }));
    await runner.recover();
    await vi.advanceTimersByTimeAsync(9_000);
    vi.useRealTimers();
    expect(asked).toBe(3);
    expect(errors).toHaveLength(2);
    expect([...(await runner.ownPids()).values()]).toEqual([id]);
  });
});
