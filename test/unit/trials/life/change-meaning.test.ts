import { expect, test } from 'vitest';
import type { TrialRow } from '../../../../electron/store/trials.ts';
import { meaningOfChange, replanAfter } from '../../../../electron/trials/life/change-meaning.ts';
import { makeTrialRow } from '../../../fakes/rows.ts';

const OUTCOME = { kind: 'completed', exitCode: 0, code: 'exit', message: 'well', remedy: null } as const;
const row = (state: TrialRow['state'], slots = 1): TrialRow => ({
  ...makeTrialRow({}),
  id: 1,
  state,
  spec: { ...makeTrialRow().spec, ask: { ...makeTrialRow().spec.ask, slots } },
  outcome: state === 'done' ? OUTCOME : null,
});
const ACTIVE = ['starting', 'running', 'stopping'] as const;
const IDLE = ['queued', 'paused', 'done'] as const;

test('a lease is given up on the way from an active state to one that is not, and when an active trial is gone', () => {
  for (const before of ACTIVE) {
    for (const after of IDLE) expect(meaningOfChange(1, before, row(after)).gaveUpLease).toBe(true);
    for (const after of ACTIVE) expect(meaningOfChange(1, before, row(after)).gaveUpLease).toBe(false);
    expect(meaningOfChange(1, before, null)).toMatchObject({ gaveUpLease: true, freedGpus: false, finished: null });
  }
  for (const before of [...IDLE, undefined])
    for (const after of IDLE) expect(meaningOfChange(1, before, row(after)).gaveUpLease).toBe(false);
  expect(meaningOfChange(1, 'running', row('done', 0)).freedGpus).toBe(false);
  expect(meaningOfChange(1, 'running', row('done', 1)).freedGpus).toBe(true);
});

test('an end is news when the trial was seen alive, and only then', () => {
  expect(meaningOfChange(1, 'running', row('done')).finished).toMatchObject({ trialId: 1, outcome: 'completed' });
  expect(meaningOfChange(1, 'queued', row('done')).finished).not.toBeNull();
  expect(meaningOfChange(1, 'done', row('done')).finished).toBeNull();
  expect(meaningOfChange(1, undefined, row('done')).finished).toBeNull();
});

test('only a completed run changes what others are expected to take, and one that is taken back', () => {
  const changes = (before: TrialRow['state'] | undefined, after: TrialRow): boolean =>
    meaningOfChange(1, before, after).changesEstimates;
  const ended = (kind: 'completed' | 'failed' | 'canceled'): TrialRow => ({
    ...row('done'),
    outcome: { ...OUTCOME, kind },
  });
  expect(changes('running', ended('completed'))).toBe(true);
  for (const kind of ['failed', 'canceled'] as const) expect(changes('running', ended(kind))).toBe(false);
  // Archived, renamed: it ended long ago.
  expect(changes(undefined, ended('completed'))).toBe(false);
  expect(changes(undefined, { ...row('queued'), attempt: 1 })).toBe(true);
  expect(changes(undefined, { ...row('queued'), attempt: 0 })).toBe(false);
});

test('one that frees its slots makes the plan urgent, whatever else changed', () => {
  const runsOn = meaningOfChange(1, 'starting', row('running'));
  const ended = meaningOfChange(1, 'running', row('done'));
  expect(replanAfter([runsOn], false)).toBe('not');
  expect(replanAfter([runsOn], true)).toBe('soon');
  expect(replanAfter([], false)).toBe('soon');
  expect(replanAfter([runsOn, ended], false)).toBe('at once');
  expect(replanAfter([ended], true)).toBe('at once');
});
