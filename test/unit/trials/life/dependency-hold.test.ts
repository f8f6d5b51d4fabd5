import { describe, expect, it } from 'vitest';
import type { Awaited } from '../../../../electron/store/dependencies.ts';
import { dependencyHold } from '../../../../electron/trials/life/dependency-hold.ts';

type State = NonNullable<Awaited['trial']>;
const on = (
  trialId: number,
  state: State['state'],
  outcome: State['outcome'] = null,
  wants: Awaited['wants'] = 'completed',
): Awaited => ({ trialId, wants, trial: { name: 'resnet', state, outcome } });

describe('a trial that starts after others', () => {
  it('is free when all of them ended as it wants', () => {
    expect(dependencyHold(15, [])).toBeNull();
    expect(dependencyHold(15, [on(3, 'done', 'completed'), on(4, 'done', 'failed', 'ended')])).toBeNull();
  });
  it('waits for those that have not ended, and says for whom', () => {
    expect(dependencyHold(15, [on(3, 'done', 'completed'), on(4, 'running')])).toEqual({
      code: 'after',
      text: 'waits for #4 resnet (running) to complete',
      awaits: [4],
    });
    expect(dependencyHold(15, [on(3, 'paused', null, 'ended'), on(4, 'queued'), on(5, 'queued')])).toMatchObject({
      text: 'waits for #3 resnet (paused) and 2 others to end',
      awaits: [3, 4, 5],
    });
  });
  it.each([
    ['failed', 'which failed'],
    ['canceled', 'which was canceled'],
  ] as const)('is held with the ways out when one %s, whoever else runs', (outcome, words) => {
    const hold = dependencyHold(15, [on(3, 'running'), on(4, 'done', outcome)]);
    expect(hold?.awaits).toEqual([]);
    expect(hold?.text).toContain(`#4 resnet to complete, ${words}`);
    expect(hold?.text).toContain('switchyard retry 4');
    expect(hold?.text).toContain('switchyard release 15');
  });
  it('says when one was deleted before its end was what it wants', () => {
    const hold = dependencyHold(15, [{ trialId: 4, wants: 'completed', trial: null }]);
    expect(hold?.text).toBe(
      'was to start after #4, which was deleted before that: start this one without it (switchyard release 15)',
    );
    expect(hold?.awaits).toEqual([]);
  });
});
