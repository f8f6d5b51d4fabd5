import { beforeEach, expect, test } from 'vitest';
import type { Commit } from '../../../../electron/store/database.ts';
import type { TrialRow } from '../../../../electron/store/trials.ts';
import { createCommitFollower, type CommitFollower } from '../../../../electron/trials/life/follow-commits.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

let rows: Map<number, TrialRow>;
let calls: string[];
let dependents: Map<number, number[]>;
let feedFails: boolean;
let follower: CommitFollower;

beforeEach(() => {
  rows = new Map();
  calls = [];
  dependents = new Map();
  feedFails = false;
  const said = (what: string) => (): void => {
    calls.push(what);
  };
  follower = createCommitFollower({
    readTrial: (id) => rows.get(id) ?? null,
    dependentsOf: (id) => dependents.get(id) ?? [],
    index: { update: (id, row) => calls.push(`index ${id} ${row?.state ?? 'gone'}`) },
    likeRuns: { forget: said('forget estimates'), forgetAll: said('forget all estimates') },
    reestimation: { soon: said('reestimate') },
    waker: { watch: (id, row) => row?.notBeforeMs != null && calls.push(`wake ${id}`) },
    monitor: { nudge: said('read GPUs') },
    loop: { nudge: (urgent = false) => calls.push(urgent ? 'plan at once' : 'plan') },
    feed: {
      committed: () => {
        if (feedFails) throw new Error('the feed is broken');
        calls.push('feed');
      },
      publish: (frame) => calls.push(`publish ${frame.event}`),
    },
    endedSignals: { check: (id) => calls.push(`ended? ${id}`) },
    setPace: said('pace'),
  });
});

function put(id: number, over: Partial<TrialRow>): number {
  rows.set(id, { ...makeTrialRow({}), id, ...over });
  return id;
}
function commit(over: { trials?: number[]; removed?: number[]; pools?: string[] }): string[] {
  calls.length = 0;
  const changed: Commit = {
    seq: 1,
    trialIds: new Set(over.trials),
    removedTrialIds: new Set(over.removed),
    poolIds: new Set(over.pools),
  };
  follower.follow(changed);
  return [...calls];
}
const OUTCOME = { kind: 'completed', exitCode: 0, code: 'exit', message: '', remedy: null } as const;
const gpus = (slots: number): Pick<TrialRow, 'spec'> => {
  const { spec } = makeTrialRow();
  return { spec: { ...spec, ask: { ...spec.ask, slots } } };
};

test('a submit is planned soon and reaches queue, screen and readings', () => {
  const heard = commit({ trials: [put(1, { state: 'queued' })] });
  expect(heard).toContain('index 1 queued');
  expect(heard).toContain('plan');
  expect(heard).toContain('pace');
  expect(heard).toContain('feed');
});

test('a trial that goes on running changes no plan; any other change beside it does', () => {
  commit({ trials: [put(1, { state: 'starting', ...gpus(1) })] });
  put(1, { state: 'running', ...gpus(1) });
  expect(commit({ trials: [1] }).filter((call) => call.startsWith('plan'))).toEqual([]);
  expect(commit({ trials: [1], pools: ['workstation'] })).toContain('plan');
  expect(commit({ trials: [1], removed: [7] })).toContain('plan');
  expect(commit({ trials: [1, put(2, { state: 'queued' })] })).toContain('plan');
  expect(commit({})).toContain('plan');
});

test('a trial that ends frees its GPUs: they are read, the plan comes at once, the end is news exactly once', () => {
  commit({ trials: [put(1, { state: 'running', ...gpus(1) })] });
  put(1, { state: 'done', outcome: OUTCOME, ...gpus(1) });
  const heard = commit({ trials: [1] });
  expect(heard).toContain('read GPUs');
  expect(heard).toContain('plan at once');
  expect(heard).toContain('reestimate');
  expect(heard.filter((call) => call === 'publish finished')).toHaveLength(1);
  expect(heard.filter((call) => call === 'ended? 1')).toHaveLength(1);
  expect(commit({ trials: [1] })).not.toContain('publish finished');
});

test('a trial without GPUs frees none: nothing is read for it', () => {
  commit({ trials: [put(1, { state: 'running', ...gpus(0) })] });
  put(1, { state: 'done', outcome: OUTCOME, ...gpus(0) });
  const heard = commit({ trials: [1] });
  expect(heard).not.toContain('read GPUs');
  expect(heard).toContain('plan at once');
});

test('what was taken up at the start is known: its end is news, and nothing is planned before', () => {
  put(1, { state: 'running', ...gpus(1) });
  put(2, { state: 'queued', notBeforeMs: 5_000 });
  follower.takeUp([...rows.values()]);
  expect(calls).toEqual(['index 1 running', 'index 2 queued', 'wake 2']);
  put(1, { state: 'done', outcome: OUTCOME, ...gpus(1) });
  expect(commit({ trials: [1] })).toContain('publish finished');
});

test('deleted trials leave the queue and what was remembered of like runs', () => {
  const heard = commit({ removed: [1] });
  expect(heard).toContain('index 1 gone');
  expect(heard).toContain('forget all estimates');
});

test('one that comes back from the dead by an undo is as new: what ended is not kept', () => {
  commit({ trials: [put(1, { state: 'queued', attempt: 1 })] });
  put(1, { state: 'done', outcome: { ...OUTCOME, kind: 'canceled' } });
  commit({ trials: [1] });
  put(1, { state: 'queued', attempt: 1 });
  expect(commit({ trials: [1] })).toContain('forget estimates');
});

test('the end of a run does not have all runs like it read again at once: ends are gathered', () => {
  commit({ trials: [put(1, { state: 'running' })] });
  put(1, { state: 'done', outcome: OUTCOME });
  const heard = commit({ trials: [1] });
  expect(heard).toContain('reestimate');
  expect(heard).not.toContain('forget estimates');
});

test('a held trial is watched until its time comes', () => {
  expect(commit({ trials: [put(1, { state: 'queued', notBeforeMs: 5_000 })] })).toContain('wake 1');
});

test('queue and plan come before the screen: a screen that fails holds up no trial', () => {
  feedFails = true;
  put(1, { state: 'queued' });
  expect(() => commit({ trials: [1] })).toThrow('the feed is broken');
  expect(calls).toContain('index 1 queued');
  expect(calls).toContain('plan');
});

test('who waits for a trial hears what becomes of it, before the next plan', () => {
  commit({ trials: [put(1, { state: 'running' }), put(2, { state: 'queued' })] });
  dependents.set(1, [2]);
  put(1, { state: 'done', outcome: OUTCOME });
  const heard = commit({ trials: [1] });
  expect(heard).toContain('index 2 queued');
  expect(heard.indexOf('index 2 queued')).toBeLessThan(heard.indexOf('plan at once'));
  rows.delete(1);
  expect(commit({ removed: [1] })).toContain('index 2 queued');
  rows.delete(2);
  expect(commit({ removed: [1, 2] })).not.toContain('index 2 queued');
});
