/** Faults of the place: one trial finds out, its like wait with the reason, and it is tried again by itself. */
import { describe, expect, test } from 'vitest';
import { LaunchError } from '../../../electron/ports/trial-runtime.ts';
import { createLaunchHolds, type LaunchHolds, type LaunchKind } from '../../../electron/scheduler/launch-holds.ts';
import { firstOf } from '../../../electron/scheduler/plan/lines.ts';
import type { PlanInput, PlanTrial } from '../../../electron/scheduler/plan/model.ts';
import { splitQueue } from '../../../electron/scheduler/plan/read-input.ts';

const queuedOf = (input: PlanInput): readonly PlanTrial[] =>
  [...splitQueue(input).values()].flatMap((line) => firstOf(line));

const launch = (more: Partial<LaunchKind> = {}): LaunchKind => ({ runtime: 'docker', slots: 0, image: 'a', ...more });
const fault = (holds: LaunchError['holds']): LaunchError =>
  new LaunchError('launch_failed', 'Broken.', 'Mend it.', true, holds);

function yard(): { holds: LaunchHolds; pass(ms: number): void; changes(): number } {
  let nowMs = 0;
  let changes = 0;
  const holds = createLaunchHolds({ monotonicMs: () => nowMs });
  holds.onChange(() => {
    changes++;
  });
  return { holds, pass: (ms) => void (nowMs += ms), changes: () => changes };
}

describe('launch holds', () => {
  test('whom a fault concerns', () => {
    const all = {
      plain: launch(),
      other: launch({ image: 'b' }),
      gpu: launch({ slots: 1 }),
      process: launch({ runtime: 'process', image: null }),
    };
    const heldBy = (holds: LaunchError['holds']): string[] => {
      const { holds: kept } = yard();
      kept.failed(launch({ slots: 1 }), fault(holds));
      const names = Object.entries(all).flatMap(([name, kind]) => (kept.leftMs(kind) > 0 ? [name] : []));
      kept.close();
      return names;
    };
    expect(heldBy('runtime')).toEqual(['plain', 'other', 'gpu']);
    expect(heldBy('gpus')).toEqual(['gpu']);
    expect(heldBy('image')).toEqual(['plain', 'gpu']);
    expect(heldBy(null)).toEqual([]);
  });

  test('pauses grow from 5 s to 5 min, a burst counts once, and a launch that works ends them', () => {
    const { holds, pass, changes } = yard();
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      for (let burst = 0; burst < 8; burst++) holds.failed(launch(), fault('runtime'));
      pauses.push(holds.leftMs(launch()) / 1000);
      pass(300_000);
      expect(holds.leftMs(launch())).toBe(0);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    expect(holds.places()).toEqual([{ text: 'Broken.', remedy: 'Mend it.' }]);
    const before = changes();
    holds.succeeded(launch({ image: 'b' }));
    expect(changes()).toBe(before + 1);
    expect(holds.places()).toEqual([]);
    holds.failed(launch(), fault('runtime'));
    expect(holds.leftMs(launch())).toBe(5000);
    holds.close();
  });

  test('a success of something else, another runtime or another image ends nothing', () => {
    const { holds } = yard();
    holds.failed(launch({ slots: 2 }), fault('gpus'));
    holds.failed(launch(), fault('image'));
    holds.succeeded(launch({ image: 'b' }));
    holds.lift('process');
    expect([holds.leftMs(launch()), holds.leftMs(launch({ slots: 1, image: 'b' }))]).toEqual([5000, 5000]);
    holds.succeeded(launch());
    expect(holds.leftMs(launch())).toBe(0);
    holds.lift('docker');
    expect(holds.leftMs(launch({ slots: 1 }))).toBe(0);
    holds.close();
  });

  test('an image that came ends the hold of that image, and no other', () => {
    const { holds } = yard();
    holds.failed(launch(), fault('image'));
    holds.failed(launch({ image: 'b' }), fault('image'));
    holds.failed(launch({ slots: 1 }), fault('gpus'));
    holds.fetched({ runtime: 'docker', image: 'a' });
    const left = [launch(), launch({ image: 'b' }), launch({ slots: 1 })].map((kind) => holds.leftMs(kind));
    expect(left).toEqual([0, 5000, 5000]);
    holds.close();
  });

  test('the plan sees them as reasons; a hold of the trial itself stays', () => {
    const { holds } = yard();
    const own = { code: 'held' as const, text: 'own' };
    const trials = [
      { id: 1, held: null },
      { id: 2, held: own },
      { id: 3, held: null },
    ] as unknown as PlanTrial[];
    const input = { queued: trials } as unknown as PlanInput;
    const kindOf = (id: PlanTrial['id']): LaunchKind => launch({ image: id === 3 ? 'b' : 'a' });
    expect(holds.apply(input, kindOf)).toBe(input);
    holds.failed(launch(), fault('image'));
    expect(queuedOf(holds.apply(input, kindOf)).map(({ held }) => held?.text ?? null)).toEqual([
      'tried again in 5 s: Broken.',
      'own',
      null,
    ]);
    holds.close();
  });
});
