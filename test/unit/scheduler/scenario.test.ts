import { describe, expect, it } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { planScenario } from '../../../electron/scheduler/scenario.ts';

function errorOf(scenario: unknown): SwitchyardError {
  try {
    planScenario(scenario);
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const two = {
  slots: 2,
  trials: [
    { id: 'a', slots: 1, running: true },
    { id: 'big', slots: 2, submitOrder: 1 },
    { id: 'c', slots: 1, submitOrder: 2 },
  ],
};

describe('a scenario', () => {
  it('is planned with reserve backfill unless it says greedy', () => {
    expect(planScenario(two)).toEqual({
      start: [],
      preempt: [],
      waiting: [
        { id: 'big', reason: 'slots_busy', text: 'needs 2 GPUs; GPU 0 runs #a' },
        { id: 'c', reason: 'reserved', text: 'GPU 1 is reserved for #big' },
      ],
    });
    expect(planScenario({ ...two, backfill: 'greedy' }).start).toEqual(['c']);
  });

  it('knows cards, memory, shares, time left and releases', () => {
    const output = planScenario({
      name: 'cards',
      preemption: true,
      slots: [
        { name: 'RTX 4090', totalMiB: 24_564, foreignMiB: 300 },
        { name: 'RTX 3060', totalMiB: 12_288, blocked: '5 GiB used by blender (pid 9)' },
      ],
      trials: [
        { id: 1, slots: 1, running: true, shareMiB: 16_000, remainingMinutes: 5 },
        { id: 2, slots: 1, shareMiB: 8000 },
        { id: 3, slots: 1, shareMiB: 8500 },
        { id: 4, slots: 1, gpuName: '3060' },
        { id: 5, slots: 0, releasing: true },
      ],
    });
    expect(output.start).toEqual(['2']);
    expect(output.waiting.map(({ id, reason }) => [id, reason])).toEqual([
      ['3', 'next'],
      ['4', 'foreign'],
    ]);
  });

  it.each([
    [{ ...two, preemtion: true }, 'unknown_key', 'preemtion', 'Did you mean “preemption”?'],
    [
      { ...two, trials: [{ id: 'a', slots: 1, submitorder: 2 }] },
      'unknown_key',
      'trials.0.submitorder',
      'Did you mean “submitOrder”?',
    ],
    [{ ...two, slots: [{ totalMib: 3 }] }, 'unknown_key', 'slots.0.totalMib', 'Did you mean “totalMiB”?'],
    [{ ...two, slots: -1 }, 'invalid_request', 'slots', undefined],
    [{ ...two, trials: [{ id: 'a', priority: 0 }] }, 'invalid_request', 'trials.0.priority', undefined],
    [{ ...two, trials: [{ id: 'a' }, { id: 'a' }] }, 'invalid_request', 'trials.1.id', 'Give every trial its own id.'],
    [{ slots: 2 }, 'invalid_request', 'trials', undefined],
    [{ cases: [two] }, 'invalid_request', 'cases', undefined],
    [null, 'invalid_request', '', undefined],
    ['text', 'invalid_request', '', undefined],
  ] as const)('refuses %j', (scenario, code, path, remedy) => {
    const error = errorOf(scenario);
    expect([error.code, error.path]).toEqual([code, path]);
    if (remedy !== undefined) expect(error.remedy).toBe(remedy);
    expect(error.message.length).toBeGreaterThan(10);
  });
});
